//! The rows of large batches, counted in the database.

use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Row as _};
use tokio::sync::Mutex;

use crate::data::LINES;

/// A connection of one's own.
pub(super) struct Rows(Mutex<MySqlConnection>);

impl Rows {
    pub(super) async fn of(url: &str) -> Self {
        let connection = MySqlConnection::connect(url).await;
        Self(Mutex::new(connection.expect("a server")))
    }

    /// Tells whether a chunk of a batch is done.
    pub(super) async fn any_done(&self, task: &str) -> bool {
        let sql = "SELECT CAST(EXISTS (SELECT 1 FROM tbl_batch_chunk c JOIN tbl_async_task t ON t.id = c.task_id \
            WHERE t.user_task_id = ? AND c.state = 1) AS SIGNED)";
        self.number(sql, task).await == 1
    }

    /// Tells whether a task is finished.
    pub(super) async fn has_finished(&self, task: &str) -> bool {
        let sql = "SELECT CAST(status AS SIGNED) FROM tbl_async_task WHERE user_task_id = ?";
        self.number(sql, task).await == 3
    }

    /// Checks that a batch has made `orders` orders, with all their lines.
    pub(super) async fn check(&self, task: &str, orders: usize) {
        let made = "SELECT COUNT(*) FROM tbl_order o JOIN tbl_async_task t ON t.id = o.task_id WHERE t.user_task_id = ?";
        let lines = "SELECT COUNT(*) FROM tbl_async_task t JOIN tbl_order o ON o.task_id = t.id \
            JOIN tbl_order_detail d ON d.order_id = o.id WHERE t.user_task_id = ?";
        let count = |rows: usize| i64::try_from(rows).unwrap_or_default();
        assert_eq!(self.number(made, task).await, count(orders), "{task}");
        assert_eq!(
            self.number(lines, task).await,
            count(orders * LINES),
            "{task}"
        );
    }

    async fn number(&self, sql: &str, task: &str) -> i64 {
        let mut connection = self.0.lock().await;
        let row = sqlx::query(sql).bind(task).fetch_one(&mut *connection);
        row.await.expect("a row").try_get(0).expect("a number")
    }
}
