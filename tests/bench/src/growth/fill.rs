//! A table of tasks, and the keys of it that are asked for.
//!
//! The station that is asked, `B1`, has all of the first tasks and one in five of the others, so that a total is counted
//! to its cap among few tasks as among many. One task in twenty is open; one in a thousand is a running batch.

use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Executor as _};

use crate::functions::events::numbers;

/// Tasks of the small table.
pub(super) const FEW: u64 = 10_000;
/// The most tasks of one statement.
const STEP: u64 = 100_000;

/// How many tasks there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    rows: u64,
}

impl Table {
    /// Adds tasks with the keys after `from` until there are `to`.
    pub(super) async fn filled(url: &str, from: u64, to: u64) -> Self {
        let mut connection = MySqlConnection::connect(url).await.expect("a server");
        let mut first = from;
        while first < to {
            let last = (first + STEP).min(to);
            for sql in [
                tasks(first, last),
                batches(first, last),
                chunks(first, last),
                units(first, last),
            ] {
                connection
                    .execute(sql.as_str())
                    .await
                    .expect("rows are inserted");
            }
            first = last;
        }
        connection
            .execute("ANALYZE TABLE tbl_async_task")
            .await
            .expect("statistics are taken");
        Self { rows: to }
    }

    /// A URL with the keys of its `no`th question: `{hot}` is always the same, `{any}` any task, `{open}` an open one,
    /// `{batch}` a running batch, `{deep}` what ends page 99.
    pub(super) fn with_keys(self, url: &str, no: u64) -> String {
        let of_every = |step: u64| no * 7_919 % (self.rows / step) * step;
        let deep = if self.rows > FEW { 5_000 } else { 1_000 };
        [
            ("{hot}", self.rows / 2),
            ("{any}", 1 + of_every(1)),
            ("{open}", 1 + of_every(20)),
            ("{batch}", 11 + of_every(1_000)),
            ("{deep}", self.rows + 1 - deep),
        ]
        .iter()
        .fold(url.to_owned(), |url, (name, key)| {
            url.replace(name, &key.to_string())
        })
    }
}

fn tasks(first: u64, last: u64) -> String {
    // The callers' ids grow, too: an index in random order would be what is measured while the table is filled.
    format!(
        "INSERT INTO tbl_async_task (id, user_task_id, name, station_id, input, status, result) \
         SELECT id, CONCAT('bench-', LPAD(id, 9, '0')), '导出', \
           IF(id <= {FEW} OR id % 5 = 0, 'B1', CONCAT('B', id % 1000 + 2)), '{{}}', \
           CASE WHEN id % 1000 = 11 THEN 2 WHEN id % 20 = 1 THEN 1 ELSE 3 END, '{{\"msg\": \"好\"}}' \
         FROM (SELECT {first} + n AS id FROM {}) ids WHERE id <= {last}",
        numbers(5)
    )
}

fn batches(first: u64, last: u64) -> String {
    format!(
        "INSERT INTO tbl_batch (task_id, job, run, payload_hash, item_count, params, accepted_at) \
         SELECT id, 'order_import', 1, REPEAT('x', 32), 2000, '{{}}', NOW(3) FROM tbl_async_task \
         WHERE id > {first} AND id <= {last} AND id % 1000 = 11"
    )
}

/// The units of work of open chunks.
fn units(first: u64, last: u64) -> String {
    format!(
        "INSERT INTO tbl_work (kind, queue, station_id, task_id, run, part, state, due_at) \
         SELECT 1, 'order_import', t.station_id, c.task_id, c.run, c.chunk_no, 0, NOW(3) + INTERVAL 1 DAY \
         FROM tbl_batch_chunk c JOIN tbl_async_task t ON t.id = c.task_id \
         WHERE c.task_id > {first} AND c.task_id <= {last} AND c.state = 0"
    )
}

/// Twenty of each batch, half of them done.
fn chunks(first: u64, last: u64) -> String {
    format!(
        "INSERT INTO tbl_batch_chunk (task_id, run, chunk_no, first_index, item_count, state) \
         SELECT task_id, 1, n - 1, (n - 1) * 100, 100, n <= 10 FROM tbl_batch JOIN {} \
         WHERE task_id > {first} AND task_id <= {last} AND n <= 20",
        numbers(2)
    )
}
