//! Orders that are corrected to the key of another order of their batch: one of the two is made, the other is its duplicate.

use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use task_service::async_tasks::retry;
use task_service::orders::{Mending, Which, amend};
use task_service::tasks::TaskReference;
use task_store::items::ItemStatus;
use task_store::testing::{TestDatabase, with_database};

use crate::support::*;

fn named() -> TaskReference {
    TaskReference {
        user_task_id: Some(id("b1")),
        ..TaskReference::default()
    }
}

async fn correct(fresh: &TestDatabase, queue: &MemoryQueue, index: u32, order: &Value) {
    let which = Which {
        index: Some(index),
        ..Which::default()
    };
    let (desk, order) = (dispatcher(fresh, queue), to_raw_value(order).unwrap());
    let corrected = Mending::Corrected(&order);
    amend(&desk, &caller(), &named(), &which, corrected)
        .await
        .unwrap();
}

/// Asserts that an item has failed as the duplicate of another one, and that no order belongs to two items.
async fn assert_duplicate(fresh: &TestDatabase, index: u32, other: u32) {
    let items = items(fresh, "b1", None).await;
    let item = &items[index as usize];
    let duplicate = json!([item["status"], item["code"], item["errors"][0]["value"]]);
    let expected = json!(["failed", "DUPLICATE_IN_BATCH", other.to_string()]);
    assert_eq!(duplicate, expected, "{item}");
    let mut made: Vec<_> = items
        .iter()
        .filter_map(|item| item["order_id"].as_str())
        .collect();
    made.sort_unstable();
    let all = made.len();
    made.dedup();
    assert_eq!(made.len(), all, "an order of two items");
    let orders = number(fresh, "SELECT COUNT(*) FROM tbl_order").await;
    assert_eq!(usize::try_from(orders).unwrap(), all);
}

/// A finished batch of 12 orders, of which those at 3 and 7 have failed; the one at 7 can be made now.
async fn two_failed(fresh: &TestDatabase, queue: &MemoryQueue) -> Vec<Value> {
    load_station(fresh).await;
    let mut list = orders(12);
    list[3]["details"] = json!([]);
    list[7]["details"][0]["sku_id"] = json!("D4");
    submit_orders(fresh, queue, "b1", &list).await.unwrap();
    work_all(fresh, queue).await;
    assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功10, 失败2)");
    run(fresh, "UPDATE tbl_sku SET on_sale = 1 WHERE sku_id = 'D4'").await;
    list
}

/// The batch of [`two_failed`], in which the order at 3 was corrected to the one that failed at 7, and was made.
async fn one_corrected(fresh: &TestDatabase, queue: &MemoryQueue) -> Vec<Value> {
    let list = two_failed(fresh, queue).await;
    correct(fresh, queue, 3, &order(7)).await;
    work_all(fresh, queue).await;
    list
}

#[tokio::test]
async fn an_order_whose_key_another_was_corrected_to_while_it_waited_is_its_duplicate() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let mut list = orders(25);
        list[3]["details"] = json!([]);
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        let keys = queue.take();
        work_one(fresh, keys[0]).await.unwrap();
        correct(fresh, &queue, 3, &list[24]).await;
        work_all(fresh, &queue).await;
        for key in &keys[1..] {
            work_one(fresh, *key).await.unwrap();
        }
        assert_duplicate(fresh, 24, 3).await;
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功24, 失败1)");
    })
    .await;
}

#[tokio::test]
async fn a_correction_that_was_overtaken_by_the_order_with_its_key_is_its_duplicate() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let mut list = orders(25);
        list[3]["details"] = json!([]);
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        let keys = queue.take();
        work_one(fresh, keys[0]).await.unwrap();
        correct(fresh, &queue, 3, &list[24]).await;
        for key in &keys[1..] {
            work_one(fresh, *key).await.unwrap();
        }
        work_all(fresh, &queue).await;
        assert_duplicate(fresh, 3, 24).await;
    })
    .await;
}

#[tokio::test]
async fn a_list_sent_again_does_not_take_a_corrected_order_for_the_one_with_its_key() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        let list = one_corrected(fresh, &queue).await;
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        work_all(fresh, &queue).await;
        assert_eq!(task(fresh, "b1").await.run_count, 2);
        assert_duplicate(fresh, 7, 3).await;
    })
    .await;
}

#[tokio::test]
async fn a_second_try_does_not_take_a_corrected_order_for_the_one_with_its_key() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        one_corrected(fresh, &queue).await;
        for _ in 0..2 {
            let desk = dispatcher(fresh, &queue);
            let retried = retry(&desk, &caller(), &[named()], &job().zone).await;
            assert_eq!(retried.unwrap().retried, 1);
            work_all(fresh, &queue).await;
        }
        assert_eq!(task(fresh, "b1").await.run_count, 3);
        assert_duplicate(fresh, 7, 3).await;
    })
    .await;
}

#[tokio::test]
async fn an_order_keeps_what_was_made_of_it_when_a_person_names_it_for_another_one() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        let list = two_failed(fresh, &queue).await;
        let of_the_last = items(fresh, "b1", None).await[11]["order_id"].clone();
        let of_the_last = of_the_last.as_str().unwrap().parse().unwrap();
        let which = Which {
            index: Some(3),
            ..Which::default()
        };
        let made = Mending::Made(of_the_last);
        let desk = dispatcher(fresh, &queue);
        amend(&desk, &caller(), &named(), &which, made)
            .await
            .unwrap();
        rerun_orders(fresh, &queue, "b1", &list).await.unwrap();
        work_all(fresh, &queue).await;
        let success = items(fresh, "b1", Some(ItemStatus::Success)).await;
        assert_eq!(success.len(), 11);
        assert_eq!(success[10]["order_id"], of_the_last.to_string());
    })
    .await;
}
