//! Mending single failed orders, and a submit of the same batch meanwhile.

mod named;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use task_service::orders::{Mended, Mending, Which, amend};
use task_service::tasks::TaskReference;
use task_service::{ErrorCode, Result};
use task_store::items::ItemStatus;
use task_store::testing::{TestDatabase, with_database};

use crate::support::*;

fn raw(value: &Value) -> Box<RawValue> {
    to_raw_value(value).unwrap()
}

fn at(index: u32) -> Which {
    Which {
        index: Some(index),
        ..Which::default()
    }
}

async fn mend(
    fresh: &TestDatabase,
    queue: &MemoryQueue,
    which: Which,
    mending: Mending<'_>,
) -> Result<Mended> {
    let named = TaskReference {
        user_task_id: Some(id("b1")),
        ..TaskReference::default()
    };
    amend(
        &dispatcher(fresh, queue),
        &caller(),
        &named,
        &which,
        mending,
    )
    .await
}

/// A finished batch `b1` of four orders; the orders at 1 and 2 have failed.
async fn half_failed(fresh: &TestDatabase, queue: &MemoryQueue) -> Vec<Value> {
    load_station(fresh).await;
    let mut list = orders(4);
    for index in [1, 2] {
        list[index]["details"][0]["amount"] = json!("0");
    }
    submit_orders(fresh, queue, "b1", &list).await.unwrap();
    work_all(fresh, queue).await;
    assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功2, 失败2)");
    list
}

#[tokio::test]
async fn an_order_made_by_hand_is_amended_with_its_id() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        half_failed(fresh, &queue).await;
        let by_hand = number(fresh, "SELECT MIN(id) FROM tbl_order").await;
        let which = || Which {
            address_id: Some("S1".to_owned()),
            ..Which::default()
        };
        for _ in 0..2 {
            let mended = mend(fresh, &queue, which(), Mending::Made(by_hand))
                .await
                .unwrap();
            assert_eq!(
                (mended.index, mended.status, mended.counts.amended),
                (1, "amended", 1)
            );
        }
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功3, 失败1)");
        let refused = mend(fresh, &queue, at(2), Mending::Made(1))
            .await
            .unwrap_err();
        assert_eq!(
            refused.code(),
            ErrorCode::OrderNotFound,
            "no order of this station"
        );
        let refused = mend(fresh, &queue, at(0), Mending::Made(by_hand))
            .await
            .unwrap_err();
        assert_eq!(
            refused.code(),
            ErrorCode::OrderNotFound,
            "only a failed order can be mended"
        );
    })
    .await;
}

#[tokio::test]
async fn a_dropped_order_is_failed_no_more() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        half_failed(fresh, &queue).await;
        for _ in 0..2 {
            let mended = mend(fresh, &queue, at(1), Mending::Dropped).await.unwrap();
            assert_eq!(
                (mended.status, mended.counts.failed, mended.counts.dropped),
                ("dropped", 1, 1)
            );
        }
        let result = result(fresh, "b1").await;
        assert_eq!(
            (&result["failure_count"], &result["outcome"]),
            (&json!(1), &json!("partial"))
        );
    })
    .await;
}

#[tokio::test]
async fn a_dropped_order_can_be_taken_back() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        half_failed(fresh, &queue).await;
        let by_hand = number(fresh, "SELECT MIN(id) FROM tbl_order").await;
        for index in [1, 2] {
            mend(fresh, &queue, at(index), Mending::Dropped)
                .await
                .unwrap();
        }
        let dropped = result(fresh, "b1").await;
        assert_eq!(dropped["msg"], "批量导入(成功2, 忽略2)");
        assert_eq!(
            (&dropped["outcome"], &dropped["dropped_count"]),
            (&json!("success"), &json!(2))
        );
        let mended = mend(fresh, &queue, at(1), Mending::Made(by_hand))
            .await
            .unwrap();
        assert_eq!((mended.status, mended.counts.dropped), ("amended", 1));
        let which = Which {
            address_id: Some("S2".to_owned()),
            ..Which::default()
        };
        let corrected = raw(&order(2));
        mend(fresh, &queue, which, Mending::Corrected(&corrected))
            .await
            .unwrap();
        work_all(fresh, &queue).await;
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功4)");
    })
    .await;
}

