//! A finished batch that is submitted again: people mend failed orders and send the same id.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Api, Station, numbered, order, orders, unique, with_api};

const SUBMIT: &str = "/station/order/batch/submit";

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

#[tokio::test]
async fn a_batch_is_found_by_the_tags_of_its_first_submit() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let (orders, prices) = (unique("tagged-"), unique("tagged-"));
        let tagged = |id: &str, tags: Value| {
            json!({"task_id": id, "station_id": station.id, "time_config_id": station.cycle, "tags": tags,
                "order_data": [order(1)], "items": [{"sku_id": "D0", "sale_price": "3.10"}]})
        };
        for (path, id) in [(SUBMIT, &orders), ("/station/sku/batch/price", &prices)] {
            for tags in [json!(["晚市", "web"]), json!("other")] {
                api.post(path, &tagged(id, tags)).await.data();
                let task = api.finished(id).await;
                assert_eq!(task["tags"], json!(["晚市", "web"]));
            }
        }
        let path = format!("/async_task/list?station_id={}&tag=web", station.id);
        let found = api.get(&path).await.data().clone();
        let ids: Vec<&Value> = found["tasks"].as_array().unwrap().iter().map(|task| &task["user_task_id"]).collect();
        assert_eq!(ids, [&json!(prices), &json!(orders)]);
        let long = tagged(&orders, json!(["字".repeat(33)]));
        api.post(SUBMIT, &long).await.refusal("PARAM_INVALID");
    })
    .await;
}
