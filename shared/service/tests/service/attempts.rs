//! Later attempts of a chunk: settled items stay settled, and an item that stalls them does not cost the others.

use serde_json::json;
use task_engine::{Deadline, Invocation};
use task_store::items::ItemStatus;
use task_store::testing::{TestDatabase, with_database};

use crate::support::*;

const COMMITS: &str = "SELECT MAX(attempt) * 10 + MAX(stalls) FROM tbl_work";

/// A batch of five orders; the first was refused by an attempt that was then cut off.
async fn first_is_refused(fresh: &TestDatabase, queue: &MemoryQueue) {
    load_station(fresh).await;
    submit_orders(fresh, queue, "b1", &orders(5)).await.unwrap();
    run(fresh, "UPDATE tbl_work SET attempt = 1, lease_until = NULL").await;
    run(
        fresh,
        "INSERT INTO tbl_batch_item (task_id, run, item_index, chunk_id, status, attempts, errors) \
         SELECT task_id, run, 0, id, 2, 1, '[]' FROM tbl_batch_chunk",
    )
    .await;
}

#[tokio::test]
async fn an_item_that_an_earlier_attempt_refused_is_not_made_though_it_is_right_by_now() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        first_is_refused(fresh, &queue).await;
        work_all(fresh, &queue).await;
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功4, 失败1)");
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 4);
        let first = "SELECT COUNT(*) FROM tbl_order WHERE address_id = 'S0'";
        assert_eq!(number(fresh, first).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_chunk_of_which_every_item_is_settled_is_closed_without_work() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        first_is_refused(fresh, &queue).await;
        run(
            fresh,
            "INSERT INTO tbl_batch_item (task_id, run, item_index, chunk_id, status, errors) \
             SELECT c.task_id, c.run, n.n, c.id, 2, '[]' FROM tbl_batch_chunk c \
             JOIN (SELECT 1 n UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) n",
        )
        .await;
        work_all(fresh, &queue).await;
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功0, 失败5)");
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 0);
    })
    .await;
}

#[tokio::test]
async fn after_two_stalled_attempts_a_chunk_is_worked_item_by_item() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 5).await;
        run(
            fresh,
            "UPDATE tbl_work SET attempt = 2, stalls = 2, lease_until = NULL",
        )
        .await;
        run(
            fresh,
            "INSERT INTO tbl_batch_item (task_id, run, item_index, chunk_id, status, attempts) \
             SELECT task_id, run, 3, id, 0, 2 FROM tbl_batch_chunk",
        )
        .await;
        work_all(fresh, &queue).await;
        let failed = items(fresh, "b1", Some(ItemStatus::Failed)).await;
        assert_eq!(
            failed.len(),
            1,
            "the item that ended two tries is given up alone"
        );
        assert_eq!(
            (&failed[0]["index"], &failed[0]["code"]),
            (&json!(3), &json!("SYSTEM_BUSY"))
        );
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功4, 失败1)");
    })
    .await;
}

#[tokio::test]
async fn after_two_blips_of_the_database_a_chunk_is_still_worked_together() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 10).await;
        run(fresh, "UPDATE tbl_work SET attempt = 4, lease_until = NULL").await;
        work_all(fresh, &queue).await;
        let attempts = "SELECT attempts FROM tbl_batch_chunk";
        assert_eq!(number(fresh, attempts).await, 5);
        let tried = "SELECT COUNT(*) FROM tbl_batch_item WHERE attempts > 0";
        assert_eq!(number(fresh, tried).await, 0, "none was tried by itself");
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功10)");
    })
    .await;
}

#[tokio::test]
async fn a_chunk_that_was_put_back_twice_is_still_worked_together() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let mut orders = orders(10);
        orders[9]["remark"] = json!("不要太熟");
        submit_orders(fresh, &queue, "b1", &orders).await.unwrap();
        let key = queue.take()[0];
        run(fresh, "ALTER TABLE tbl_order MODIFY remark VARCHAR(1) NULL").await;
        let (job, settings) = (job(), settings());
        for _ in 0..2 {
            let over = Deadline::at(std::time::Instant::now());
            let invocation = Invocation::new(&fresh.database, &job, &settings, over);
            invocation.work(key).await.unwrap();
        }
        assert_eq!(number(fresh, COMMITS).await, 20, "two attempts, no stall");
        run(
            fresh,
            "ALTER TABLE tbl_order MODIFY remark VARCHAR(99) NULL",
        )
        .await;
        work_one(fresh, key).await.unwrap();
        let tried = "SELECT COUNT(*) FROM tbl_batch_item WHERE attempts > 0";
        assert_eq!(number(fresh, tried).await, 2, "the first two only");
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功10)");
    })
    .await;
}

#[tokio::test]
async fn an_invocation_and_the_last_fault_are_noted_with_the_chunk() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 5).await;
        let key = queue.take()[0];
        run(fresh, "RENAME TABLE tbl_order_detail TO away").await;
        let (job, settings) = (job(), settings());
        let invocation = Invocation::new(&fresh.database, &job, &settings, Deadline::default());
        invocation.of_request("req-1").work(key).await.unwrap_err();
        run(fresh, "UPDATE tbl_work SET stalls = 5").await;
        task_engine::handle_dead_letter(&fresh.database, &settings, KINDS, key, "dead letter m1")
            .await
            .unwrap();
        let noted = "SELECT COUNT(*) FROM tbl_batch_chunk WHERE cause = \
             'dead letter m1; attempt 1 by request req-1; last error: attempt 1: database error 1146'";
        assert_eq!(number(fresh, noted).await, 1);
        let failed = items(fresh, "b1", Some(ItemStatus::Failed)).await;
        assert_eq!(failed.len(), 5);
    })
    .await;
}
