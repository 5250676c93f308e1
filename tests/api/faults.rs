//! Promises when processes die, stand still or lose their messages: an accepted batch ends, and every
//! order has its effect once. Each test breaks a stack of its own.

use std::time::{Duration, Instant};

use serde_json::json;
use task_local::StackConfig;

use crate::support::{Api, QUEUE, Station, eventually, numbered, orders, with_own_api};

/// Orders of a batch that is long enough to break something in the middle of it.
const ORDERS: usize = 4000;
const LEASE: Duration = Duration::from_secs(2);

/// Small chunks, a short memory, and a receive count that repeated faults do not exhaust.
fn fast(config: StackConfig) -> StackConfig {
    StackConfig {
        visibility_timeout: Duration::from_secs(3),
        function_timeout: Duration::from_secs(2),
        max_receive_count: 100,
        schedule: Some(Duration::from_millis(500)),
        ..config
            .with("CHUNK_SIZE", "20")
            .with("LEASE_SECONDS", LEASE.as_secs().to_string())
            .with("RESEND_SECONDS", "2")
    }
}

/// Submits the long batch.
async fn submit(api: &Api) {
    let station = Station::fresh(api).await;
    api.submit(&station, "long", &numbered("long", ORDERS))
        .await
        .data();
}

/// Waits until `count` chunks are done and sees that not all are.
async fn chunks_done(api: &Api, count: i64) {
    let sql = "SELECT COUNT(*) FROM tbl_batch_chunk WHERE state = 1";
    let done = async || (api.database.number(sql).await >= count).then_some(());
    eventually(&format!("{count} chunks are done"), done).await;
    assert_ne!(
        api.task("long").await["status"],
        3,
        "too late to break anything"
    );
}

/// Every order of the batch has been made, once, and the result says so.
async fn made_once(api: &Api) {
    let task = api.finished("long").await;
    let result = &task["result"];
    assert_eq!(
        (&result["msg"], &result["success_count"]),
        (&json!(format!("批量导入(成功{ORDERS})")), &json!(ORDERS))
    );
    let orders = i64::try_from(ORDERS).unwrap();
    assert_eq!(api.database.count("tbl_order", "long").await, orders);
    assert_eq!(
        api.database
            .number("SELECT COUNT(*) FROM tbl_order_detail")
            .await,
        2 * orders
    );
    let numbers = "SELECT COUNT(DISTINCT out_order_no) FROM tbl_order";
    assert_eq!(api.database.number(numbers).await, orders);
}

#[tokio::test]
async fn a_batch_ends_with_every_order_made_once_though_its_workers_are_killed_thrice() {
    with_own_api(fast, async |api| {
        submit(api).await;
        for done in [10, 40, 70] {
            chunks_done(api, done).await;
            assert!(api.workers().kill() > 0);
        }
        made_once(api).await;
        assert!(api.workers().exits() >= 3);
    })
    .await;
}

