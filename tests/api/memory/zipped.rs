//! The largest gzipped requests: 48 MiB of JSON in each shape that a body may have.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::Sender;
use super::batches::{pad, report};
use crate::support::{Answer, order, unique};

const MIB: usize = 1024 * 1024;
/// A body may unpack to 48 MiB; some of it is not the items.
const BODY: usize = 48 * MIB - 64 * 1024;
const MOST: usize = 100_000;
const SUBMIT: &str = "/station/order/batch/submit";

/// A hundred thousand orders as a list, as a text that holds the list, and as a form; the last two for a cycle that does not exist.
pub(super) async fn largest_submits(sender: &Sender<'_>) {
    let (task, cycle) = (unique("memory-"), &sender.station.cycle);
    let list = orders(BODY / MOST);
    let body = with(sender, &task, cycle, &list);
    sender.zipped(SUBMIT, JSON, &body, is_accepted).await;
    drop((body, list));
    finished(sender, &task).await;
    report(sender, &task).await;
    // Quotes are escaped: the text is longer than the list.
    let text = json!(orders(BODY / MOST - 80)).to_string();
    let body = with(sender, "text", "none", &text);
    sender
        .zipped(SUBMIT, JSON, &body, is_error("CYCLE_NOT_FOUND"))
        .await;
    let list = orders(BODY / MOST).replacen('[', "%5B", 1);
    let station = &sender.station.id;
    let body = format!("task_id=form&time_config_id=none&station_id={station}&order_data={list}");
    sender
        .zipped(SUBMIT, FORM, &body, is_error("CYCLE_NOT_FOUND"))
        .await;
}

/// A hundred thousand price changes, all of them wrong.
pub(super) async fn largest_price_list(sender: &Sender<'_>) {
    let task = unique("memory-");
    let item = |n: usize| {
        pad(
            json!({"sku_id": format!("P{n}"), "sale_price": "1.00"}),
            BODY / MOST,
        )
    };
    let items: Vec<Value> = (0..MOST).map(item).collect();
    let body =
        json!({"task_id": task, "station_id": sender.station.id, "items": items}).to_string();
    drop(items);
    sender
        .zipped("/station/sku/batch/price", JSON, &body, is_accepted)
        .await;
    finished(sender, &task).await;
    report(sender, &task).await;
}

/// A thousand tasks that fill a body; then lists of millions of elements and large documents, which are all refused.
pub(super) async fn largest_calls(sender: &Sender<'_>) {
    let station = &sender.station.id;
    let task = |n: usize| json!({"station_id": station, "task_name": n, "queue": "large", "input": "x".repeat(BODY / 1_000 - 100)});
    sender
        .accept("/task/queue/set", &json!({"queue": "large"}))
        .await;
    let tasks: Vec<_> = (0..1_000).map(task).collect();
    let body = json!({ "tasks": tasks }).to_string();
    drop(tasks);
    sender.zipped("/task/add", JSON, &body, is_accepted).await;
    largest_finish(sender).await;
    let many = format!("[{}1]", "1,".repeat(BODY / 2 - 1_000));
    for (path, name, error) in [
        (SUBMIT, "order_data", "BATCH_TOO_LARGE"),
        ("/station/sku/batch/price", "items", "BATCH_TOO_LARGE"),
        ("/task/add", "tasks", "PARAM_INVALID"),
        ("/task/finish", "tasks", "PARAM_INVALID"),
        ("/reference/load", "stations", "PARAM_INVALID"),
        ("/reference/load", "queues", "PARAM_INVALID"),
        ("/task/update", "value", "PARAM_INVALID"),
        ("/async_task/close", "user_task_ids", "PARAM_INVALID"),
        ("/async_task/retry", "user_task_ids", "PARAM_INVALID"),
    ] {
        let named = format!(
            r#""station_id":"{station}","task_id":"1","time_config_id":"{}","field":"result""#,
            sender.station.cycle
        );
        let named = if name == "tasks" { "\"a\":1" } else { &named };
        sender
            .zipped(
                path,
                JSON,
                &format!("{{{named},\"{name}\":{many}}}"),
                is_error(error),
            )
            .await;
    }
}

