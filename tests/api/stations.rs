//! A station sees and touches only its own.

use serde_json::json;

use crate::support::{Station, orders, unique, with_api};

#[tokio::test]
async fn another_stations_task_answers_exactly_like_a_missing_one() {
    with_api(async |api| {
        let (mine, other) = (Station::fresh(api).await, Station::fresh(api).await);
        let id = unique("foreign-");
        let key = api.import(&other, &id, &orders(2)).await["task_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let missing = "nobody";
        for path in ["/async_task/get", "/station/order/batch/result"] {
            let expected = api
                .post(path, &json!({"task_id": missing, "station_id": mine.id}))
                .await;
            expected.refusal("TASK_NOT_FOUND");
            for name in [&id, &key] {
                let answer = api
                    .post(path, &json!({"task_id": name, "station_id": mine.id}))
                    .await;
                assert_eq!(
                    answer.without_request_id(),
                    expected.without_request_id(),
                    "{path}"
                );
                api.post(path, &json!({"task_id": name, "station_id": other.id}))
                    .await
                    .data();
            }
        }
    })
    .await;
}

#[tokio::test]
async fn another_stations_cycle_answers_exactly_like_a_missing_one() {
    with_api(async |api| {
        let (mine, other) = (Station::fresh(api).await, Station::fresh(api).await);
        let submit = async |cycle: &str| {
            let body = json!({"task_id": unique("c-"), "station_id": mine.id, "time_config_id": cycle, "order_data": orders(1)});
            let answer = api.post("/station/order/batch/submit", &body).await;
            answer.refusal("CYCLE_NOT_FOUND");
            answer.without_request_id().replace(cycle, "")
        };
        assert_eq!(submit(&other.cycle).await, submit("missing").await);
    })
    .await;
}

#[tokio::test]
async fn a_trusted_caller_names_its_station_by_header_or_parameter() {
    with_api(async |api| {
        let (mine, other) = (Station::fresh(api).await, Station::fresh(api).await);
        let id = unique("header-");
        api.import(&mine, &id, &orders(1)).await;
        let path = format!("/async_task/get?user_task_id={id}");
        let with = |station: &str| api.request("GET", &path).header("X-Station-Id", station);
        api.send(with(&mine.id)).await.data();
        api.send(with(&other.id)).await.refusal("TASK_NOT_FOUND");
        api.send(with("too long for a station"))
            .await
            .refusal("PARAM_INVALID");
        let both = api
            .send(with(&mine.id).query(&[("station_id", &other.id)]))
            .await;
        both.refusal("PARAM_INVALID");
    })
    .await;
}

#[tokio::test]
async fn orders_of_another_station_are_neither_seen_nor_in_the_way() {
    with_api(async |api| {
        let (mine, other) = (Station::fresh(api).await, Station::fresh(api).await);
        let mut list = orders(2);
        list[0]["out_order_no"] = json!("A1");
        list[1]["out_order_no"] = json!("A2");
        for station in [&mine, &other] {
            let task = api.import(station, &unique("same-numbers-"), &list).await;
            assert_eq!(task["result"]["outcome"], "success", "{task}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_internal_routes_are_bound_to_no_station() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("internal-");
        api.import(&station, &id, &orders(1)).await;
        let body = json!({"user_task_id": id, "station_id": "other"});
        assert_eq!(
            api.post("/task/get", &body).await.data()["station_id"],
            station.id
        );
    })
    .await;
}
