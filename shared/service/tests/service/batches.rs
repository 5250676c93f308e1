//! The life of a batch.

use std::time::Duration;

use serde_json::{Value, json};
use task_service::batch::{self, Selection};
use task_service::orders::OrderImport;
use task_service::store::chunks::{self, ChunkKey};
use task_service::store::items::ItemStatus;
use task_service::store::tasks::{Task, TaskStatus};
use task_service::store::testing::{TestDatabase, with_database};
use task_service::store::{StoreError, batches, tasks};
use task_service::{Caller, Word};

use crate::support::*;

async fn task(fresh: &TestDatabase, name: &str) -> Task {
    let name = id(name);
    fresh
        .database
        .run(async |c| tasks::by_user_task_id(c, &name).await)
        .await
        .unwrap()
        .unwrap()
}

async fn result(fresh: &TestDatabase, name: &str) -> Value {
    serde_json::from_str(&task(fresh, name).await.result.unwrap()).unwrap()
}

async fn items(fresh: &TestDatabase, name: &str, status: Option<ItemStatus>) -> Vec<Value> {
    let task = task(fresh, name).await;
    let selection = Selection {
        status,
        limit: 1000,
        skip: 0,
    };
    let open = task.status != TaskStatus::Finished;
    let views = fresh.database.run(async |c| {
        let batch = batches::by_task(c, task.id).await?.unwrap();
        batch::read::<OrderImport>(c, &batch, open, selection).await
    });
    let views = views.await.unwrap();
    serde_json::from_str(&serde_json::to_string(&views).unwrap()).unwrap()
}

async fn number(fresh: &TestDatabase, sql: &str) -> i64 {
    let read = async |c: &mut _| Ok::<i64, StoreError>(sqlx::query_scalar(sql).fetch_one(c).await?);
    fresh.database.run(read).await.unwrap()
}

async fn run(fresh: &TestDatabase, sql: &str) {
    let write = async |c: &mut _| Ok::<_, StoreError>(sqlx::query(sql).execute(c).await?);
    fresh.database.run(write).await.unwrap();
}

#[tokio::test]
async fn a_batch_of_right_orders_is_made_and_finished() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        submit_orders(fresh, &queue, "b1", &orders(25))
            .await
            .unwrap();
        assert_eq!(
            queue.sent.lock().unwrap().len(),
            3,
            "25 orders in chunks of 10"
        );
        assert_eq!(task(fresh, "b1").await.status, TaskStatus::Submitted);
        work_all(fresh, &queue).await;
        let task = task(fresh, "b1").await;
        assert_eq!((task.status, task.run_count), (TaskStatus::Finished, 1));
        let result = result(fresh, "b1").await;
        assert_eq!(result["msg"], "批量导入(成功25)");
        assert_eq!(result["outcome"], "success");
        assert_eq!(result["target"], "");
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 25);
        assert_eq!(
            number(fresh, "SELECT COUNT(*) FROM tbl_order_detail").await,
            50
        );
        assert_eq!(
            number(fresh, "SELECT COUNT(*) FROM tbl_order WHERE total = 3.85").await,
            25
        );
    })
    .await;
}

fn faulty(n: u32, change: impl FnOnce(&mut Value)) -> Value {
    let mut order = order(n);
    change(&mut order);
    order
}

fn word<T: std::fmt::Debug>(end: task_service::Result<T>) -> Word {
    end.unwrap_err().word()
}

#[tokio::test]
async fn one_bad_order_never_harms_its_neighbours() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let orders = [
            order(0),
            faulty(1, |order| order["address_id"] = json!("nobody")),
            json!("no order at all"),
            faulty(3, |order| {
                order["details"][0]["amount"] = json!("-1");
                order["details"][1]["sku_id"] = json!("D4");
            }),
            order(0),
            order(5),
        ];
        submit_orders(fresh, &queue, "b1", &orders).await.unwrap();
        work_all(fresh, &queue).await;
        let result = result(fresh, "b1").await;
        assert_eq!(result["msg"], "批量导入(成功2, 失败4)");
        assert_eq!(
            (&result["outcome"], &result["target"]),
            (&json!("partial"), &json!("order_batch"))
        );
        assert_eq!(result["failed"].as_array().unwrap().len(), 4);
        assert_eq!(result["failed"][2]["address_id"], "S3");
        let failed = items(fresh, "b1", Some(ItemStatus::Failed)).await;
        let codes: Vec<_> = failed
            .iter()
            .map(|item| (item["index"].clone(), item["code"].clone()))
            .collect();
        let expected = [
            (1, "ADDRESS_NOT_FOUND"),
            (2, "ORDER_FORMAT"),
            (3, "QUANTITY_NOT_POSITIVE"),
            (4, "DUPLICATE_IN_BATCH"),
        ];
        assert_eq!(
            codes,
            expected.map(|(index, code)| (json!(index), json!(code)))
        );
        assert_eq!(
            failed[2]["errors"].as_array().unwrap().len(),
            2,
            "all errors at once"
        );
        assert_eq!(failed[0]["unknown"]["kept"], 1, "what was sent comes back");
        let all = items(fresh, "b1", None).await;
        assert_eq!(all.len(), 6);
        assert_eq!(
            all[0]["order_no"],
            format!("PL{}", all[0]["order_id"].as_str().unwrap())
        );
    })
    .await;
}

