//! The calls about a large batch, when all its orders were made and when all of them failed.

use std::time::Instant;

use serde_json::json;

use super::client::{Client, zipped};
use super::rows::Rows;
use super::{LARGE, WORKERS};
use crate::data::{self, STATION};
use crate::figures::{Figures, median};

/// How often each call is made.
const CALLS: usize = 5;
/// The most seconds of a call.
const MOST: f64 = 1.0;
/// Items of a page.
const PAGE: usize = 1_000;

/// Measures the calls about a batch that was made and about one that failed.
pub(super) async fn measure(figures: &mut Figures, client: &Client, rows: &Rows) {
    let right = data::orders(LARGE);
    client.import("made", &right, rows).await;
    calls(figures, client, "made", "all made").await;
    // An address that the station does not have.
    let wrong = right.replace(r#""address_id":"A"#, r#""address_id":"X"#);
    client.import("wrong", &wrong, rows).await;
    calls(figures, client, "wrong", "all failed").await;
    table(figures, client).await;
    amend(figures, client).await;
    again(
        figures,
        client,
        "made",
        &right,
        "all made, the same once more",
    )
    .await;
    again(
        figures,
        client,
        "wrong",
        &wrong,
        "all failed, all tried again",
    )
    .await;
    close(figures, client).await;
}

/// Progress, and pages at the end of the batch.
async fn calls(figures: &mut Figures, client: &Client, task: &str, what: &str) {
    let deep = LARGE / 100 - 1;
    let last = LARGE - 101;
    for (name, path) in [
        ("progress", "/async_task/get?".to_owned()),
        ("detail", "/async_task/detail?limit=100&".to_owned()),
        (
            "last page by number",
            format!("/station/order/batch/result?status=all&limit=100&offset={deep}&"),
        ),
        (
            "last page by after_index",
            format!("/station/order/batch/result?status=all&limit=100&after_index={last}&"),
        ),
        (
            "last failed page",
            format!("/station/order/batch/result?limit=100&after_index={last}&"),
        ),
    ] {
        let path = format!("{path}user_task_id={task}&task_id={task}&station_id={STATION}");
        let mut times = Vec::new();
        for _ in 0..CALLS {
            let start = Instant::now();
            let answer = client.get(&path).await;
            times.push(start.elapsed().as_secs_f64());
            assert_eq!(answer["code"], 0, "{path}: {answer}");
        }
        figures.value(
            format!("{name}, 100,000 {what}"),
            median(&times),
            "s",
            Some(MOST),
        );
    }
}

/// All outcomes as CSV, page by page: the last pages against the first.
async fn table(figures: &mut Figures, client: &Client) {
    let (mut times, mut after, mut read) = (Vec::new(), None, 0);
    while read < LARGE {
        let place = after.map_or_else(String::new, |after: usize| format!("&after_index={after}"));
        let path = format!(
            "/station/order/batch/result?task_id=wrong&station_id={STATION}&status=all&limit={PAGE}&format=csv{place}"
        );
        let start = Instant::now();
        let text = client.text(&path).await;
        times.push(start.elapsed().as_secs_f64());
        let lines = text.split("\r\n").filter(|line| !line.is_empty()).count();
        read += lines.saturating_sub(1);
        after = Some(read - 1);
        assert!(lines > 1, "{path}: {text:.200}");
    }
    figures.value(
        "CSV of 100,000 outcomes, all pages",
        times.iter().sum(),
        "s",
        None,
    );
    let ten = times.len() / 10;
    let pages = (
        median(&times[times.len() - ten..]) * 1e3,
        median(&times[..ten]) * 1e3,
    );
    figures.ratio("  its last pages against its first", pages, "ms", Some(1.1));
}

async fn amend(figures: &mut Figures, client: &Client) {
    let mut times = Vec::new();
    for no in 0..CALLS {
        let body = json!({"task_id": "wrong", "station_id": STATION, "index": LARGE - 1 - no});
        let start = Instant::now();
        client.post("/station/order/batch/amend", &body).await;
        times.push(start.elapsed().as_secs_f64());
    }
    figures.value("amend, 100,000 all failed", median(&times), "s", Some(MOST));
}

/// Submits a finished batch once more.
async fn again(figures: &mut Figures, client: &Client, task: &str, orders: &str, what: &str) {
    let body = zipped(task, orders);
    let start = Instant::now();
    client.send(body).await;
    figures.value(
        format!("re-submit, 100,000 {what}"),
        start.elapsed().as_secs_f64(),
        "s",
        Some(MOST),
    );
    client.finished(task).await;
}

/// Closes a batch while it is worked.
async fn close(figures: &mut Figures, client: &Client) {
    client.submit("closed", &data::orders(LARGE)).await;
    let body = json!({"user_task_id": "closed", "station_id": STATION});
    let start = Instant::now();
    client.post("/async_task/close", &body).await;
    let name = format!("close, 100,000 in work by {WORKERS} workers");
    figures.value(name, start.elapsed().as_secs_f64(), "s", Some(MOST));
    client.finished("closed").await;
    let counts = client
        .get(&format!(
            "/station/order/batch/result?task_id=closed&station_id={STATION}&limit=1"
        ))
        .await;
    assert_eq!(counts["data"]["counts"]["total"], LARGE, "{counts}");
}
