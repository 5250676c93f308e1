//! The routes that the page needs beside those of tasks and batches.

use super::super::values::Takes::{
    ErrorCode, Flag, Id, Ids, Int, Object, OrderId, Queue, Station, Text,
};
use super::{AFTER, Route, TASK, route};

const STATION: &[(&str, &str)] = &[("station_id", r#""{station}""#)];
const DELIVERY: &[(&str, &str)] = &[("delivery_ids", "[1]"), ("station_id", r#""{station}""#)];
const RETRY: &[(&str, &str)] = &[("filter", r#"{"queue": "report"}"#)];

/// Every route of operators, and of what a page chooses from.
pub(super) static ROUTES: [Route; 10] = [
    route(
        "/async_task/overview",
        STATION,
        &[("station_id", Station), ("all_stations", Flag)],
    ),
    route(
        "/async_task/dead_letters",
        STATION,
        &[
            ("station_id", Station),
            ("all_stations", Flag),
            ("limit", Int(1, 100)),
            ("after_id", AFTER),
        ],
    ),
    route(
        "/async_task/retry",
        TASK,
        &[
            ("task_id", Id),
            ("user_task_id", Id),
            ("task_ids", Ids),
            ("user_task_ids", Ids),
            ("station_id", Station),
        ],
    ),
    route(
        "/async_task/retry",
        RETRY,
        &[("filter", Object), ("dry_run", Flag), ("after_id", AFTER)],
    ),
    route(
        "/async_task/queue/list",
        &[],
        &[("after", Queue), ("limit", Int(1, 50))],
    ),
    route(
        "/async_task/queue/pause",
        &[("queue", r#""report""#)],
        &[("queue", Queue), ("paused", Flag)],
    ),
    route(
        "/async_task/callback/list",
        STATION,
        &[
            ("task_id", Id),
            ("user_task_id", Id),
            ("station_id", Station),
            ("all_stations", Flag),
            ("name", Queue),
            ("state", ErrorCode),
            ("limit", Int(1, 100)),
            ("after_id", AFTER),
        ],
    ),
    route(
        "/async_task/callback/resend",
        DELIVERY,
        &[
            ("delivery_ids", Ids),
            ("name", Queue),
            ("state", ErrorCode),
            ("station_id", Station),
            ("all_stations", Flag),
        ],
    ),
    route(
        "/station/order/get",
        &[("order_id", r#""{order}""#)],
        &[
            ("order_id", OrderId),
            ("order_no", OrderId),
            ("out_order_no", Text(64)),
            ("station_id", Station),
        ],
    ),
    route(
        "/station/time_config/list",
        STATION,
        &[("station_id", Station)],
    ),
];