/// Results of runs that fill a third of a body, which is sent by a stale worker, too: all of it takes a slow machine longer than a call
/// may take.
async fn largest_finish(sender: &Sender<'_>) {
    const CLAIM: &str = "/task/claim";
    let mut keys = Vec::new();
    loop {
        let claim = json!({"queue": "large", "limit": 100});
        let claim = sender.api.request("POST", CLAIM).json(&claim);
        let claimed = sender.send(CLAIM, claim).await;
        let tasks = claimed.and_then(|claimed| claimed.body["data"].as_array().cloned());
        let Some(tasks) = tasks.filter(|tasks| !tasks.is_empty()) else {
            break;
        };
        keys.extend(tasks.iter().map(|task| task["task_id"].clone()));
    }
    if keys.len() != 1_000 {
        sender.fail(format!("{} of 1,000 tasks were claimed", keys.len()));
    }
    for run in [7, 1] {
        let finish = |key: &Value| json!({"task_id": key, "run_count": run, "result": "\"".repeat(BODY / 2_000 - 40)});
        let list: Vec<_> = keys.iter().take(333).map(finish).collect();
        let body = json!({ "tasks": list }).to_string();
        sender
            .zipped("/task/finish", JSON, &body, is_accepted)
            .await;
    }
}

/// A reference file of as many records as are allowed, which fills a body; then one of a record more.
pub(super) async fn largest_reference_file(sender: &Sender<'_>) {
    const PATH: &str = "/reference/load";
    let name = "白".repeat(128);
    let file = |count: usize| {
        let sku = |n: usize| {
            format!(r#"{{"sku_id":"{n}","name":"{name}","sale_price":"1","sale_num_least":"1"}}"#)
        };
        let skus: Vec<_> = (0..count).map(sku).collect();
        let skus = skus.join(",");
        format!(r#"{{"stations":[{{"station_id":"large","skus":[{skus}]}}]}}"#)
    };
    let large = file(MOST);
    sender.zipped(PATH, JSON, &large, is_accepted).await;
    let larger = file(MOST + 1);
    sender
        .zipped(PATH, JSON, &larger, is_error("PARAM_INVALID"))
        .await;
}

/// A bomb of 4 GiB in 4 MiB, which says that it is smaller, to a function that has got nothing else; the most memory that it took.
pub(super) async fn a_bomb(sender: &Sender<'_>) {
    const PATH: &str = "/task/schedule/list";
    let member = zipped(&vec![b' '; 40 * MIB]);
    let bomb = member.repeat(4 * MIB / member.len());
    let started = std::time::Instant::now();
    sender
        .post_zipped(PATH, JSON, bomb, is_error("PARAM_INVALID"))
        .await;
    let took = started.elapsed();
    if took > Duration::from_secs(5) {
        sender.fail(format!("a bomb took {took:?}"));
    }
    let pool = sender.api.stack.function("task-schedule-list").unwrap();
    let peak = pool.peak_memory().unwrap_or(u64::MAX) / 1024 / 1024;
    println!("a bomb: {peak} MB, {took:?}");
    if peak > 64 {
        sender.fail(format!("a bomb took {peak} MB"));
    }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

impl Sender<'_> {
    async fn zipped(&self, path: &str, kind: &str, body: &str, test: impl Fn(&Answer) -> bool) {
        self.post_zipped(path, kind, zipped(body.as_bytes()), test)
            .await;
    }

    async fn post_zipped(
        &self,
        path: &str,
        kind: &str,
        body: Vec<u8>,
        test: impl Fn(&Answer) -> bool,
    ) {
        let request = self.api.request("POST", path);
        let request = request.header("content-type", kind);
        let request = request.header("content-encoding", "gzip").body(body);
        let answer = self.send(path, request).await;
        self.expect(path, answer, test);
    }
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn is_accepted(answer: &Answer) -> bool {
    answer.body["code"] == 0
}

fn is_error(word: &str) -> impl Fn(&Answer) -> bool {
    move |answer| answer.body["error"] == word
}

/// A list of orders of about this many bytes each, told apart by their numbers.
fn orders(bytes: usize) -> String {
    let numbered = |n: usize| {
        let mut order = order(n % 50);
        order["out_order_no"] = json!(format!("zipped-{n}"));
        pad(order, bytes - 1).to_string()
    };
    let orders: Vec<_> = (0..MOST).map(numbered).collect();
    format!("[{}]", orders.join(","))
}

fn with(sender: &Sender<'_>, task: &str, cycle: &str, orders: &str) -> String {
    let station = &sender.station.id;
    format!(
        r#"{{"task_id":"{task}","station_id":"{station}","time_config_id":"{cycle}","order_data":{orders}}}"#
    )
}

/// Waits for the end of a large batch.
async fn finished(sender: &Sender<'_>, task: &str) {
    for _ in 0..1_000 {
        if sender.api.task(task).await["status"] == 3 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    sender.fail(format!("{task} is not finished after 5 minutes"));
}
