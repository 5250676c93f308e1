//! A batch as a client sees it: through HTTP, the real functions and the queue.

use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::Value;
use sqlx::Connection as _;
use sqlx::mysql::MySqlConnection;
use task_local::{Stack, StackConfig};

use crate::Setting;
use crate::data::{CYCLE, STATION};
use crate::engine::Times;
use crate::threads::block_on;

/// A running local stack of release binaries.
pub(crate) struct Gateway {
    stack: Option<Stack>,
    base: String,
    database: String,
}

impl Gateway {
    /// Starts the stack on a database.
    pub(crate) fn start(setting: &Setting, database: &str, workers: usize) -> Self {
        let mut config = StackConfig::new(&setting.binaries, database).expect("a project");
        config.workers = workers;
        config.schedule = Some(Duration::from_hours(1));
        config.visibility_timeout = Duration::from_mins(1);
        let config = config.with("LOG_LEVEL", "warn").with("LEASE_SECONDS", "60");
        let stack = block_on(Stack::start(config)).expect("the stack starts");
        Self::of(stack, database)
    }

    /// Uses a stack that was started on a database.
    pub(crate) fn of(stack: Stack, database: &str) -> Self {
        Self {
            base: stack.base_url(),
            stack: Some(stack),
            database: database.to_owned(),
        }
    }

    /// How often the worker was invoked by its queue.
    pub(crate) fn invocations(&self) -> usize {
        let stack = self.stack.as_ref().expect("it runs");
        stack
            .function("order-batch-worker")
            .expect("a worker")
            .batches()
    }

    /// Submits a batch and asks for it once its row says that it is finished; the time ends with that answer.
    ///
    /// Asking through HTTP all the while would take from two cores what the batch itself needs.
    pub(crate) fn run(&self, task: &str, orders: &str) -> Times {
        block_on(async {
            let mut connection = MySqlConnection::connect(&self.database)
                .await
                .expect("a server");
            let client = Client::builder().no_proxy().build().expect("a client");
            let body = format!(
                r#"{{"station_id":"{STATION}","task_id":"{task}","time_config_id":"{CYCLE}","order_data":{orders}}}"#
            );
            let url = format!("{}/station/order/batch/submit", self.base);
            let request = client
                .post(url)
                .header("content-type", "application/json")
                .body(body);
            let start = Instant::now();
            let answer = request
                .send()
                .await
                .expect("an answer")
                .text()
                .await
                .expect("a body");
            let submit = start.elapsed();
            assert!(answer.contains(r#""code":0"#), "{answer}");
            let url = format!(
                "{}/async_task/get?user_task_id={task}&station_id={STATION}",
                self.base
            );
            while !has_finished(&mut connection, task).await {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            assert!(says_finished(&client, &url).await, "{task}");
            Times {
                submit,
                whole: start.elapsed(),
            }
        })
    }
}

async fn has_finished(connection: &mut MySqlConnection, task: &str) -> bool {
    let query = "SELECT status = 3 FROM tbl_async_task WHERE user_task_id = ? AND station_id = ?";
    let query = sqlx::query_scalar(query).bind(task).bind(STATION);
    query.fetch_one(connection).await.expect("a task")
}

async fn says_finished(client: &Client, url: &str) -> bool {
    let answer = client.get(url).send().await.expect("an answer");
    let task: Value =
        serde_json::from_str(&answer.text().await.expect("a body")).expect("an envelope");
    task["data"]["status"] == 3
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(stack) = self.stack.take() {
            block_on(stack.stop());
        }
    }
}
