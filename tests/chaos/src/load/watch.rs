//! Looking at batches while they run: their status and progress, and the run that was seen.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sqlx::mysql::MySqlConnection;
use sqlx::{Decode, MySql, Type};

use super::client::Client;
use crate::ledger::Entry;
use crate::stage::Stage;

const PAUSE: Duration = Duration::from_millis(200);

/// A pair of eyes, with a connection of its own.
pub(crate) struct Watch<'s> {
    stage: &'s Stage,
    connection: Option<MySqlConnection>,
}

impl<'s> Watch<'s> {
    pub(crate) fn new(stage: &'s Stage) -> Self {
        Self {
            stage,
            connection: None,
        }
    }

    /// Follows a batch until it is finished, the workers stand still, or `limit` is over; whether it is finished.
    pub(crate) async fn follow(
        &mut self,
        client: &Client<'_>,
        task: &str,
        limit: Duration,
    ) -> bool {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if self.look(client, task).await == Some(3) {
                return true;
            }
            if self.stage.stillness.load(Ordering::Relaxed) {
                return false;
            }
            tokio::time::sleep(PAUSE).await;
        }
        false
    }

    /// Looks once, writes the sight down and answers the status.
    pub(crate) async fn look(&mut self, client: &Client<'_>, task: &str) -> Option<u64> {
        let before = self.run_of(task).await?;
        let seen = client.task(task).await?;
        if self.run_of(task).await? != before {
            return None;
        }
        let status = seen["status"].as_u64()?;
        self.stage.ledger.write(&Entry::Seen {
            task: task.to_owned(),
            run: before,
            status,
            progress: seen["progress"].as_u64()?,
            end_time: seen["end_time"].as_str().map(str::to_owned),
        });
        Some(status)
    }

    /// The run a batch is in; `None` when that cannot be told just now.
    pub(crate) async fn run_of(&mut self, task: &str) -> Option<u32> {
        let sql = "SELECT b.run FROM tbl_batch b JOIN tbl_async_task t ON t.id = b.task_id WHERE t.user_task_id = ?";
        self.number(sql, task).await
    }

    /// How many batches of a station are not finished; `None` when that cannot be told just now.
    pub(crate) async fn open_of(&mut self, station: &str) -> Option<i64> {
        let sql = "SELECT COUNT(*) FROM tbl_async_task t JOIN tbl_batch b ON b.task_id = t.id \
                   WHERE t.station_id = ? AND t.status IN (1, 2)";
        self.number(sql, station).await
    }

    async fn number<T>(&mut self, sql: &str, of: &str) -> Option<T>
    where
        T: for<'r> Decode<'r, MySql> + Type<MySql> + Send + Unpin,
    {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.stage.owner().await.ok()?,
        };
        let number = sqlx::query_scalar(sql).bind(of);
        let number = number.fetch_optional(&mut connection).await.ok()?;
        self.connection = Some(connection);
        number
    }
}
