//! A database of a stack's own, for the functions and for looking behind them.

use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Connection as _, Executor as _, Row as _};
use task_store::testing::Shelved;

/// An empty, migrated database that no other test has.
pub(crate) struct OwnDatabase {
    pub(crate) url: String,
    shelved: Shelved,
}

impl OwnDatabase {
    pub(crate) async fn take() -> Self {
        let shelved = Shelved::take().await;
        let url = shelved.url().to_owned();
        Self { url, shelved }
    }

    pub(crate) async fn give_back(self) {
        self.shelved.give_back().await;
    }

    /// Lets the ids of rows begin with 1, as in a database that was never used.
    pub(crate) async fn count_from_one(&self) {
        let sql = "SELECT CAST(table_name AS CHAR) FROM information_schema.columns \
            WHERE table_schema = DATABASE() AND extra = 'auto_increment'";
        let mut connection = self.connect().await;
        let tables: Vec<String> = sqlx::query_scalar(sql)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        for table in tables {
            self.execute(&format!("ALTER TABLE {table} AUTO_INCREMENT = 1"))
                .await;
        }
    }

    /// A connection of the test's own.
    pub(crate) async fn connect(&self) -> MySqlConnection {
        connect(&self.url).await
    }

    /// The one number that a query answers.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let mut connection = self.connect().await;
        let signed = format!("SELECT CAST(({sql}) AS SIGNED)");
        let number = sqlx::query_scalar(&signed).fetch_one(&mut connection).await;
        number.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Runs a statement.
    pub(crate) async fn execute(&self, sql: &str) {
        self.connect().await.execute(sql).await.unwrap();
    }

    /// Lets the workers of a queue's tasks have been silent for longer than they may.
    pub(crate) async fn silence(&self, queue: &str) {
        let past = "NOW(3) - INTERVAL 1 SECOND";
        let sql = format!(
            "UPDATE tbl_work SET lease_until = {past}, due_at = {past} WHERE state = 3 AND queue = '{queue}'"
        );
        self.execute(&sql).await;
    }

    /// The states of all sessions on this database, the one that asks included.
    pub(crate) async fn sessions(&self) -> Vec<String> {
        let mut connection = self.connect().await;
        // Not from `information_schema`, which fails where a session's statement holds bytes that are no text.
        let rows = connection.fetch_all("SHOW PROCESSLIST").await.unwrap();
        let text = |row: &MySqlRow, name| row.get::<Option<String>, _>(name).unwrap_or_default();
        let ours = rows
            .iter()
            .filter(|row| self.url.contains(&format!("/{}?", text(row, "db"))));
        ours.map(|row| text(row, "State")).collect()
    }

    /// The number of rows of every table that a call may write to.
    pub(crate) async fn rows(&self, station: &str) -> i64 {
        let sql = format!(
            "SELECT (SELECT COUNT(*) FROM tbl_async_task WHERE station_id = '{station}') \
             + (SELECT COUNT(*) FROM tbl_order WHERE station_id = '{station}') \
             + (SELECT COUNT(*) FROM tbl_batch b JOIN tbl_async_task t ON t.id = b.task_id WHERE t.station_id = '{station}') \
             + (SELECT COUNT(*) FROM tbl_batch_chunk c JOIN tbl_async_task t ON t.id = c.task_id WHERE t.station_id = '{station}')"
        );
        self.number(&sql).await
    }

    /// Every table with its number of rows and a checksum of all they hold.
    pub(crate) async fn fingerprint(&self) -> Vec<(String, i64, i64)> {
        let mut connection = self.connect().await;
        let sql = "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1";
        let tables: Vec<String> = sqlx::query_scalar(sql)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let mut fingerprint = Vec::new();
        for table in tables {
            let rows = self.number(&format!("SELECT COUNT(*) FROM {table}")).await;
            let checksum: (String, i64) = sqlx::query_as(&format!("CHECKSUM TABLE {table}"))
                .fetch_one(&mut connection)
                .await
                .unwrap();
            fingerprint.push((table, rows, checksum.1));
        }
        fingerprint
    }

    /// How many rows of a table belong to a task.
    pub(crate) async fn count(&self, table: &str, task: &str) -> i64 {
        let sql = format!(
            "SELECT COUNT(*) FROM {table} r JOIN tbl_async_task t ON t.id = r.task_id WHERE t.user_task_id = '{task}'"
        );
        self.number(&sql).await
    }
}

async fn connect(url: &str) -> MySqlConnection {
    MySqlConnection::connect(url).await.unwrap()
}
