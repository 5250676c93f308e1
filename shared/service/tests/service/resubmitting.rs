//! A batch that is sent again under its id.

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use task_engine::ItemRequest;
use task_service::async_tasks::{close, detail};
use task_service::orders::{Mending, Which, amend};
use task_service::prices::PriceChange;
use task_service::tasks::TaskReference;
use task_store::items::ItemStatus;
use task_store::tasks::TaskStatus;
use task_store::testing::{TestDatabase, with_database};

use crate::prices::submit_prices;
use crate::support::*;

fn named(name: &str) -> TaskReference {
    TaskReference {
        user_task_id: Some(id(name)),
        ..TaskReference::default()
    }
}

async fn mend(fresh: &TestDatabase, queue: &MemoryQueue, index: u32, mending: Mending<'_>) {
    let which = Which {
        index: Some(index),
        ..Which::default()
    };
    let desk = dispatcher(fresh, queue);
    let mended = amend(&desk, &caller(), &named("b1"), &which, mending).await;
    mended.unwrap();
}

fn raw(value: &Value) -> Box<RawValue> {
    to_raw_value(value).unwrap()
}

async fn sku_on_sale(fresh: &TestDatabase, on_sale: u8) {
    let sql = format!("UPDATE tbl_sku SET on_sale = {on_sale} WHERE sku_id = 'D1'");
    run(fresh, &sql).await;
}

#[tokio::test]
async fn a_request_that_is_sent_again_does_not_undo_a_close() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let list = orders(25);
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        let first = queue.take()[0];
        work_one(fresh, first).await.unwrap();
        close(&fresh.database, KINDS, &caller(), &[named("b1")])
            .await
            .unwrap();
        let before = result(fresh, "b1").await;
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        assert!(queue.take().is_empty(), "nothing is announced");
        assert_eq!(result(fresh, "b1").await, before);
        assert!(!task(fresh, "b1").await.message_show);
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 10);
        rerun_orders(fresh, &queue, "b1", &list).await.unwrap();
        work_all(fresh, &queue).await;
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功25)");
    })
    .await;
}

#[tokio::test]
async fn a_close_and_a_request_that_is_sent_again_may_meet_in_any_order() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        for round in 0..races() {
            let (name, list, me) = (format!("b{round}"), orders(12), caller());
            submit_orders(fresh, &queue, &name, &list).await.unwrap();
            let keys = queue.take();
            work_one(fresh, keys[0]).await.unwrap();
            let batch = [named(&name)];
            let shut = async {
                tokio::time::sleep(std::time::Duration::from_micros(200 * (round % 10))).await;
                close(&fresh.database, KINDS, &me, &batch).await
            };
            let again = submit_orders(fresh, &queue, &name, &list);
            let (closed, submitted) = futures_util::future::join(shut, again).await;
            closed.unwrap();
            submitted.unwrap();
            queue.sent.lock().unwrap().extend(keys);
            work_all(fresh, &queue).await;
            let result = result(fresh, &name).await;
            assert_eq!(result["msg"], "批量导入(成功10, 取消2)", "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_same_list_again_tries_only_what_failed_and_leaves_what_people_did() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let mut list = orders(32);
        let bad = [1, 2, 3, 4, 15];
        for index in bad {
            list[index]["details"][1]["sku_id"] = json!("D1");
            list[index]["details"][0]["sku_id"] = json!("D4");
        }
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        work_all(fresh, &queue).await;
        let before = items(fresh, "b1", Some(ItemStatus::Success)).await;
        let by_hand = number(fresh, "SELECT MIN(id) FROM tbl_order").await;
        mend(fresh, &queue, 1, Mending::Made(by_hand)).await;
        mend(fresh, &queue, 2, Mending::Dropped).await;
        mend(fresh, &queue, 3, Mending::Corrected(&raw(&order(3)))).await;
        sku_on_sale(fresh, 0).await;
        mend(fresh, &queue, 4, Mending::Corrected(&raw(&order(4)))).await;
        let keys = queue.take();
        sku_on_sale(fresh, 1).await;
        work_one(fresh, keys[0]).await.unwrap();
        sku_on_sale(fresh, 0).await;
        work_one(fresh, keys[1]).await.unwrap();
        sku_on_sale(fresh, 1).await;
        assert_eq!(
            result(fresh, "b1").await["msg"],
            "批量导入(成功29, 失败2, 忽略1)"
        );
        run(fresh, "UPDATE tbl_sku SET on_sale = 1 WHERE sku_id = 'D4'").await;

        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        assert_eq!(task(fresh, "b1").await.status, TaskStatus::Submitted);
        let keys = queue.sent.lock().unwrap().clone();
        assert_eq!(keys.len(), 2, "the chunk of 15, and the corrected 4");
        let unrouted = "SELECT COUNT(*) FROM tbl_work WHERE station_id = '' OR queue = ''";
        assert_eq!(number(fresh, unrouted).await, 0);
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        work_all(fresh, &queue).await;
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功31, 忽略1)");
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 30);
        let after = items(fresh, "b1", None).await;
        assert_eq!(
            (&after[1]["status"], &after[2]["status"]),
            (&json!("amended"), &json!("dropped"))
        );
        for old in before {
            let index = usize::try_from(old["index"].as_u64().unwrap()).unwrap();
            assert_eq!(old, after[index], "what was made stays as it is");
        }
        assert_eq!(
            after[4]["details"],
            order(4)["details"],
            "as it was corrected to"
        );
        let page = ItemRequest::default();
        let detail = detail(
            &fresh.database,
            KINDS,
            &caller(),
            &named("b1"),
            page,
            &job().zone,
        )
        .await
        .unwrap();
        let detail = serde_json::to_value(detail).unwrap();
        let earlier = &detail["earlier_runs"];
        assert_eq!(
            (earlier.as_array().unwrap().len(), &earlier[0]["run"]),
            (1, &json!(1))
        );
        assert_eq!(
            (
                &earlier[0]["counts"]["failed"],
                &earlier[0]["counts"]["success"]
            ),
            (&json!(2), &json!(28))
        );
        assert!(earlier[0]["end_time"].is_string());
    })
    .await;
}

