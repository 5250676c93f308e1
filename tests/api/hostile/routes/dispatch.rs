//! The routes of queues and of their workers.

use super::super::values::Takes::{
    Backoff, Cron, ErrorCode, Flag, Id, Ids, Int, Key, List, Object, Queue, Schedule, Station,
    Tags, Text, Time, Token, Words, Zone,
};
use super::{AFTER, RUN, Route, TASK, route};

const YEAR: i64 = 31_622_400;
const QUEUE: &[(&str, &str)] = &[("queue", r#""report""#)];
const FAIL: &[(&str, &str)] = &[("user_task_id", r#""{task}""#), ("msg", r#""m""#)];
/// Its queue is not declared, so that nothing is stored though all else is right.
const SCHEDULE: &[(&str, &str)] = &[
    ("name", r#""hostile""#),
    ("cron", r#""0 3 * * *""#),
    (
        "task",
        r#"{"station_id": "{station}", "task_name": "n", "input": "i", "queue": "nowhere"}"#,
    ),
];
const RETRY: &[(&str, &str)] = &[("filter", r#"{"queue": "report"}"#)];

/// Every route of queues and workers, and what adding and finishing take for them.
pub(super) static ROUTES: [Route; 16] = [
    Route {
        path: "/task/add",
        base: &[
            ("station_id", r#""{station}""#),
            ("task_name", r#""n""#),
            ("input", r#""i""#),
        ],
        more: QUEUE,
        takes: &[
            ("queue", Queue),
            ("delay", Int(0, YEAR)),
            ("run_at", Time),
            ("timeout", Int(10, 43_200)),
            ("max_attempts", Int(1, 50)),
            ("expire_at", Time),
            ("tags", Tags),
            ("created_by", Text(64)),
            ("callback", Queue),
            ("keep_days", Int(0, 36_500)),
            ("tasks", List),
        ],
    },
    route("/task/finish", TASK, &[("tasks", List)]),
    route(
        "/task/claim",
        QUEUE,
        &[
            ("queue", Queue),
            ("limit", Int(1, 100)),
            ("wait", Int(0, 10)),
            ("claim_id", Token),
        ],
    ),
    route(
        "/task/heartbeat",
        TASK,
        &[
            ("task_id", Key),
            ("user_task_id", Id),
            ("station_id", Station),
            ("run_count", RUN),
        ],
    ),
    route(
        "/task/fail",
        FAIL,
        &[
            ("task_id", Key),
            ("user_task_id", Id),
            ("station_id", Station),
            ("run_count", RUN),
            ("msg", Text(1_000)),
            ("retry", Flag),
            ("retry_after", Int(0, YEAR)),
        ],
    ),
    route(
        "/task/retry",
        TASK,
        &[
            ("task_id", Key),
            ("user_task_id", Id),
            ("station_id", Station),
            ("task_ids", Ids),
        ],
    ),
    route(
        "/task/retry",
        RETRY,
        &[("filter", Object), ("dry_run", Flag), ("after_id", AFTER)],
    ),
    route(
        "/task/queue/set",
        QUEUE,
        &[
            ("queue", Queue),
            ("mode", ErrorCode),
            ("timeout", Int(10, 43_200)),
            ("max_attempts", Int(1, 50)),
            ("backoff", Backoff),
            ("concurrency", Int(0, 100_000)),
            ("station_concurrency", Int(0, 100_000)),
            ("paused", Flag),
            ("url", Text(1_000)),
            ("secret", Token),
        ],
    ),
    route(
        "/task/queue/list",
        &[],
        &[("after", Queue), ("limit", Int(1, 50))],
    ),
    route(
        "/task/callback/set",
        &[("name", r#""hostile""#)],
        &[
            ("name", Queue),
            ("url", Text(1_000)),
            ("secret", Token),
            ("events", Words),
            ("enabled", Flag),
        ],
    ),
    route(
        "/task/callback/list",
        &[],
        &[
            ("name", Queue),
            ("state", ErrorCode),
            ("task_id", Key),
            ("before", AFTER),
            ("limit", Int(1, 100)),
        ],
    ),
    route("/task/callback/resend", &[], &[("delivery_ids", Ids)]),
    route(
        "/task/callback/resend",
        &[("name", r#""hostile""#)],
        &[("name", Queue), ("state", ErrorCode)],
    ),
    route(
        "/task/schedule/set",
        SCHEDULE,
        &[
            ("name", Schedule),
            ("cron", Cron),
            ("time_zone", Zone),
            ("misfire", ErrorCode),
            ("enabled", Flag),
            ("task", Object),
        ],
    ),
    route(
        "/task/schedule/list",
        &[],
        &[
            ("station_id", Station),
            ("after", Schedule),
            ("limit", Int(1, 50)),
        ],
    ),
    route(
        "/task/schedule/delete",
        &[("name", r#""none""#)],
        &[("name", Schedule)],
    ),
];