#[tokio::test]
async fn a_batch_whose_every_order_was_given_up_has_not_failed() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        submit_orders(fresh, &queue, "b1", &[json!({})])
            .await
            .unwrap();
        work_all(fresh, &queue).await;
        mend(fresh, &queue, at(0), Mending::Dropped).await.unwrap();
        let result = result(fresh, "b1").await;
        assert_eq!(result["msg"], "批量导入(成功0, 忽略1)");
        let numbers = [
            "total",
            "success_count",
            "failure_count",
            "unprocessed_count",
            "dropped_count",
        ];
        assert_eq!(
            numbers.map(|name| result[name].as_u64().unwrap()),
            [1, 0, 0, 0, 1]
        );
        assert_eq!(result["outcome"], "success");
    })
    .await;
}

#[tokio::test]
async fn a_corrected_order_is_worked_again_under_the_same_task() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        half_failed(fresh, &queue).await;
        let corrected = raw(&order(1));
        for _ in 0..2 {
            let mended = mend(fresh, &queue, at(1), Mending::Corrected(&corrected))
                .await
                .unwrap();
            assert_eq!((mended.status, mended.counts.pending), ("pending", 1));
        }
        assert_eq!(queue.sent.lock().unwrap().len(), 1, "announced once");
        work_all(fresh, &queue).await;
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功3, 失败1)");
        let mended = mend(fresh, &queue, at(1), Mending::Corrected(&corrected))
            .await
            .unwrap();
        assert_eq!(mended.status, "success", "the same call again is harmless");
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 3);
    })
    .await;
}

#[tokio::test]
async fn a_correction_that_repeats_another_order_of_the_batch_fails_as_its_duplicate() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        half_failed(fresh, &queue).await;
        mend(fresh, &queue, at(1), Mending::Corrected(&raw(&order(0))))
            .await
            .unwrap();
        work_all(fresh, &queue).await;
        let failed = items(fresh, "b1", Some(ItemStatus::Failed)).await;
        let item = failed.iter().find(|item| item["index"] == 1).unwrap();
        assert_eq!(
            (&item["code"], &item["errors"][0]["value"]),
            (&json!("DUPLICATE_IN_BATCH"), &json!("0"))
        );
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 2);
    })
    .await;
}

#[tokio::test]
async fn what_was_made_by_hand_is_not_made_again_when_the_batch_is_submitted_again() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        let mut list = half_failed(fresh, &queue).await;
        let by_hand = number(fresh, "SELECT MIN(id) FROM tbl_order").await;
        mend(fresh, &queue, at(1), Mending::Made(by_hand))
            .await
            .unwrap();
        (list[1], list[2]) = (order(1), order(2));
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        work_all(fresh, &queue).await;
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功4)");
        assert_eq!(items(fresh, "b1", Some(ItemStatus::Amended)).await.len(), 1);
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 3);
    })
    .await;
}

#[tokio::test]
async fn mending_and_submitting_again_at_once_never_give_both_outcomes() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        load_station(fresh).await;
        let desk = dispatcher(fresh, &queue);
        let mut first = 0;
        for round in 0..races() {
            let name = format!("r{round}");
            let mut list = orders(3);
            list[1]["details"][0]["amount"] = json!("0");
            submit_orders(fresh, &queue, &name, &list).await.unwrap();
            work_all(fresh, &queue).await;
            list[1] = order(1);
            let corrected = raw(&order(1));
            let named = TaskReference { user_task_id: Some(id(&name)), ..TaskReference::default() };
            let (me, which) = (caller(), at(1));
            let correct = async {
                tokio::time::sleep(std::time::Duration::from_micros(200 * (round % 10))).await;
                amend(&desk, &me, &named, &which, Mending::Corrected(&corrected)).await
            };
            let again = submit_orders(fresh, &queue, &name, &list);
            let (corrected_end, submitted) = futures_util::future::join(correct, again).await;
            if let Err(refused) = &corrected_end {
                assert_eq!(refused.code(), ErrorCode::OrderNotFound, "{refused}");
            }
            first += u64::from(corrected_end.is_ok());
            submitted.unwrap();
            work_all(fresh, &queue).await;
            let made = format!("SELECT COUNT(*) FROM tbl_order o JOIN tbl_async_task t ON t.id = o.task_id WHERE t.user_task_id = '{name}'");
            assert_eq!(number(fresh, &made).await, 3, "{name}");
            assert_eq!(result(fresh, &name).await["msg"], "批量导入(成功3)", "{name}");
        }
        println!("the correction came first {first} times of {}", races());
    })
    .await;
}
