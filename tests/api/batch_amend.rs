//! `POST /station/order/batch/amend`

use serde_json::{Value, json};

use crate::support::{Api, Station, eventually, order, orders, unique, with_api};

const AMEND: &str = "/station/order/batch/amend";

/// A finished batch of 6 orders, of which those for `S1`, `S3` and `S5` failed.
async fn finished(api: &Api, id: &str) -> Station {
    let station = Station::fresh(api).await;
    let mut list = orders(6);
    for order in list.iter_mut().skip(1).step_by(2) {
        order["details"] = json!([]);
    }
    api.import(&station, id, &list).await;
    station
}

async fn result(api: &Api, id: &str) -> Value {
    api.task(id).await["result"].clone()
}

#[tokio::test]
async fn a_failed_order_is_made_by_hand_dropped_or_worked_again() {
    with_api(async |api| {
        let id = unique("mended-");
        finished(api, &id).await;
        let by_hand = api.details(&id, "success").await[0]["order_id"].clone();
        let made = json!({"task_id": id, "address_id": "S1", "order_id": by_hand});
        let answer = api.post(AMEND, &made).await;
        assert_eq!(
            (&answer.data()["index"], &answer.data()["status"]),
            (&json!(1), &json!("amended"))
        );
        assert_eq!(
            api.post(AMEND, &made).await.data(),
            answer.data(),
            "repeated"
        );
        let dropped = api.post(AMEND, &json!({"task_id": id, "index": 3})).await;
        assert_eq!(
            (
                &dropped.data()["status"],
                &dropped.data()["counts"]["failed"]
            ),
            (&json!("dropped"), &json!(1))
        );
        let corrected = json!({"task_id": id, "address_id": "S5", "order_data": order(5)});
        api.post(AMEND, &corrected).await.data();
        let all_made = async || (result(api, &id).await["failure_count"] == 0).then_some(());
        eventually("the corrected order is made", all_made).await;
        eventually("its outcome is told", async || {
            (api.details(&id, "success").await.len() == 4).then_some(())
        })
        .await;
        assert_eq!(result(api, &id).await["target"], "");
        assert_eq!(api.database.count("tbl_order", &id).await, 4);
    })
    .await;
}

#[tokio::test]
async fn only_a_failed_order_of_ones_own_can_be_mended() {
    with_api(async |api| {
        let id = unique("unmended-");
        let other = Station::fresh(api).await;
        let station = finished(api, &id).await;
        let foreign = unique("foreign-");
        api.import(&other, &foreign, &orders(1)).await;
        let theirs = api.details(&foreign, "success").await[0]["order_id"].clone();
        let before = result(api, &id).await;
        for (body, word) in [
            (json!({"task_id": id, "index": 0}), "ORDER_NOT_FOUND"),
            (
                json!({"task_id": id, "address_id": "S40"}),
                "ORDER_NOT_FOUND",
            ),
            (
                json!({"task_id": id, "index": 1, "order_id": theirs}),
                "ORDER_NOT_FOUND",
            ),
            (json!({"task_id": id}), "PARAM_MISSING"),
            (
                json!({"task_id": id, "index": 1, "station_id": other.id}),
                "TASK_NOT_FOUND",
            ),
            (
                json!({"task_id": "nobody", "index": 1, "station_id": station.id}),
                "TASK_NOT_FOUND",
            ),
        ] {
            let answer = api.post(AMEND, &body).await;
            assert!(!answer.refusal(word).is_empty(), "{body}");
        }
        assert_eq!(result(api, &id).await, before);
    })
    .await;
}
