//! Looks at the database: which batches have ended, and what the server has done so far.

use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Executor as _, Row as _};

/// Counts of rows that were read, by any access.
const READS: &str = "Handler_read_%";

/// One connection that looks. What it reads itself is not counted.
#[derive(Debug)]
pub(super) struct Eye(pub(super) MySqlConnection);

/// What the server has done since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Counters {
    /// Rows read for anybody but us.
    pub(super) reads: f64,
    /// Bytes of redo written.
    pub(super) redo: f64,
}

impl Counters {
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            reads: self.reads - before.reads,
            redo: self.redo - before.redo,
        }
    }
}

impl Eye {
    /// Finds the finished ones of some tasks: their ids and names.
    pub(super) async fn finished(&mut self, tasks: &[String]) -> Vec<(i64, String)> {
        if tasks.is_empty() {
            return Vec::new();
        }
        // The names are our own: letters and digits.
        let sql = format!(
            "SELECT id, CAST(user_task_id AS CHAR CHARACTER SET utf8mb4) AS name \
             FROM tbl_async_task FORCE INDEX (user_task_id) \
             WHERE user_task_id IN ('{}') AND status = 3",
            tasks.join("', '")
        );
        let named = |row: &MySqlRow| (row.get("id"), text(row, "name"));
        self.all(&sql).await.iter().map(named).collect()
    }

    /// Reads the counters.
    pub(super) async fn counters(&mut self) -> Counters {
        let all = self
            .sum(&format!("SHOW GLOBAL STATUS LIKE '{READS}'"))
            .await;
        let own = self
            .sum(&format!("SHOW SESSION STATUS LIKE '{READS}'"))
            .await;
        let redo = self.sum("SHOW GLOBAL STATUS LIKE 'Innodb_os_log_written'");
        Counters {
            reads: all - own,
            redo: redo.await,
        }
    }

    /// Deletes binary logs that are full, as a server does that has sent them elsewhere: they would fill the disk.
    pub(super) async fn purge_logs(&mut self) {
        let purged = self.0.execute("PURGE BINARY LOGS BEFORE NOW()").await;
        purged.expect("we own the server");
    }

    async fn sum(&mut self, sql: &str) -> f64 {
        let rows = self.all(sql).await;
        let value = |row: &MySqlRow| text(row, "Value").parse::<f64>().unwrap_or_default();
        rows.iter().map(value).sum()
    }

    async fn all(&mut self, sql: &str) -> Vec<MySqlRow> {
        let rows = self.0.fetch_all(sqlx::raw_sql(sql)).await;
        rows.expect("the database answers")
    }
}

/// Reads text, whichever type the server calls it.
fn text(row: &MySqlRow, name: &str) -> String {
    let bytes: Vec<u8> = row.try_get_unchecked(name).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
