//! The worst batches that are accepted, each read back in every way there is.

use serde_json::{Value, json};

use super::Sender;
use crate::support::{Answer, numbered, order, unique};

/// A body may have 6 MiB; some of it is not the orders.
const BODY: usize = 6 * 1024 * 1024 - 64 * 1024;
/// An item may have 256 KiB.
const ITEM: usize = 256 * 1024;
const MAX_ORDERS: usize = 10_000;
/// The orders of a chunk.
const CHUNK: usize = 500;

/// Ten thousand orders that fill a body, as JSON and as a form.
pub(super) async fn largest_submits(sender: &Sender<'_>) {
    let orders = padded("json", MAX_ORDERS, BODY / MAX_ORDERS);
    batch(sender, &orders).await;
    let orders = padded("form", 6_000, BODY / 3 / 6_000);
    let (task, text) = (unique("memory-"), json!(orders).to_string());
    let pairs = [
        ("task_id", task.as_str()),
        ("station_id", &sender.station.id),
        ("time_config_id", &sender.station.cycle),
        ("order_data", &text),
    ];
    let form = sender.api.form("/station/order/batch/submit", &pairs).await;
    form.data();
    sender.api.finished(&task).await;
    report(sender, &task).await;
}

/// Chunks that hold as much as a body can: right lines, wrong lines, empty lines, large orders, orders of many members.
pub(super) async fn worst_chunks(sender: &Sender<'_>) {
    let right = json!({"sku_id": "D1", "amount": "1"});
    let wrong = json!({"sku_id": "x", "amount": "y", "unit_price": "z", "is_price_timing": "w"});
    let lines = |line: &Value, count: usize| {
        let mut orders = numbered(&unique("lines-"), CHUNK);
        for order in &mut orders {
            order["details"] = json!(vec![line; count]);
        }
        orders
    };
    for orders in [
        lines(&right, 200),
        lines(&wrong, 150),
        lines(&json!({}), 3_500),
    ] {
        batch(sender, &orders).await;
    }
    batch(sender, &padded(&unique("large-"), BODY / ITEM, ITEM - 1024)).await;
    let mut many = order(0);
    for n in 0..18_000 {
        many[format!("m{n:05}")] = json!(1);
    }
    batch(sender, &vec![many; 20]).await;
    batch(sender, &padded(&unique("page-"), 1_000, BODY / 1_000)).await;
}

/// Fifty failed orders, each mended by another failed one as large as an item may be.
pub(super) async fn large_amendments(sender: &Sender<'_>) {
    let wrong = |n: usize| {
        let mut order = order(n);
        order["address_id"] = json!(format!("S404-{n}"));
        order
    };
    let orders: Vec<_> = (0..50).map(wrong).collect();
    let task = unique("memory-");
    let (api, station) = (sender.api, sender.station);
    api.submit(station, &task, &orders).await.data();
    api.finished(&task).await;
    for (index, order) in orders.into_iter().enumerate() {
        let order = pad(order, ITEM - 1024);
        let body =
            json!({"task_id": task, "station_id": station.id, "index": index, "order_data": order});
        sender.accept("/station/order/batch/amend", &body).await;
    }
    api.drained().await;
    report(sender, &task).await;
}

/// Ten thousand price changes.
pub(super) async fn largest_price_list(sender: &Sender<'_>) {
    let task = unique("memory-");
    let items: Vec<_> = (0..MAX_ORDERS)
        .map(|n| {
            pad(
                json!({"sku_id": format!("P{n}"), "sale_price": "1.00"}),
                BODY / MAX_ORDERS,
            )
        })
        .collect();
    let body = json!({"task_id": task, "station_id": sender.station.id, "items": items});
    if sender.accept("/station/sku/batch/price", &body).await {
        sender.api.finished(&task).await;
        report(sender, &task).await;
    }
}

/// Submits a batch, waits for its end, reads it in every way, and closes it. One that is refused need not be read.
async fn batch(sender: &Sender<'_>, orders: &[Value]) {
    let (api, station, task) = (sender.api, sender.station, unique("memory-"));
    if api.submit(station, &task, orders).await.body["code"] != 0 {
        return;
    }
    api.finished(&task).await;
    report(sender, &task).await;
    let close = json!({"user_task_id": task, "station_id": station.id});
    sender.accept("/async_task/close", &close).await;
}

/// Everything that reads a batch answers.
pub(super) async fn report(sender: &Sender<'_>, task: &str) {
    let id = &sender.station.id;
    for path in [
        format!("/async_task/get?user_task_id={task}"),
        format!("/async_task/detail?user_task_id={task}&item_status=failed&limit=1000"),
        format!("/async_task/detail?user_task_id={task}&limit=1000"),
        format!("/async_task/list?station_id={id}&limit=100"),
        format!("/station/order/batch/result?task_id={task}&limit=1000"),
        format!("/station/order/batch/result?task_id={task}&status=all&limit=1000"),
        format!("/task/get?user_task_id={task}"),
        format!("/task/list?station_id={id}&limit=100"),
    ] {
        sender.read(&path).await;
    }
    for format in ["ndjson", "csv"] {
        let path = format!(
            "/station/order/batch/result?task_id={task}&status=all&limit=1000&format={format}"
        );
        let answer = sender.get(&path).await;
        sender.expect(&path, answer, is_page);
    }
}

fn is_page(answer: &Answer) -> bool {
    answer.status == 200 && !answer.content_type.starts_with("application/json")
}

/// Right orders of about this many bytes each.
fn padded(name: &str, count: usize, bytes: usize) -> Vec<Value> {
    let orders = numbered(name, count).into_iter();
    orders.map(|order| pad(order, bytes)).collect()
}

/// Makes an item about this large.
pub(super) fn pad(mut item: Value, bytes: usize) -> Value {
    let missing = bytes.saturating_sub(item.to_string().len() + 16);
    item["junk"] = json!("x".repeat(missing));
    item
}
