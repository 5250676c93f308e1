//! Orders that were made before and come again with other content.

use serde_json::{Value, json};
use task_store::items::ItemStatus;
use task_store::testing::{TestDatabase, with_database};

use crate::support::*;

/// An order for the only address, of an amount.
fn of_amount(amount: &str) -> Value {
    faulty(0, |order| order["details"][0]["amount"] = json!(amount))
}

/// Runs a batch of one order of amount 5, and then this list in its place; answers its items.
async fn resubmitted(fresh: &TestDatabase, list: &[Value]) -> Vec<Value> {
    load_station(fresh).await;
    let queue = MemoryQueue::default();
    for list in [&[of_amount("5")], list] {
        submit_orders(fresh, &queue, "b1", list).await.unwrap();
        work_all(fresh, &queue).await;
    }
    items(fresh, "b1", None).await
}

#[tokio::test]
async fn an_order_that_was_made_for_another_cycle_says_so_and_names_it() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let other = "INSERT INTO tbl_time_config (id, station_id, name, type, enabled, order_time_limit, receive_time_limit) \
             SELECT 'C2', station_id, 'C2', type, enabled, order_time_limit, receive_time_limit \
             FROM tbl_time_config WHERE id = 'C1'";
        run(fresh, other).await;
        let queue = MemoryQueue::default();
        let list = orders(12);
        for cycle in ["C1", "C2"] {
            submit_for(fresh, &queue, "b1", cycle, &caller(), &list)
                .await
                .unwrap();
            work_all(fresh, &queue).await;
        }
        let items = items(fresh, "b1", Some(ItemStatus::Success)).await;
        assert_eq!(items.len(), 12);
        for item in &items {
            let notice = &item["notice"];
            let told = (&notice["code"], &notice["order"]["time_config_id"]);
            assert_eq!(told, (&json!("MADE_BEFORE"), &json!("C1")));
        }
        let there = "SELECT COUNT(*) FROM tbl_order WHERE time_config_id = 'C1'";
        assert_eq!(number(fresh, there).await, 12);
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 12);
    })
    .await;
}

#[tokio::test]
async fn the_first_order_with_a_key_is_the_one_that_is_compared_with_what_was_made() {
    with_database(async |fresh| {
        let items = resubmitted(fresh, &[of_amount("9"), of_amount("5")]).await;
        let notice = &items[0]["notice"];
        assert_eq!(notice["code"], "MADE_BEFORE", "{}", items[0]);
        assert_eq!(notice["order"]["details"][0]["amount"], "5.00");
        assert_eq!(items[1]["code"], "DUPLICATE_IN_BATCH");
    })
    .await;
}

#[tokio::test]
async fn an_order_that_is_as_it_was_made_has_no_notice_whatever_repeats_its_key() {
    with_database(async |fresh| {
        let items = resubmitted(fresh, &[of_amount("5"), of_amount("9")]).await;
        assert_eq!(items[0]["status"], "success");
        assert!(items[0].get("notice").is_none(), "{}", items[0]);
        assert_eq!(items[1]["code"], "DUPLICATE_IN_BATCH");
    })
    .await;
}

#[tokio::test]
async fn a_notice_stays_when_the_failed_orders_are_tried_again() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let mut list = vec![of_amount("5"), order(1), order(2)];
        list[1]["details"] = json!([]);
        for amount in ["5", "9", "9"] {
            list[0] = of_amount(amount);
            submit_orders(fresh, &queue, "b1", &list).await.unwrap();
            work_all(fresh, &queue).await;
        }
        assert_eq!(task(fresh, "b1").await.run_count, 3);
        let items = items(fresh, "b1", None).await;
        assert_eq!(items[0]["notice"]["code"], "MADE_BEFORE", "{}", items[0]);
        assert!(items[2].get("notice").is_none());
    })
    .await;
}
