//! What the rows say of each batch, added up by the server.

use std::collections::HashMap;

use sqlx::Row as _;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::load::Outcomes;

/// Tasks a statement adds up.
const PAGE: i64 = 250;

const TASKS: &str = "
    SELECT t.id AS task_id,
           CAST(t.user_task_id AS CHAR CHARACTER SET utf8mb4) AS name,
           CAST(t.status AS SIGNED) AS status,
           CAST(b.item_count AS SIGNED) AS items
      FROM tbl_async_task t
      JOIN tbl_batch b ON b.task_id = t.id
     WHERE t.id BETWEEN ? AND ?";

const CHUNKS: &str = "
    SELECT task_id,
           CAST(SUM(state <> 1) AS SIGNED) AS not_done,
           CAST(SUM(success_count) AS SIGNED) AS made,
           CAST(SUM(failed_count) AS SIGNED) AS failed
      FROM tbl_batch_chunk
     WHERE task_id BETWEEN ? AND ?
     GROUP BY task_id";

const ITEMS: &str = "
    SELECT task_id,
           CAST(SUM(status = 2) AS SIGNED) AS failed,
           CAST(SUM(status NOT IN (1, 2)) AS SIGNED) AS others,
           CAST(SUM(IF(status = 2, CRC32(CONCAT(item_index, ' ', code)), 0)) AS SIGNED) AS faults
      FROM tbl_batch_item
     WHERE task_id BETWEEN ? AND ?
     GROUP BY task_id";

const ORDERS: &str = "
    SELECT task_id,
           COUNT(*) AS made,
           CAST(SUM(CRC32(out_order_no)) AS SIGNED) AS numbers
      FROM tbl_order FORCE INDEX (once_per_task)
     WHERE task_id BETWEEN ? AND ?
     GROUP BY task_id";

const LINES: &str = "
    SELECT o.task_id AS task_id,
           COUNT(*) AS line_count,
           CAST(SUM(l.quantity * 100) AS SIGNED) AS quantity
      FROM tbl_order o FORCE INDEX (once_per_task)
      JOIN tbl_order_detail l ON l.order_id = o.id
     WHERE o.task_id BETWEEN ? AND ?
     GROUP BY o.task_id";

/// The rows of one batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rows {
    /// Of the task: 3 is finished.
    pub(super) status: i64,
    pub(super) items: i64,
    /// Chunks that are open or cancelled.
    pub(super) not_done: i64,
    /// What the chunks counted.
    pub(super) counted: (i64, i64),
    /// Items that are neither made nor failed.
    pub(super) others: i64,
    /// What the rows of orders, lines and failed items add up to.
    pub(super) found: Outcomes,
}

/// Reads the rows of all batches, by the name of the task.
pub(super) async fn read(connection: &mut MySqlConnection) -> HashMap<String, Rows> {
    let last = sum(
        connection,
        "SELECT COALESCE(MAX(id), 0) FROM tbl_async_task",
    )
    .await;
    let mut all = HashMap::new();
    let mut first = 1;
    while first <= last {
        all.extend(page(connection, first, first + PAGE - 1).await);
        first += PAGE;
    }
    all
}

/// Reads one number.
pub(super) async fn sum(connection: &mut MySqlConnection, sql: &str) -> i64 {
    let number = sqlx::query_scalar(sql).fetch_one(connection).await;
    number.expect("the database answers")
}

async fn page(connection: &mut MySqlConnection, first: i64, last: i64) -> Vec<(String, Rows)> {
    let mut names = Vec::new();
    let mut rows: HashMap<i64, Rows> = HashMap::new();
    let range = (first, last);
    for row in all(connection, TASKS, range).await {
        let of = rows.entry(row.get("task_id")).or_default();
        (of.status, of.items) = (row.get("status"), row.get("items"));
        names.push((row.get("task_id"), text(&row, "name")));
    }
    for row in all(connection, CHUNKS, range).await {
        let of = rows.entry(row.get("task_id")).or_default();
        of.not_done = row.get("not_done");
        let count = |name| row.get::<Option<i64>, _>(name).unwrap_or_default();
        of.counted = (count("made"), count("failed"));
    }
    for row in all(connection, ITEMS, range).await {
        let of = rows.entry(row.get("task_id")).or_default();
        of.others = row.get("others");
        (of.found.failed, of.found.faults) = (row.get("failed"), row.get("faults"));
    }
    for row in all(connection, ORDERS, range).await {
        let of = rows.entry(row.get("task_id")).or_default();
        (of.found.made, of.found.numbers) = (row.get("made"), row.get("numbers"));
    }
    for row in all(connection, LINES, range).await {
        let of = rows.entry(row.get("task_id")).or_default();
        (of.found.lines, of.found.quantity) = (row.get("line_count"), row.get("quantity"));
    }
    let of_tasks = names
        .into_iter()
        .filter_map(|(id, name)| Some((name, rows.remove(&id)?)));
    of_tasks.collect()
}

async fn all(
    connection: &mut MySqlConnection,
    sql: &str,
    (first, last): (i64, i64),
) -> Vec<MySqlRow> {
    let rows = sqlx::query(sql)
        .bind(first)
        .bind(last)
        .fetch_all(connection);
    rows.await.expect("the database answers")
}

/// Reads text, whichever type the server calls it.
fn text(row: &MySqlRow, name: &str) -> String {
    let bytes: Vec<u8> = row.try_get_unchecked(name).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
