//! The life of a batch: submitted, worked, finished, submitted again.

use serde_json::json;
use task_service::tasks::{self, TaskReference};
use task_service::{Caller, ErrorCode};
use task_store::StationId;
use task_store::items::ItemStatus;
use task_store::tasks::TaskStatus;
use task_store::testing::with_database;

use crate::support::*;

#[tokio::test]
async fn a_batch_of_right_orders_is_made_and_finished() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 25).await;
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

#[tokio::test]
async fn an_order_that_is_made_at_once_needs_no_row_for_its_outcome() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let mut list = orders(25);
        list[12]["details"][0]["amount"] = json!("0");
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        work_all(fresh, &queue).await;
        assert_eq!(
            number(fresh, "SELECT COUNT(*) FROM tbl_batch_item").await,
            1
        );
        let made = items(fresh, "b1", Some(ItemStatus::Success)).await;
        assert_eq!(made.len(), 24);
        for item in made {
            let id: i64 = item["order_id"].as_str().unwrap().parse().unwrap();
            let address = format!(
                "SELECT COUNT(*) FROM tbl_order WHERE id = {id} AND address_id = '{}'",
                item["address_id"].as_str().unwrap()
            );
            assert_eq!(number(fresh, &address).await, 1, "{item}");
        }
    })
    .await;
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
        let queue = submitted_batch(fresh, 12).await;
        let announced = queue.take();
        submit_orders(fresh, &queue, "b1", &orders(12))
            .await
            .unwrap();
        assert!(queue.take().is_empty(), "nothing new is announced");
        assert_eq!(
            code(submit_orders(fresh, &queue, "b1", &orders(13)).await),
            ErrorCode::TaskConflict
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
            code(submit_orders(fresh, &queue, "b", &[]).await),
            ErrorCode::BatchEmpty
        );
        assert_eq!(
            code(submit_orders(fresh, &queue, "b", &many).await),
            ErrorCode::BatchTooLarge
        );
        let me = caller();
        for (cycle, expected) in [
            ("C9", ErrorCode::CycleNotFound),
            ("C1b", ErrorCode::CycleNotFound),
            ("C0", ErrorCode::CycleClosed),
        ] {
            assert_eq!(
                code(submit_for(fresh, &queue, "b", cycle, &me, &orders(1)).await),
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
    })
    .await;
}

#[tokio::test]
async fn two_stations_may_choose_the_same_id_for_a_batch() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let other = Caller::Station(StationId::parse("T2").unwrap());
        submit_for(fresh, &queue, "b", "C1b", &other, &orders(1))
            .await
            .unwrap();
        submit_orders(fresh, &queue, "b", &orders(2)).await.unwrap();
        let named = TaskReference {
            user_task_id: Some(id("b")),
            ..TaskReference::default()
        };
        for caller in [caller(), other] {
            let (task, _) = tasks::get(&fresh.database, &caller, &named).await.unwrap();
            assert!(caller.may_access(&task.station_id));
        }
    })
    .await;
}

#[tokio::test]
async fn a_numeric_id_of_ones_own_is_not_hidden_by_another_stations_key() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let other = Caller::Station(StationId::parse("T2").unwrap());
        submit_for(fresh, &queue, "theirs", "C1b", &other, &orders(1))
            .await
            .unwrap();
        let key = task(fresh, "theirs").await.id;
        submit_orders(fresh, &queue, &key.to_string(), &orders(1))
            .await
            .unwrap();
        let named = TaskReference {
            task_id: Some(key),
            user_task_id: None,
            task_id_as_user: Some(id(&key.to_string())),
            station_id: None,
        };
        let (mine, _) = tasks::get(&fresh.database, &caller(), &named)
            .await
            .unwrap();
        assert_eq!(mine.station_id.as_str(), STATION);
        let (theirs, _) = tasks::get(&fresh.database, &other, &named).await.unwrap();
        assert_eq!(theirs.id, key);
    })
    .await;
}
