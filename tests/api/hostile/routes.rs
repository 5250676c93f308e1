//! The parameters of every route: the least a call needs, and every parameter it reads.

mod console;
mod dispatch;
mod lists;

use super::values::Takes::{
    self, Amount, AnyText, Document, ErrorCode, Field, Flag, Id, Ids, Int, Key, List, Object,
    OrderId, Path, Queue, Station, Tags, Text,
};

/// A route, called in one way.
pub(super) struct Route {
    pub(super) path: &'static str,
    /// The least that is needed, as JSON; `{station}`, `{cycle}`, `{task}` and `{batch}` stand for ids.
    pub(super) base: &'static [(&'static str, &'static str)],
    /// Further parameters, sent as they are.
    pub(super) more: &'static [(&'static str, &'static str)],
    /// The parameters that are attacked, and the kinds of their values.
    pub(super) takes: &'static [(&'static str, Takes)],
}

const INT32: Takes = Int(i32::MIN as i64, i32::MAX as i64);
const OFFSET: Takes = Int(0, 100_000);
const AFTER: Takes = Int(1, i64::MAX);
const RUN: Takes = Int(0, i32::MAX as i64);
const TASK: &[(&str, &str)] = &[("user_task_id", r#""{task}""#)];
const BATCH: &[(&str, &str)] = &[("task_id", r#""{batch}""#)];
const UPDATE: &[(&str, &str)] = &[("user_task_id", r#""{task}""#), ("value", "1")];
const AMEND: &[(&str, &str)] = &[("task_id", r#""{batch}""#), ("index", "0")];

const fn route(
    path: &'static str,
    base: &'static [(&'static str, &'static str)],
    takes: &'static [(&'static str, Takes)],
) -> Route {
    Route {
        path,
        base,
        more: &[],
        takes,
    }
}

/// An update of another field, or by another operation.
const fn update(
    more: &'static [(&'static str, &'static str)],
    value: &'static [(&'static str, Takes)],
) -> Route {
    Route {
        path: "/task/update",
        base: UPDATE,
        more,
        takes: value,
    }
}

/// Every route.
pub(super) fn routes() -> impl Iterator<Item = &'static Route> {
    let others = dispatch::ROUTES
        .iter()
        .chain(&console::ROUTES)
        .chain(&lists::ROUTES);
    ROUTES.iter().chain(others)
}

/// Every route but those of queues, those whose parameters depend on each other several times.
static ROUTES: [Route; 21] = [
    route(
        "/task/add",
        &[
            ("station_id", r#""{station}""#),
            ("task_name", r#""n""#),
            ("input", r#""i""#),
        ],
        &[
            ("station_id", Station),
            ("task_name", Text(64)),
            ("input", AnyText),
            ("user_task_id", Id),
            ("type_id", INT32),
            ("repeat", Flag),
            ("message_show", Flag),
        ],
    ),
    route(
        "/task/start",
        TASK,
        &[
            ("task_id", Key),
            ("user_task_id", Id),
            ("station_id", Station),
            ("run_count", RUN),
        ],
    ),
    route(
        "/task/update",
        UPDATE,
        &[
            ("task_id", Key),
            ("user_task_id", Id),
            ("station_id", Station),
            ("run_count", RUN),
            ("op_id", Text(64)),
            ("field", Field),
            ("value", Document),
            ("postion", Path),
            ("position", Path),
            ("op", ErrorCode),
            ("value_type", ErrorCode),
        ],
    ),
    update(
        &[("op", r#""append""#), ("postion", r#""$.list""#)],
        &[("value", Document)],
    ),
    update(
        &[("op", r#""increment""#), ("postion", r#""$.n""#)],
        &[("value", Amount)],
    ),
    update(&[("field", r#""task_name""#)], &[("value", Text(64))]),
    update(&[("field", r#""input""#)], &[("value", AnyText)]),
    update(&[("field", r#""message_show""#)], &[("value", Flag)]),
    update(&[("field", r#""repeat""#)], &[("value", Flag)]),
    update(&[("field", r#""type_id""#)], &[("value", INT32)]),
    route(
        "/task/finish",
        TASK,
        &[
            ("task_id", Key),
            ("user_task_id", Id),
            ("station_id", Station),
            ("run_count", RUN),
            ("result", Document),
            ("task_name", Text(64)),
            ("message_show", Flag),
            ("repeat", Flag),
            ("type_id", INT32),
        ],
    ),
    Route {
        path: "/task/finish",
        base: TASK,
        more: &[("value", "1")],
        takes: &[
            ("field", Field),
            ("value", Document),
            ("value_type", ErrorCode),
            ("postion", Path),
            ("position", Path),
            ("op", ErrorCode),
        ],
    },
    route(
        "/task/get",
        TASK,
        &[
            ("task_id", Key),
            ("user_task_id", Id),
            ("station_id", Station),
        ],
    ),
    route(
        "/async_task/get",
        BATCH,
        &[
            ("task_id", Id),
            ("user_task_id", Id),
            ("station_id", Station),
        ],
    ),
    route(
        "/async_task/detail",
        BATCH,
        &[
            ("task_id", Id),
            ("user_task_id", Id),
            ("item_status", ErrorCode),
            ("item_code", ErrorCode),
            ("after_index", Int(0, u32::MAX as i64)),
            ("limit", Int(1, 1000)),
            ("offset", OFFSET),
            ("page", OFFSET),
            ("station_id", Station),
        ],
    ),
    route(
        "/async_task/close",
        BATCH,
        &[
            ("task_id", Id),
            ("user_task_id", Id),
            ("task_ids", Ids),
            ("user_task_ids", Ids),
            ("station_id", Station),
        ],
    ),
    route(
        "/station/order/batch/submit",
        &[
            ("task_id", r#""hostile""#),
            ("time_config_id", r#""{cycle}""#),
            ("order_data", "[{}]"),
        ],
        &[
            ("task_id", Id),
            ("time_config_id", Text(64)),
            ("file_name", Text(128)),
            ("rerun", Flag),
            ("callback", Queue),
            ("keep_days", Int(0, 36_500)),
            ("tags", Tags),
            ("order_data", List),
            ("station_id", Station),
        ],
    ),
    Route {
        path: "/station/order/batch/submit",
        base: &[
            ("task_id", r#""hostile""#),
            ("time_config_id", r#""{cycle}""#),
            ("data", "[{}]"),
        ],
        more: &[],
        takes: &[("data", List)],
    },
    route(
        "/station/order/batch/result",
        BATCH,
        &[
            ("task_id", Id),
            ("user_task_id", Id),
            ("status", ErrorCode),
            ("item_code", ErrorCode),
            ("after_index", Int(0, u32::MAX as i64)),
            ("limit", Int(1, 1000)),
            ("offset", OFFSET),
            ("page", OFFSET),
            ("format", ErrorCode),
            ("station_id", Station),
        ],
    ),
    route(
        "/station/order/batch/amend",
        AMEND,
        &[
            ("task_id", Id),
            ("user_task_id", Id),
            ("index", Int(0, u32::MAX as i64)),
            ("address_id", Text(64)),
            ("out_order_no", Text(64)),
            ("order_id", OrderId),
            ("order_data", Object),
            ("station_id", Station),
        ],
    ),
    route(
        "/station/sku/batch/price",
        &[
            ("task_id", r#""hostile""#),
            ("station_id", r#""{station}""#),
            ("items", "[{}]"),
        ],
        &[
            ("task_id", Id),
            ("items", List),
            ("rerun", Flag),
            ("callback", Queue),
            ("keep_days", Int(0, 36_500)),
            ("tags", Tags),
            ("station_id", Station),
        ],
    ),
];
