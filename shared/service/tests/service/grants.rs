//! Chunks of a small batch are granted when they are stored: their first delivery is worked without a claim.

use std::time::Duration;

use serde_json::value::to_raw_value;
use task_engine::{Deadline, Dispatcher, Invocation, Queue, Settings};
use task_service::batches::BatchLabels;
use task_service::orders::{OrderList, submit};
use task_store::outbox::Announcement;
use task_store::tasks::{self, TaskStatus};
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, StoreError, chunks};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::support::*;

const GRANTED: &str =
    "SELECT COUNT(*) FROM tbl_work WHERE state = 3 AND attempt = 0 AND lease_until > NOW(3)";

async fn submitted(fresh: &TestDatabase, task: &str, count: u32) -> Vec<chunks::ChunkKey> {
    let queue = MemoryQueue::default();
    submit_orders(fresh, &queue, task, &orders(count))
        .await
        .unwrap();
    queue.take()
}

async fn granted(fresh: &TestDatabase, key: chunks::ChunkKey) -> Option<chunks::Claimed> {
    let read = async |c: &mut _| chunks::granted(c, key, "order_import").await;
    fresh.database.run(read).await.unwrap()
}

#[tokio::test]
async fn a_grant_of_another_job_does_not_exist_for_a_worker() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let keys = submitted(fresh, "b1", 20).await;
        let other = async |c: &mut _| chunks::granted(c, keys[0], "sku_price").await;
        assert!(fresh.database.run(other).await.unwrap().is_none());
        assert!(granted(fresh, keys[0]).await.is_some());
    })
    .await;
}

#[tokio::test]
async fn the_first_delivery_of_a_small_batch_is_worked_and_finished_without_a_claim() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let keys = submitted(fresh, "b1", 20).await;
        assert_eq!(number(fresh, GRANTED).await, 2);
        work_one(fresh, keys[0]).await.unwrap();
        let running = task(fresh, "b1").await;
        assert_eq!(
            (running.status, running.run_count),
            (TaskStatus::Running, 1)
        );
        work_one(fresh, keys[1]).await.unwrap();
        let finished = task(fresh, "b1").await;
        assert_eq!(
            (finished.status, finished.run_count),
            (TaskStatus::Finished, 1)
        );
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功20)");
        let attempts = "SELECT CAST(SUM(attempts) AS SIGNED) FROM tbl_batch_chunk";
        assert_eq!(number(fresh, attempts).await, 0);
    })
    .await;
}

/// A queue whose messages arrive before `send` has returned: while the database commits the submit.
struct QuickQueue<'a>(&'a TestDatabase);

impl Queue for QuickQueue<'_> {
    async fn send(&self, announcements: &[Announcement]) -> Vec<chunks::ChunkKey> {
        for announced in announcements {
            let (database, key) = (self.0.another(1), announced.key);
            let work = move || {
                let (job, settings) = (job(), settings());
                let work = task_engine::work(&database, &job, &settings, key);
                Handle::current().block_on(work).unwrap();
            };
            spawn_blocking(work).await.unwrap();
        }
        Vec::new()
    }
}

#[tokio::test]
async fn a_batch_whose_messages_are_quicker_than_its_commit_is_worked() {
    with_database(async |fresh| {
        load_station(fresh).await;
        for chunk_items in [50, 5] {
            let dispatcher = Dispatcher {
                database: fresh.another(1),
                queue: QuickQueue(fresh),
                settings: Settings {
                    chunk_items,
                    ..settings()
                },
            };
            let sent = to_raw_value(&orders(50)).unwrap();
            let task = format!("b{chunk_items}");
            let list = OrderList {
                user_task_id: &id(&task),
                time_config_id: "C1",
                file_name: None,
                orders: &sent,
                labels: &BatchLabels::default(),
                rerun: false,
                scope: tasks::IdScope::Station,
            };
            let list = list.cut(&dispatcher.settings).unwrap();
            submit(&dispatcher, &job(), &caller(), &list).await.unwrap();
            assert_eq!(result(fresh, &task).await["total"], 50);
        }
    })
    .await;
}

