//! One station's flood does not keep another waiting. Also the measurement:
//! `FAIRNESS_ORDERS=10000 FAIRNESS_ROUNDS=5 cargo test --profile local --test api fairness -- --nocapture`.

use std::time::{Duration, Instant};

use serde_json::json;
use task_local::StackConfig;

use crate::support::{Api, Station, numbered, orders, unique, with_own_api};

/// Orders in a chunk: small ones, so that a flood has many.
const CHUNK: usize = 100;

/// Two workers, and no sweeper that could help.
fn configured(cap: u32) -> impl FnOnce(StackConfig) -> StackConfig {
    move |config| StackConfig {
        http_processes: 2,
        visibility_timeout: Duration::from_mins(2),
        function_timeout: Duration::from_mins(1),
        schedule: Some(Duration::from_hours(1)),
        ..config
            .with("STATION_CHUNKS", cap.to_string())
            .with("CHUNK_SIZE", CHUNK.to_string())
    }
}

fn setting(variable: &str, default: usize) -> usize {
    let set = std::env::var(variable).ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// How long ten orders of a station of their own take, from the submit to the finished task.
async fn ten_orders(api: &Api) -> Duration {
    let station = Station::fresh(api).await;
    let start = Instant::now();
    api.import(&station, &unique("small-"), &orders(10)).await;
    start.elapsed()
}

/// The times of a round: the ten orders alone, beside the flood, the flood itself; and how many of its chunks were open
/// when the ten orders were done.
async fn round(api: &Api, flood: usize) -> (Duration, Duration, Duration, i64) {
    let alone = ten_orders(api).await;
    let station = Station::fresh(api).await;
    let id = unique("flood-");
    let start = Instant::now();
    api.submit(&station, &id, &numbered(&id, flood))
        .await
        .data();
    let beside = ten_orders(api).await;
    let open = "SELECT COUNT(*) FROM tbl_batch_chunk WHERE state = 0";
    let left = api.database.number(open).await;
    let task = api.finished(&id).await;
    assert_eq!(task["result"]["success_count"], json!(flood));
    (alone, beside, start.elapsed(), left)
}

/// Prints the median times of some rounds; the fewest open chunks.
async fn measured(cap: u32, flood: usize, rounds: usize) -> i64 {
    with_own_api(configured(cap), async |api| {
        let (mut alone, mut beside, mut all, mut left) = (vec![], vec![], vec![], i64::MAX);
        for _ in 0..rounds {
            let seen = round(api, flood).await;
            alone.push(seen.0);
            beside.push(seen.1);
            all.push(seen.2);
            left = left.min(seen.3);
        }
        let (alone, beside) = (median(&mut alone), median(&mut beside));
        let all = median(&mut all);
        println!(
            "cap {cap}: 10 orders alone {} ms, beside {flood} {} ms, those {} ms",
            alone.as_millis(),
            beside.as_millis(),
            all.as_millis()
        );
        assert_eq!(
            api.database
                .number("SELECT MAX(attempts) FROM tbl_batch_chunk")
                .await,
            1
        );
        left
    })
    .await
}

#[tokio::test]
async fn ten_orders_need_not_wait_for_another_stations_flood() {
    let flood = setting("FAIRNESS_ORDERS", 10_000);
    let rounds = setting("FAIRNESS_ROUNDS", 1);
    let open_without = measured(0, flood, rounds).await;
    let open = measured(1, flood, rounds).await;
    let chunks = i64::try_from(flood / CHUNK).unwrap();
    println!(
        "open chunks of the flood when the ten orders were done: {open_without} without a cap, {open} with one"
    );
    // Without a cap it is a handful at most.
    assert!(
        open >= chunks / 10,
        "{open} of {chunks} chunks of the flood were still to come"
    );
}
