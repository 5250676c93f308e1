//! Whose fault it was: an order's own is never tried again, the database's never counts as an order's.

use serde_json::json;
use task_engine::Unworked;
use task_store::items::ItemStatus;
use task_store::tasks::TaskStatus;
use task_store::testing::{TestDatabase, with_database};
use task_store::{Database, DatabaseConfig};

use crate::support::*;

/// Submits ten orders, of which the fourth has a remark.
async fn submitted(fresh: &TestDatabase, queue: &MemoryQueue) {
    load_station(fresh).await;
    let mut orders = orders(10);
    orders[3]["remark"] = json!("不要太熟");
    submit_orders(fresh, queue, "b1", &orders).await.unwrap();
}

#[tokio::test]
async fn an_order_that_cannot_be_stored_fails_alone_at_the_first_attempt() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        submitted(fresh, &queue).await;
        run(fresh, "ALTER TABLE tbl_order MODIFY remark VARCHAR(1) NULL").await;
        work_all(fresh, &queue).await;
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功9, 失败1)");
        let failed = items(fresh, "b1", Some(ItemStatus::Failed)).await;
        assert_eq!(
            (&failed[0]["index"], &failed[0]["code"]),
            (&json!(3), &json!("SYSTEM_BUSY"))
        );
        assert_eq!(
            number(fresh, "SELECT attempts FROM tbl_batch_chunk").await,
            1
        );
    })
    .await;
}

#[tokio::test]
async fn a_fault_of_ours_fails_no_order_however_often_it_is_met() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        submitted(fresh, &queue).await;
        let key = queue.take()[0];
        run(fresh, "RENAME TABLE tbl_order_detail TO away").await;
        for _ in 0..4 {
            let end = work_one(fresh, key).await;
            assert!(matches!(end, Err(Unworked::Store(_))));
        }
        assert_eq!(
            number(
                fresh,
                "SELECT COUNT(*) FROM tbl_batch_item WHERE status <> 0"
            )
            .await,
            0
        );
        run(fresh, "RENAME TABLE away TO tbl_order_detail").await;
        work_one(fresh, key).await.unwrap();
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功10)");
    })
    .await;
}

#[tokio::test]
async fn a_database_that_is_gone_counts_neither_as_an_attempt_nor_as_an_error() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        submitted(fresh, &queue).await;
        let key = queue.take()[0];
        let nowhere = "mysql://u:p@127.0.0.1:1/nowhere";
        let timeout = std::time::Duration::from_secs(1);
        let gone = Database::new(DatabaseConfig::parse(nowhere, 1, timeout).unwrap());
        for _ in 0..3 {
            let end = task_engine::work(&gone, &job(), &settings(), key).await;
            assert!(matches!(end, Err(Unworked::Store(fault)) if fault.is_outage()));
        }
        assert_eq!(number(fresh, "SELECT attempt FROM tbl_work").await, 0);
        // The message came back too often meanwhile: that is not the chunk's fault.
        task_engine::handle_dead_letter(&fresh.database, &settings(), KINDS, key, "dead letter m1")
            .await
            .unwrap();
        assert_eq!(task(fresh, "b1").await.status, TaskStatus::Submitted);
        assert_eq!(sweep(&dispatcher(fresh, &queue)).await.announced, 1);
        work_all(fresh, &queue).await;
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功10)");
    })
    .await;
}

#[tokio::test]
async fn a_lock_that_is_not_given_counts_as_no_stall() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        submitted(fresh, &queue).await;
        let key = queue.take()[0];
        // Somebody else has the table to themselves.
        let other = fresh.another(1);
        let blocked = async |c: &mut _| {
            sqlx::raw_sql("LOCK TABLES tbl_order READ")
                .execute(&mut *c)
                .await?;
            let worked = short_of_time(fresh, key).await;
            sqlx::raw_sql("UNLOCK TABLES").execute(c).await?;
            Ok::<_, task_store::StoreError>(worked)
        };
        let end = other.run(blocked).await.unwrap();
        assert!(matches!(end, Err(Unworked::Store(fault)) if fault.is_retryable()));
        let stalls = "SELECT stalls FROM tbl_work";
        assert_eq!(number(fresh, stalls).await, 0);
        work_one(fresh, key).await.unwrap();
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功10)");
    })
    .await;
}

/// Works a chunk with a database that gives up after a second.
async fn short_of_time(
    fresh: &TestDatabase,
    key: task_store::chunks::ChunkKey,
) -> Result<(), Unworked> {
    let timeout = std::time::Duration::from_secs(1);
    let impatient = Database::new(DatabaseConfig::parse(&fresh.url, 1, timeout).unwrap());
    task_engine::work(&impatient, &job(), &settings(), key).await
}