#[tokio::test]
async fn the_same_batch_sent_again_in_flight_is_the_same_batch() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        submit_orders(fresh, &queue, "b1", &orders(12))
            .await
            .unwrap();
        let announced = queue.take();
        submit_orders(fresh, &queue, "b1", &orders(12))
            .await
            .unwrap();
        assert!(queue.take().is_empty(), "nothing new is announced");
        assert_eq!(
            word(submit_orders(fresh, &queue, "b1", &orders(13)).await),
            Word::TaskConflict
        );
        queue.sent.lock().unwrap().extend(announced);
        work_all(fresh, &queue).await;
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 12);
        assert_eq!(
            number(fresh, "SELECT COUNT(*) FROM tbl_async_task").await,
            1
        );
    })
    .await;
}

#[tokio::test]
async fn a_finished_batch_runs_again_and_makes_only_what_is_missing() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let mut list = orders(12);
        list[7]["details"][0]["amount"] = json!("0");
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        work_all(fresh, &queue).await;
        let before = items(fresh, "b1", Some(ItemStatus::Success)).await;
        list[7] = order(7);
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        assert_eq!(task(fresh, "b1").await.status, TaskStatus::Submitted);
        work_all(fresh, &queue).await;
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功12)");
        let after = items(fresh, "b1", Some(ItemStatus::Success)).await;
        assert!(
            before
                .iter()
                .all(|old| after.iter().any(|new| new["order_id"] == old["order_id"]))
        );
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 12);
    })
    .await;
}

#[tokio::test]
async fn faults_of_the_whole_batch_refuse_it_and_change_nothing() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let many = vec![json!({}); 10_001];
        assert_eq!(
            word(submit_orders(fresh, &queue, "b", &[]).await),
            Word::BatchEmpty
        );
        assert_eq!(
            word(submit_orders(fresh, &queue, "b", &many).await),
            Word::BatchTooLarge
        );
        let me = caller();
        for (cycle, expected) in [
            ("C9", Word::CycleNotFound),
            ("C1b", Word::CycleNotFound),
            ("C0", Word::CycleClosed),
        ] {
            assert_eq!(
                word(submit_for(fresh, &queue, "b", cycle, &me, &orders(1)).await),
                expected,
                "{cycle}"
            );
        }
        assert_eq!(
            number(fresh, "SELECT COUNT(*) FROM tbl_async_task").await,
            0
        );
        assert!(queue.take().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_trusted_caller_without_station_submits_for_the_cycles_station() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        submit_for(fresh, &queue, "b", "C1b", &Caller::Unbound, &orders(1))
            .await
            .unwrap();
        assert_eq!(task(fresh, "b").await.station_id.as_str(), "T2");
        assert_eq!(
            word(submit_orders(fresh, &queue, "b", &orders(1)).await),
            Word::TaskConflict
        );
    })
    .await;
}

#[tokio::test]
async fn a_message_may_come_twice_late_or_for_nothing() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        submit_orders(fresh, &queue, "b1", &orders(5))
            .await
            .unwrap();
        let key = queue.take()[0];
        for _ in 0..3 {
            batch::work(&fresh.database, &job(), &settings(), key)
                .await
                .unwrap();
        }
        let nothing = ChunkKey { chunk: 99, ..key };
        batch::work(&fresh.database, &job(), &settings(), nothing)
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
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        submit_orders(fresh, &queue, "b1", &orders(5))
            .await
            .unwrap();
        let key = queue.take()[0];
        let lease = settings().lease;
        let held = fresh
            .database
            .run(async |c| chunks::claim(c, key, lease).await)
            .await
            .unwrap();
        assert!(held.is_some());
        let end = batch::work(&fresh.database, &job(), &settings(), key).await;
        assert!(matches!(end, Err(batch::Unworked::Held)));
    })
    .await;
}

#[tokio::test]
async fn a_zombie_whose_lease_was_taken_over_writes_nothing() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        submit_orders(fresh, &queue, "b1", &orders(5))
            .await
            .unwrap();
        let key = queue.take()[0];
        let zombie = fresh
            .database
            .run(async |c| chunks::claim(c, key, Duration::ZERO).await)
            .await
            .unwrap()
            .unwrap();
        batch::work(&fresh.database, &job(), &settings(), key)
            .await
            .unwrap();
        let held = fresh
            .database
            .transaction(async |c| chunks::complete(c, &zombie).await)
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
        let swept = batch::announce_due(&dispatcher(fresh, &up)).await.unwrap();
        assert_eq!(swept, 3);
        assert_eq!(
            batch::announce_due(&dispatcher(fresh, &up)).await.unwrap(),
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
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        submit_orders(fresh, &queue, "b1", &orders(5))
            .await
            .unwrap();
        run(fresh, "UPDATE tbl_batch_chunk SET state = 1").await;
        assert_eq!(
            batch::finish_abandoned::<OrderImport>(&fresh.database)
                .await
                .unwrap(),
            1
        );
        assert_eq!(task(fresh, "b1").await.status, TaskStatus::Finished);
        assert_eq!(
            batch::finish_abandoned::<OrderImport>(&fresh.database)
                .await
                .unwrap(),
            0
        );
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
            .map(|key| batch::work(&fresh.database, &job, &settings, *key));
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
async fn from_its_third_attempt_on_a_chunk_is_worked_item_by_item() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        submit_orders(fresh, &queue, "b1", &orders(5))
            .await
            .unwrap();
        run(fresh, "UPDATE tbl_batch_chunk SET attempts = 2").await;
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
