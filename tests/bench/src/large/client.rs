//! A client of the stack that sends large batches.

use std::io::Write as _;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use task_local::Stack;

use super::rows::Rows;
use crate::data::{CYCLE, STATION};

/// Seconds from the start of a submit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) submit: f64,
    pub(super) first: f64,
    pub(super) whole: f64,
}

/// A client of a stack.
#[derive(Debug, Clone)]
pub(super) struct Client {
    client: reqwest::Client,
    base: String,
}

impl Client {
    pub(super) fn of(stack: &Stack) -> Self {
        let client = reqwest::Client::builder().no_proxy();
        Self {
            client: client.build().expect("a client"),
            base: stack.base_url(),
        }
    }

    /// Submits orders as gzip; they must be accepted.
    pub(super) async fn submit(&self, task: &str, orders: &str) {
        self.send(zipped(task, orders)).await;
    }

    /// Sends the gzipped body of a submit, which must be accepted.
    pub(super) async fn send(&self, body: Vec<u8>) {
        let request = self.client.post(self.url("/station/order/batch/submit"));
        let request = request.header("content-type", "application/json");
        let request = request.header("content-encoding", "gzip");
        let answer = request.body(body).send().await.expect("an answer");
        let answer = answer.text().await.expect("a body");
        assert!(answer.contains(r#""code":0"#), "{answer}");
    }

    /// Submits a batch and follows it to its end.
    pub(super) async fn import(&self, task: &str, orders: &str, rows: &Rows) -> Times {
        let body = zipped(task, orders);
        let start = Instant::now();
        let seconds = || start.elapsed().as_secs_f64();
        self.send(body).await;
        let submit = seconds();
        while !rows.any_done(task).await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let first = seconds();
        while !rows.has_finished(task).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.finished(task).await;
        Times {
            submit,
            first,
            whole: seconds(),
        }
    }

    /// Waits until a task is finished.
    pub(super) async fn finished(&self, task: &str) {
        let path = format!("/async_task/get?user_task_id={task}&station_id={STATION}");
        while self.get(&path).await["data"]["status"] != 3 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Reads a path that answers JSON.
    pub(super) async fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.text(path).await).expect("an envelope")
    }

    /// Reads a path.
    pub(super) async fn text(&self, path: &str) -> String {
        let answer = self.client.get(self.url(path)).send().await;
        answer.expect("an answer").text().await.expect("a body")
    }

    /// Posts JSON that must be answered with code 0.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.client.post(self.url(path)).json(body).send().await;
        let answer = answer.expect("an answer").json::<Value>().await;
        let answer = answer.expect("an envelope");
        assert_eq!(answer["code"], 0, "{path}: {answer}");
        answer
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

/// The gzipped body of a submit.
pub(super) fn zipped(task: &str, orders: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    write!(
        encoder,
        r#"{{"station_id":"{STATION}","task_id":"{task}","time_config_id":"{CYCLE}","order_data":{orders}}}"#
    )
    .and_then(|()| encoder.finish())
    .expect("memory takes every byte")
}

/// A count as a figure.
pub(super) fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
