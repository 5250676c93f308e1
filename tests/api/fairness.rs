//! One station's flood does not keep another waiting. Also the measurement:
//! `FAIRNESS_ORDERS=10000 FAIRNESS_ROUNDS=5 cargo test --profile local --workspace --test api fairness -- --nocapture`.

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

/// How long ten orders take, from the submit to the finished task.
async fn ten_orders(api: &Api, station: &Station, id: &str) -> Duration {
    let start = Instant::now();
    api.import(station, id, &orders(10)).await;
    start.elapsed()
}

/// The times of a round: the ten orders alone, beside the flood, the flood itself; and how many of its chunks were made
/// after the end of the ten orders, by the database's clock.
async fn round(api: &Api, flood: usize) -> (Duration, Duration, Duration, i64) {
    let (small, large) = (Station::fresh(api).await, Station::fresh(api).await);
    let alone = ten_orders(api, &small, &unique("alone-")).await;
    let (id, beside_id) = (unique("flood-"), unique("beside-"));
    let start = Instant::now();
    api.submit(&large, &id, &numbered(&id, flood)).await.data();
    let beside = ten_orders(api, &small, &beside_id).await;
    let task = api.finished(&id).await;
    assert_eq!(task["result"]["success_count"], json!(flood));
    let took = start.elapsed();
    let later = format!(
        "SELECT COUNT(*) DIV {CHUNK} FROM tbl_order o \
         JOIN tbl_async_task t ON t.id = o.task_id AND t.user_task_id = '{id}' \
         JOIN tbl_async_task s ON s.user_task_id = '{beside_id}' AND o.creat_time > s.end_time"
    );
    (alone, beside, took, api.database.number(&later).await)
}

/// Prints the median times of some rounds; the fewest chunks that were made later.
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
    let later_without = measured(0, flood, rounds).await;
    let later = measured(1, flood, rounds).await;
    let chunks = i64::try_from(flood / CHUNK).unwrap();
    println!(
        "chunks of the flood made after the ten orders: {later_without} without a cap, {later} with one"
    );
    // Without a cap it is a handful at most.
    assert!(
        later >= chunks / 10,
        "{later} of {chunks} chunks of the flood were made after the ten orders"
    );
}