#[tokio::test]
async fn a_batch_ends_with_every_order_made_once_though_the_queue_loses_its_messages() {
    with_own_api(fast, async |api| {
        submit(api).await;
        chunks_done(api, 20).await;
        api.stack.kill_queue().await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_ne!(api.task("long").await["status"], 3);
        api.stack.start_queue().await.unwrap();
        made_once(api).await;
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_stood_still_past_its_lease_does_no_harm_when_it_goes_on() {
    with_own_api(fast, async |api| {
        submit(api).await;
        chunks_done(api, 20).await;
        pause_in_the_middle_of_a_chunk(api).await;
        api.workers().scale(4);
        let again = "SELECT (SELECT COUNT(*) FROM tbl_work WHERE attempt > 1) \
             + (SELECT COUNT(*) FROM tbl_batch_chunk WHERE attempts > 1)";
        let taken_over = async || (api.database.number(again).await > 0).then_some(());
        eventually("another worker took a chunk over", taken_over).await;
        api.workers().resume();
        made_once(api).await;
    })
    .await;
}

/// Stops the workers at a moment when one holds a chunk and nothing that the database would make others wait for.
async fn pause_in_the_middle_of_a_chunk(api: &Api) {
    let held = "SELECT COUNT(*) FROM tbl_work WHERE state = 3 AND lease_until > NOW(3) FOR UPDATE SKIP LOCKED";
    let caught = async || {
        api.workers().pause();
        // What they had asked the database for is done meanwhile.
        tokio::time::sleep(Duration::from_millis(100)).await;
        if api.database.number(held).await > 0 {
            return Some(());
        }
        api.workers().resume();
        None
    };
    eventually("a worker stands still with a chunk", caught).await;
    assert_ne!(api.task("long").await["status"], 3);
}

#[tokio::test]
async fn a_batch_is_accepted_while_the_queue_is_down_and_finished_once_it_is_back() {
    // More messages than one round of requests can carry.
    let configure = |config| fast(config).with("CHUNK_SIZE", "5");
    with_own_api(configure, async |api| {
        api.stack.kill_queue().await.unwrap();
        let start = Instant::now();
        submit(api).await;
        let took = start.elapsed();
        assert!(
            took < Duration::from_secs(15),
            "a submit waits for no queue: {took:?}"
        );
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(api.task("long").await["status"], 1);
        api.stack.start_queue().await.unwrap();
        made_once(api).await;
    })
    .await;
}

#[tokio::test]
async fn a_message_that_nobody_can_read_ends_in_the_dead_letter_queue() {
    let configure = |config| StackConfig {
        visibility_timeout: Duration::from_secs(1),
        max_receive_count: 2,
        ..config
    };
    with_own_api(configure, async |api| {
        let station = Station::fresh(api).await;
        api.stack.send(QUEUE, "hello").await.unwrap();
        let task = api.import(&station, "beside", &orders(5)).await;
        assert_eq!(
            task["result"]["outcome"], "success",
            "it is in nobody's way"
        );
        let dead = async || (api.dead_letters().await == 1).then_some(());
        eventually("it is given up", dead).await;
        api.stack.kill_queue().await.unwrap();
        api.stack.start_queue().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_function_that_is_killed_is_started_again_and_a_retried_submit_is_the_same_batch() {
    with_own_api(fast, async |api| {
        let station = Station::fresh(api).await;
        api.submit(&station, "retried", &orders(50)).await.data();
        assert!(api.stack.function("order-batch-submit").unwrap().kill() > 0);
        // The local runtime may hand a request to the dead process: that one is never answered.
        let retried = async || {
            let request = api.submission(&station, "retried", &orders(50));
            let answer = request.timeout(Duration::from_secs(5)).send().await.ok()?;
            (answer.status() == 200).then_some(())
        };
        eventually("a retried submit is answered", retried).await;
        api.finished("retried").await;
        assert_eq!(api.database.count("tbl_order", "retried").await, 50);
    })
    .await;
}

#[tokio::test]
async fn orders_that_cannot_be_worked_fail_after_the_last_try_and_can_be_submitted_again() {
    let configure = |config| StackConfig {
        visibility_timeout: Duration::from_secs(1),
        max_receive_count: 2,
        ..fast(config)
    };
    with_own_api(configure, async |api| {
        let station = Station::fresh(api).await;
        let mut connection = api.database.connect().await;
        let broken = sqlx::raw_sql("RENAME TABLE tbl_sku TO tbl_sku_away");
        broken.execute(&mut connection).await.unwrap();
        let result = api.import(&station, "busy", &orders(30)).await["result"].clone();
        assert_eq!(
            (&result["outcome"], &result["failure_count"]),
            (&json!("failed"), &json!(30))
        );
        assert_eq!(
            api.details("busy", "failed").await[29]["code"],
            "SYSTEM_BUSY"
        );
        let mended = sqlx::raw_sql("RENAME TABLE tbl_sku_away TO tbl_sku");
        mended.execute(&mut connection).await.unwrap();
        let result = api.import(&station, "busy", &orders(30)).await["result"].clone();
        assert_eq!(
            (&result["outcome"], &result["success_count"]),
            (&json!("success"), &json!(30))
        );
        assert_eq!(api.database.count("tbl_order", "busy").await, 30);
    })
    .await;
}
