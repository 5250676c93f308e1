//! A station sees and touches only its own.

use serde_json::json;

use crate::support::{Station, orders, unique, with_api};

/// Every route for station staff that follows one task; the last one changes it.
const FOLLOWING: [&str; 5] = [
    "/async_task/get",
    "/async_task/detail",
    "/station/order/batch/result",
    "/station/order/batch/amend",
    "/async_task/close",
];

#[tokio::test]
async fn another_stations_task_answers_exactly_like_a_missing_one() {
    with_api(async |api| {
        let (mine, other) = (Station::fresh(api).await, Station::fresh(api).await);
        let id = unique("foreign-");
        let mut list = orders(2);
        list[1]["details"] = json!([]);
        let key = api.import(&other, &id, &list).await["task_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let missing = "nobody";
        for path in FOLLOWING {
            let seen = api.task(&id).await;
            let call = async |name: &str, station: &Station| {
                let body = json!({"task_id": name, "station_id": station.id, "index": 1});
                api.post(path, &body).await
            };
            let expected = call(missing, &mine).await;
            expected.refusal("TASK_NOT_FOUND");
            for name in [&id, &key] {
                let answer = call(name, &mine).await;
                assert_eq!(
                    answer.without_request_id(),
                    expected.without_request_id(),
                    "{path}"
                );
            }
            assert_eq!(api.task(&id).await, seen, "{path} changed nothing");
            call(&id, &other).await.data();
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
async fn a_trusted_caller_that_names_no_station_acts_for_the_tasks_own() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("unnamed-");
        api.import(&station, &id, &[json!({})]).await;
        for path in FOLLOWING {
            let body = json!({"task_id": id, "index": 0});
            api.post(path, &body).await.data();
        }
        api.post("/async_task/list", &json!({}))
            .await
            .refusal("PARAM_MISSING");
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
async fn an_internal_route_is_bound_to_no_station_but_the_one_it_names() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("internal-");
        api.import(&station, &id, &orders(1)).await;
        let header = api.request("GET", &format!("/task/get?user_task_id={id}"));
        let answer = api.send(header.header("x-station-id", "other")).await;
        assert_eq!(answer.data()["station_id"], station.id);
        let mine = json!({"user_task_id": id, "station_id": station.id});
        api.post("/task/get", &mine).await.data();
        let other = json!({"user_task_id": id, "station_id": "other"});
        api.post("/task/get", &other)
            .await
            .refusal("TASK_NOT_FOUND");
    })
    .await;
}
