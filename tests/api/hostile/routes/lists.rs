//! The lists of tasks with their filters.

use super::super::values::Takes::{ErrorCode, Flag, Id, Int, Queue, Station, Text, Time, Words};
use super::{AFTER, INT32, OFFSET, Route, route};

/// Both lists.
pub(super) static ROUTES: [Route; 2] = [
    route(
        "/task/list",
        &[("station_id", r#""{station}""#)],
        &[
            ("station_id", Station),
            ("status", Words),
            ("type_id", INT32),
            ("queue", Queue),
            ("tag", Text(32)),
            ("outcome", Words),
            ("name", Text(64)),
            ("user_task_id", Id),
            ("created_from", Time),
            ("created_to", Time),
            ("limit", Int(1, 100)),
            ("offset", OFFSET),
            ("page", OFFSET),
            ("after_id", AFTER),
            ("with", Words),
            ("count", ErrorCode),
        ],
    ),
    route(
        "/async_task/list",
        &[("station_id", r#""{station}""#)],
        &[
            ("station_id", Station),
            ("status", Words),
            ("type_id", INT32),
            ("queue", Queue),
            ("all_stations", Flag),
            ("tag", Text(32)),
            ("outcome", Words),
            ("name", Text(64)),
            ("user_task_id", Id),
            ("created_from", Time),
            ("created_to", Time),
            ("limit", Int(1, 100)),
            ("offset", OFFSET),
            ("page", OFFSET),
            ("after_id", AFTER),
            ("format", ErrorCode),
        ],
    ),
];
