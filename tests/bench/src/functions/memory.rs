//! How much memory functions hold: one that reads, one that takes large bodies, the worker.

use serde_json::{Value, json};
use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Row as _};

use super::events::{environment, event};
use crate::Setting;
use crate::data::{self, CYCLE, STATION};
use crate::figures::Figures;
use crate::lambda::Function;

/// Requests before memory is read.
const REQUESTS: i64 = 1_000;
/// Batches that are submitted and worked, of as many orders as one may have.
const BATCHES: i64 = 10;
const ORDERS: usize = 10_000;
/// As many of them fail as there are events that mend one.
const FAILED: usize = 2_001;

/// Measures them, on a database whose station has an address for each order.
pub(super) async fn measure(setting: &Setting, url: &str, figures: &mut Figures) {
    let start = async |name| Function::start(&setting.binaries.join(name), &environment(url)).await;
    let read = event("GET", "/task/get", "task_id=1", "", 1);
    for (name, target) in [("hello", None), ("task-get", Some(5.0))] {
        let mut function = start(name).await;
        for _ in 0..REQUESTS {
            function.invoke(&read).await;
        }
        let name = format!("memory after 1,000 requests, {name}");
        figures.value(name, function.memory().0, "MB", target);
    }
    let mut function = start("order-batch-submit").await;
    let megabytes = submit(&mut function, figures).await;
    // What an amend mends: orders for addresses that nobody knows.
    let unknown = data::orders(FAILED).replace("\"A", "\"X");
    accept(&mut function, "failed-0", &unknown).await;
    assert!(megabytes > 1.0, "a batch is large");
    work(&mut start("order-batch-worker").await, url, figures).await;
}

/// Submits batches; answers the size of one in megabytes.
async fn submit(function: &mut Function, figures: &mut Figures) -> f64 {
    let orders = data::orders(ORDERS);
    let mut megabytes = 0.0;
    for no in 0..BATCHES {
        let bytes = accept(function, &format!("memory-{no}"), &orders).await;
        megabytes = f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1e6;
    }
    let name = format!("memory at most, order-batch-submit of {megabytes:.1} MB");
    figures.value(name, function.memory().1, "MB", Some(8.0 + 2.5 * megabytes));
    megabytes
}

/// Submits a batch; answers the size of the request in bytes.
async fn accept(function: &mut Function, task: &str, orders: &str) -> usize {
    let body = format!(
        r#"{{"station_id":"{STATION}","task_id":"{task}","time_config_id":"{CYCLE}","order_data":{orders}}}"#
    );
    let event = event("POST", "/station/order/batch/submit", "", &body, 0);
    let (_, answer) = function.invoke(&event).await;
    assert!(answer.contains(r#"\"code\":0"#), "{answer}");
    body.len()
}

/// Works the submitted chunks, ten messages an event.
async fn work(function: &mut Function, url: &str, figures: &mut Figures) {
    let mut connection = MySqlConnection::connect(url).await.expect("a server");
    let open = "SELECT task_id, run, chunk_no FROM tbl_batch_chunk WHERE state = 0";
    let chunks = sqlx::query(open).fetch_all(&mut connection).await;
    let records: Vec<Value> = chunks
        .expect("the chunks are read")
        .iter()
        .map(|row| {
            let (task, run, chunk): (i64, u32, u32) = (row.get(0), row.get(1), row.get(2));
            let body = json!({"version": 1, "task_id": task, "run": run, "chunk": chunk});
            json!({"messageId": format!("{task}-{chunk}"), "body": body.to_string()})
        })
        .collect();
    for records in records.chunks(10) {
        let event = json!({ "Records": records }).to_string();
        let (_, answer) = function.invoke(&event).await;
        assert!(answer.contains(r#""batchItemFailures":[]"#), "{answer}");
    }
    let name = format!("memory after {} chunks, order-batch-worker", records.len());
    figures.value(name, function.memory().0, "MB", Some(12.0));
}
