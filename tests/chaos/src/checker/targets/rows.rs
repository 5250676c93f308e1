//! The rows of tasks and of deliveries.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Result, Row as _};

use crate::checker::rows::text;

/// A task of a queue in mode `push`, with a callback, or of a schedule.
#[derive(Debug, Clone, Default)]
pub(in crate::checker) struct Row {
    pub(in crate::checker) id: i64,
    pub(in crate::checker) user_task_id: String,
    pub(in crate::checker) station: String,
    pub(in crate::checker) name: String,
    pub(in crate::checker) type_id: i64,
    pub(in crate::checker) status: i64,
    pub(in crate::checker) outcome: String,
    pub(in crate::checker) run_count: i64,
    pub(in crate::checker) queue: Option<String>,
    pub(in crate::checker) input: String,
    pub(in crate::checker) result: Value,
    pub(in crate::checker) callback: Option<String>,
    pub(in crate::checker) is_batch: bool,
    /// When its first run began that is still known, in milliseconds.
    pub(in crate::checker) started: Option<i64>,
    pub(in crate::checker) deliveries: Vec<Delivery>,
}

/// A delivery.
#[derive(Debug, Clone)]
pub(in crate::checker) struct Delivery {
    pub(in crate::checker) number: i64,
    pub(in crate::checker) callback: String,
    pub(in crate::checker) event: String,
    pub(in crate::checker) outcome: String,
    pub(in crate::checker) run_count: i64,
    pub(in crate::checker) counts: Value,
    pub(in crate::checker) state: i64,
    pub(in crate::checker) tries: i64,
}

pub(super) async fn read(connection: &mut MySqlConnection) -> Result<BTreeMap<i64, Row>> {
    const TASKS: &str = "SELECT t.id, t.user_task_id, t.station_id, t.name, CAST(t.type AS SIGNED), CAST(t.status AS SIGNED), \
          t.outcome, CAST(t.run_count AS SIGNED), t.queue, t.input, CAST(t.result AS CHAR), t.callback, b.task_id IS NOT NULL, \
          (SELECT CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', MIN(r.started_at)) DIV 1000 AS SIGNED) \
           FROM tbl_task_run r WHERE r.task_id = t.id) \
        FROM tbl_async_task t LEFT JOIN tbl_batch b ON b.task_id = t.id";
    const DELIVERIES: &str = "SELECT task_id, CAST(no AS SIGNED), callback, event, outcome, CAST(run_count AS SIGNED), counts, \
          CAST(state AS SIGNED), CAST(tries AS SIGNED) \
        FROM tbl_callback_delivery ORDER BY task_id, no";
    let mut rows = BTreeMap::new();
    for row in sqlx::query(TASKS).fetch_all(&mut *connection).await? {
        rows.insert(row.get(0), task(&row));
    }
    for row in sqlx::query(DELIVERIES).fetch_all(connection).await? {
        let task: &mut Row = rows.entry(row.get(0)).or_default();
        let of = |at| text(&row, at).unwrap_or_default();
        task.deliveries.push(Delivery {
            number: row.get(1),
            callback: of(2),
            event: of(3),
            outcome: of(4),
            run_count: row.get(5),
            counts: parsed(&row, 6),
            state: row.get(7),
            tries: row.get(8),
        });
    }
    Ok(rows)
}

fn task(row: &MySqlRow) -> Row {
    let of = |at| text(row, at).unwrap_or_default();
    Row {
        id: row.get(0),
        user_task_id: of(1),
        station: of(2),
        name: of(3),
        type_id: row.get(4),
        status: row.get(5),
        outcome: of(6),
        run_count: row.get(7),
        queue: text(row, 8),
        input: of(9),
        result: parsed(row, 10),
        callback: text(row, 11),
        is_batch: row.get(12),
        started: row.get(13),
        deliveries: Vec::new(),
    }
}

fn parsed(row: &MySqlRow, at: usize) -> Value {
    let text = text(row, at).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}
