//! A finished batch that is submitted again: people mend failed orders and send the same id.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Api, Station, numbered, orders, unique, with_api};

/// The made orders' ids by their index.
async fn made(api: &Api, id: &str) -> BTreeMap<u64, Value> {
    let made = api.details(id, "success").await.into_iter();
    made.map(|order| (order["index"].as_u64().unwrap(), order["order_id"].clone()))
        .collect()
}

#[tokio::test]
async fn only_what_is_missing_is_made() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("again-");
        let mut list = orders(30);
        list[7]["details"][0]["amount"] = json!("0");
        list[21]["address_id"] = json!("nobody");
        assert_eq!(
            api.import(&station, &id, &list).await["result"]["outcome"],
            "partial"
        );
        let before = made(api, &id).await;
        assert_eq!(before.len(), 28);
        let task = api.import(&station, &id, &orders(30)).await;
        assert_eq!(task["result"]["msg"], "批量导入(成功30)");
        let after = made(api, &id).await;
        assert!(
            before.iter().all(|(index, order)| after[index] == *order),
            "made orders keep their ids"
        );
        assert_eq!(api.database.count("tbl_order", &id).await, 30);
        assert_eq!(api.database.count("tbl_batch", &id).await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_mended_orders_may_come_alone() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("alone-");
        let mut list = numbered(&id, 10);
        list[4]["details"] = json!([]);
        api.import(&station, &id, &list).await;
        let mended = &numbered(&id, 10)[3..5];
        let result = api.import(&station, &id, mended).await["result"].clone();
        assert_eq!(
            (&result["total"], &result["success_count"]),
            (&json!(2), &json!(2))
        );
        assert_eq!(api.database.count("tbl_order", &id).await, 10);
    })
    .await;
}

#[tokio::test]
async fn a_run_again_starts_as_a_new_run_of_the_same_task() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("runs-");
        let first = api.import(&station, &id, &orders(2)).await;
        let second = api.import(&station, &id, &orders(3)).await;
        assert_eq!(first["task_id"], second["task_id"]);
        let path = format!("/task/get?user_task_id={id}");
        assert_eq!(api.get(&path).await.data()["run_count"], 2);
        assert_eq!(second["result"]["success_count"], 3);
        assert_eq!(api.database.count("tbl_order", &id).await, 3);
    })
    .await;
}