#[tokio::test]
async fn a_large_batch_and_one_over_the_cap_are_not_granted() {
    with_database(async |fresh| {
        load_station(fresh).await;
        submitted(fresh, "large", 30).await;
        assert_eq!(number(fresh, GRANTED).await, 0, "three chunks");
        for (task, granted) in [("b1", 2), ("b2", 4), ("b3", 6), ("b4", 8), ("b5", 8)] {
            submitted(fresh, task, 20).await;
            assert_eq!(number(fresh, GRANTED).await, granted, "{task}: a cap of 8");
        }
    })
    .await;
}

#[tokio::test]
async fn a_message_that_comes_again_is_worked_under_a_claim_and_the_grant_loses() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let key = submitted(fresh, "b1", 5).await[0];
        let slow = granted(fresh, key).await.unwrap();
        let (job, settings) = (job(), settings());
        let invocation = Invocation::new(&fresh.database, &job, &settings, Deadline::default());
        invocation.work(key).await.unwrap();
        let attempts = "SELECT CAST(SUM(attempts) AS SIGNED) FROM tbl_batch_chunk";
        assert_eq!(number(fresh, attempts).await, 1);
        let complete = async |c: &mut _| chunks::end_unit(c, &slow).await;
        assert!(!fresh.database.run(complete).await.unwrap());
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 5);
    })
    .await;
}

#[tokio::test]
async fn a_grant_that_nobody_used_ends_and_counts_for_its_stations_cap_until_then() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let (first, second) = (
            submitted(fresh, "b1", 5).await,
            submitted(fresh, "b2", 5).await,
        );
        let capped = Settings {
            station_chunks: 1,
            ..settings()
        };
        let job = job();
        let invocation = Invocation::new(&fresh.database, &job, &capped, Deadline::default());
        invocation.work(first[0]).await.unwrap();
        let deferred = "SELECT COUNT(*) FROM tbl_work WHERE state = 2";
        assert_eq!(
            number(fresh, deferred).await,
            1,
            "the other grant is in work"
        );
        run(
            fresh,
            "UPDATE tbl_work SET lease_until = NOW(3) WHERE attempt = 0 AND state = 3",
        )
        .await;
        assert!(granted(fresh, second[0]).await.is_none());
        invocation.work(first[0]).await.unwrap();
        invocation.work(second[0]).await.unwrap();
        for name in ["b1", "b2"] {
            assert_eq!(
                task(fresh, name).await.status,
                TaskStatus::Finished,
                "{name}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn of_two_last_chunks_at_once_one_ends_the_batch() {
    with_database(async |fresh| {
        load_station(fresh).await;
        for round in 0..20 {
            let name = format!("b{round}");
            let keys = submitted(fresh, &name, 20).await;
            let (one, other) = (fresh.another(1), fresh.another(1));
            let (job, settings) = (job(), settings());
            let first = Invocation::new(&one, &job, &settings, Deadline::default());
            let second = Invocation::new(&other, &job, &settings, Deadline::default());
            let (a, b) = tokio::join!(
                first.work_first_delivery(keys[0]),
                second.work_first_delivery(keys[1])
            );
            a.unwrap();
            b.unwrap();
            let ended = task(fresh, &name).await;
            assert_eq!(
                (ended.status, ended.run_count),
                (TaskStatus::Finished, 1),
                "{name}"
            );
            assert_eq!(result(fresh, &name).await["success_count"], 20, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_batch_whose_row_is_held_while_its_only_chunk_ends_counts_its_start() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let keys = submitted(fresh, "b1", 1).await;
        let other = fresh.another(1);
        let is_held = tokio::sync::Notify::new();
        let hold = other.transaction(async |c: &mut Connection| {
            tasks::lock(c, keys[0].task).await?;
            is_held.notify_one();
            // Longer than a worker waits for the row before its commit.
            tokio::time::sleep(Duration::from_millis(60)).await;
            Ok::<_, StoreError>(())
        });
        let work = async {
            is_held.notified().await;
            work_one(fresh, keys[0]).await.unwrap();
        };
        let (end, ()) = tokio::join!(hold, work);
        end.unwrap();
        let ended = task(fresh, "b1").await;
        assert_eq!((ended.status, ended.run_count), (TaskStatus::Finished, 1));
    })
    .await;
}