#[tokio::test]
async fn a_list_of_which_nothing_failed_is_not_worked_again() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let mut list = orders(3);
        list[1]["details"] = json!([]);
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        work_all(fresh, &queue).await;
        mend(fresh, &queue, 1, Mending::Dropped).await;
        run(fresh, "UPDATE tbl_time_config SET enabled = 0").await;
        submit_orders(fresh, &queue, "b1", &list)
            .await
            .expect("not refused for coming late");
        assert!(queue.take().is_empty());
        let task = task(fresh, "b1").await;
        assert_eq!((task.status, task.run_count), (TaskStatus::Finished, 1));
    })
    .await;
}

#[tokio::test]
async fn price_changes_that_were_made_are_not_made_again() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let items =
            json!([{"sku_id": "D0", "sale_price": "3"}, {"sku_id": "new", "sale_price": "4"}]);
        let work = async || {
            for key in queue.take() {
                task_engine::work(&fresh.database, &PriceChange, &settings(), key)
                    .await
                    .unwrap();
            }
        };
        submit_prices(fresh, &queue, "p1", &items).await.unwrap();
        work().await;
        let later = json!([{"sku_id": "D0", "sale_price": "5"}]);
        submit_prices(fresh, &queue, "p2", &later).await.unwrap();
        work().await;
        submit_prices(fresh, &queue, "p1", &items).await.unwrap();
        work().await;
        let price =
            "SELECT sale_price * 100 FROM tbl_sku WHERE sku_id = 'D0' AND station_id = 'T1'";
        assert_eq!(number(fresh, price).await, 500);
        assert_eq!(result(fresh, "p1").await["msg"], "批量改价(成功1, 失败1)");
    })
    .await;
}

#[tokio::test]
async fn an_order_that_was_made_with_other_content_says_so_and_shows_what_is_there() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let mut list = orders(3);
        list[0]["details"][0]["amount"] = json!("5");
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        work_all(fresh, &queue).await;
        list[0]["details"][0]["amount"] = json!("50");
        list[1]["details"][0]["amount"] = json!(1.50);
        list[1]["unknown"] = json!("changed");
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        work_all(fresh, &queue).await;
        let items = items(fresh, "b1", None).await;
        let notice = &items[0]["notice"];
        assert_eq!(
            (&items[0]["status"], &notice["code"]),
            (&json!("success"), &json!("MADE_BEFORE"))
        );
        assert_eq!(notice["order"]["details"][0]["amount"], "5.00");
        assert_eq!(notice["order"]["order_id"], items[0]["order_id"]);
        assert_eq!(
            notice["order"]["receive_begin_time"],
            list[0]["receive_begin_time"]
        );
        assert!(items[1].get("notice").is_none(), "1.50 is 1.5");
        assert!(items[2].get("notice").is_none());
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 3);
    })
    .await;
}
