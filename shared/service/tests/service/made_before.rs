//! Orders that were made before and come again with other content.

use serde_json::{Value, json};
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
