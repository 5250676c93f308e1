//! A batch under faults of messages, workers and leases.

use std::time::Duration;

use serde_json::json;
use task_store::chunks::{self, ChunkKey};
use task_store::items::ItemStatus;
use task_store::tasks::TaskStatus;
use task_store::testing::with_database;

use crate::support::*;

#[tokio::test]
async fn a_message_may_come_twice_late_or_for_nothing() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 5).await;
        let key = queue.take()[0];
        for _ in 0..3 {
            task_engine::work(&fresh.database, &job(), &settings(), key)
                .await
                .unwrap();
        }
        let nothing = ChunkKey { chunk: 99, ..key };
        task_engine::work(&fresh.database, &job(), &settings(), nothing)
            .await
            .unwrap();
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 5);
        assert_eq!(task(fresh, "b1").await.run_count, 1);
    })
    .await;
}

#[tokio::test]
async fn a_chunk_that_another_worker_holds_stays_in_the_queue() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 5).await;
        let key = queue.take()[0];
        let lease = settings().lease;
        let held = fresh
            .database
            .run(async |c| chunks::claim(c, key, &chunks::ClaimTerms::new(lease, 0)).await)
            .await
            .unwrap();
        assert!(held.claimed().is_some());
        let end = task_engine::work(&fresh.database, &job(), &settings(), key).await;
        assert!(matches!(end, Err(task_engine::Unworked::Held)));
    })
    .await;
}

#[tokio::test]
async fn a_zombie_whose_lease_was_taken_over_writes_nothing() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 5).await;
        let key = queue.take()[0];
        let zombie = fresh
            .database
            .run(async |c| chunks::claim(c, key, &chunks::ClaimTerms::new(Duration::ZERO, 0)).await)
            .await
            .unwrap()
            .claimed()
            .unwrap();
        task_engine::work(&fresh.database, &job(), &settings(), key)
            .await
            .unwrap();
        let held = fresh
            .database
            .transaction(async |c| chunks::end_unit(c, &zombie).await)
            .await
            .unwrap();
        assert!(!held, "the fence keeps the zombie out");
    })
    .await;
}

#[tokio::test]
async fn what_could_not_be_announced_is_announced_by_the_sweeper() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let down = MemoryQueue {
            down: true,
            ..MemoryQueue::default()
        };
        submit_orders(fresh, &down, "b1", &orders(25))
            .await
            .unwrap();
        let up = MemoryQueue::default();
        let swept = sweep(&dispatcher(fresh, &up)).await.announced;
        assert_eq!(swept, 3);
        assert_eq!(
            sweep(&dispatcher(fresh, &up)).await.announced,
            0,
            "not twice"
        );
        work_all(fresh, &up).await;
        assert_eq!(task(fresh, "b1").await.status, TaskStatus::Finished);
    })
    .await;
}

#[tokio::test]
async fn a_batch_whose_last_worker_died_before_finishing_it_is_finished_by_the_sweeper() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 5).await;
        end_all_chunks(fresh).await;
        assert_eq!(sweep(&dispatcher(fresh, &queue)).await.finished, 1);
        assert_eq!(task(fresh, "b1").await.status, TaskStatus::Finished);
        assert_eq!(sweep(&dispatcher(fresh, &queue)).await.finished, 0);
    })
    .await;
}

#[tokio::test]
async fn an_order_number_of_another_batch_fails_alone_even_when_both_are_worked_at_once() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let numbered =
            |n: u32, number: &str| faulty(n, |order| order["out_order_no"] = json!(number));
        let first: Vec<_> = (0..9).map(|n| numbered(n, &format!("A{n}"))).collect();
        let second: Vec<_> = (0..9)
            .map(|n| numbered(n + 20, &format!("A{}", n + 8)))
            .collect();
        submit_orders(fresh, &queue, "b1", &first).await.unwrap();
        submit_orders(fresh, &queue, "b2", &second).await.unwrap();
        let keys = queue.take();
        let (job, settings) = (job(), settings());
        let works = keys
            .iter()
            .map(|key| task_engine::work(&fresh.database, &job, &settings, *key));
        for end in futures_util::future::join_all(works).await {
            end.unwrap();
        }
        let failed = [
            items(fresh, "b1", Some(ItemStatus::Failed)).await,
            items(fresh, "b2", Some(ItemStatus::Failed)).await,
        ]
        .concat();
        assert_eq!(failed.len(), 1);
        assert_eq!(failed[0]["code"], "DUPLICATE_ORDER_NO");
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 17);
    })
    .await;
}

#[tokio::test]
async fn a_dead_letter_ends_its_chunk_and_the_batch_finishes() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 15).await;
        let keys = queue.take();
        work_one(fresh, keys[0]).await.unwrap();
        run(
            fresh,
            "UPDATE tbl_work SET stalls = 5",
        )
        .await;
        for _ in 0..2 {
            task_engine::handle_dead_letter(&fresh.database, &settings(), KINDS, keys[1], "dead letter m1")
                .await
                .unwrap();
        }
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功10, 失败5)");
        let failed = items(fresh, "b1", Some(ItemStatus::Failed)).await;
        assert!(failed.iter().all(|item| item["code"] == "SYSTEM_BUSY"));
        let kept = "SELECT COUNT(*) FROM tbl_batch_chunk WHERE cause LIKE 'dead letter m1; attempt 0 by request unknown; %'";
        assert_eq!(number(fresh, kept).await, 1, "the cause is kept");
        submit_orders(fresh, &queue, "b1", &orders(15))
            .await
            .unwrap();
        work_all(fresh, &queue).await;
        assert_eq!(
            result(fresh, "b1").await["msg"],
            "批量导入(成功15)",
            "submitting again redrives"
        );
    })
    .await;
}

#[tokio::test]
async fn a_dead_letter_of_a_chunk_in_work_waits() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 5).await;
        let (key, lease) = (queue.take()[0], settings().lease);
        fresh
            .database
            .run(async |c| chunks::claim(c, key, &chunks::ClaimTerms::new(lease, 0)).await)
            .await
            .unwrap();
        run(fresh, "UPDATE tbl_work SET stalls = 5").await;
        let end = task_engine::handle_dead_letter(
            &fresh.database,
            &settings(),
            KINDS,
            key,
            "dead letter m1",
        )
        .await;
        assert!(matches!(end, Err(task_engine::Unworked::Held)));
    })
    .await;
}
