//! `POST /station/order/batch/submit`

use serde_json::{Value, json};

use crate::support::{
    Station, eventually, numbered, order, orders, unique, with_api, with_own_api,
};

const SUBMIT: &str = "/station/order/batch/submit";

#[tokio::test]
async fn the_task_url_is_root_relative_and_can_be_read_as_it_is() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("monday:1.");
        let answer = api.submit(&station, &id, &orders(3)).await;
        let url = answer.data()["task_url"].as_str().unwrap();
        assert_eq!(url, format!("/async_task/get?user_task_id={id}"));
        assert_eq!(
            url.matches('=').count(),
            1,
            "the original's clients split at it"
        );
        let task = api.get(url).await.data().clone();
        assert_eq!(
            (&task["task_name"], &task["type"]),
            (&json!("批量导入"), &json!(0))
        );
        let path = format!("/task/get?user_task_id={id}");
        let internal = api.get(&path).await.data().clone();
        assert_eq!(
            (&internal["repeat"], &internal["station_id"]),
            (&json!(true), &json!(station.id))
        );
        api.finished(&id).await;
    })
    .await;
}

#[tokio::test]
async fn every_right_order_is_made_and_the_result_tells_so() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("right-");
        let task = api.import(&station, &id, &orders(3)).await;
        let expected = json!({"msg": "批量导入(成功3)", "link": id, "target": "", "outcome": "success", "total": 3,
            "success_count": 3, "failure_count": 0, "unprocessed_count": 0, "dropped_count": 0, "failed": [], "failed_truncated": false});
        assert_eq!(task["result"], expected);
        assert_eq!(api.database.count("tbl_order", &id).await, 3);
        let total = format!("SELECT COUNT(*) FROM tbl_order WHERE station_id = '{}' AND total = 3.85", station.id);
        assert_eq!(api.database.number(&total).await, 3, "2.50 × 1.5 and 0.05 × 2, rounded half-up");
    })
    .await;
}

#[tokio::test]
async fn a_partial_result_lists_failed_orders_up_to_50_and_says_when_there_are_more() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("partial-");
        let mut list = numbered(&id, 60);
        for order in &mut list[..55] {
            order["details"][0]["amount"] = json!(0);
        }
        let result = api.import(&station, &id, &list).await["result"].clone();
        assert_eq!(result["msg"], "批量导入(成功5, 失败55)");
        assert_eq!(
            (&result["outcome"], &result["target"]),
            (&json!("partial"), &json!("order_batch"))
        );
        let counts = [
            "total",
            "success_count",
            "failure_count",
            "unprocessed_count",
        ]
        .map(|name| result[name].as_u64().unwrap());
        assert_eq!(counts, [60, 5, 55, 0]);
        let failed = result["failed"].as_array().unwrap();
        assert_eq!(
            (failed.len(), &result["failed_truncated"]),
            (50, &json!(true))
        );
        assert_eq!(
            (&failed[49]["index"], &failed[49]["code"]),
            (&json!(49), &json!("QUANTITY_NOT_POSITIVE"))
        );
        let all_bad = unique("all-bad-");
        let result = api.import(&station, &all_bad, &list[..2]).await["result"].clone();
        assert_eq!(
            (&result["outcome"], &result["msg"]),
            (&json!("failed"), &json!("批量导入(成功0, 失败2)"))
        );
    })
    .await;
}

#[tokio::test]
async fn faults_of_the_whole_batch_refuse_it_and_nothing_is_stored() {
    with_api(async |api| {
        let (station, foreign) = (Station::fresh(api).await, Station::fresh(api).await);
        let right = json!({"task_id": unique("refused-"), "station_id": station.id, "time_config_id": station.cycle, "order_data": [order(0)]});
        for (name, value, word) in [
            ("order_data", json!([]), "BATCH_EMPTY"), ("order_data", json!({"a": 1}), "PARAM_INVALID"), ("order_data", json!("[{]"), "PARAM_INVALID"),
            ("order_data", json!(7), "PARAM_INVALID"), ("order_data", Value::Null, "PARAM_MISSING"), ("time_config_id", json!("nothing"), "CYCLE_NOT_FOUND"),
            ("time_config_id", json!(foreign.cycle), "CYCLE_NOT_FOUND"), ("time_config_id", json!(station.closed_cycle), "CYCLE_CLOSED"),
            ("time_config_id", json!(""), "PARAM_MISSING"), ("task_id", Value::Null, "PARAM_MISSING"), ("task_id", json!("a b"), "PARAM_INVALID"),
            ("task_id", json!("x".repeat(65)), "PARAM_INVALID"), ("file_name", json!("字".repeat(129)), "PARAM_INVALID"),
        ] {
            let mut body = right.clone();
            body[name] = value;
            let answer = api.post(SUBMIT, &body).await;
            assert!(!answer.refusal(word).is_empty(), "{name}");
        }
        assert_eq!(api.database.rows(&station.id).await + api.database.rows(&foreign.id).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_batch_over_the_limit_is_refused_with_limit_and_count() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let answer = api
            .submit(&station, &unique("large-"), &vec![json!({}); 100_001])
            .await;
        let msg = answer.refusal("BATCH_TOO_LARGE");
        assert!(msg.contains("100000") && msg.contains("100001"), "{msg}");
        assert_eq!(api.database.rows(&station.id).await, 0);
    })
    .await;
}

#[tokio::test]
async fn an_id_that_another_task_or_station_has_is_a_conflict() {
    with_api(async |api| {
        let (station, foreign) = (Station::fresh(api).await, Station::fresh(api).await);
        let (other, batch) = (unique("other-"), unique("batch-"));
        let task = json!({"station_id": station.id, "task_name": "n", "input": "i", "user_task_id": other});
        api.post("/task/add", &task).await.data();
        api.submit(&station, &other, &orders(1)).await.refusal("TASK_CONFLICT");
        api.import(&foreign, &batch, &orders(1)).await;
        api.submit(&station, &batch, &orders(1)).await.refusal("TASK_CONFLICT");
        assert_eq!(api.database.rows(&station.id).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_caller_that_names_no_station_submits_for_the_cycles() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("unbound-");
        let body = json!({"task_id": id, "time_config_id": station.cycle, "order_data": orders(1)});
        api.post(SUBMIT, &body).await.data();
        api.finished(&id).await;
        let path = format!("/task/get?user_task_id={id}");
        assert_eq!(api.get(&path).await.data()["station_id"], station.id);
    })
    .await;
}

#[tokio::test]
async fn the_same_batch_submitted_by_many_at_once_is_one_batch() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("raced-");
        let list = orders(20);
        let submit = || api.submit(&station, &id, &list);
        let (a, b, c, d) = tokio::join!(submit(), submit(), submit(), submit());
        for answer in [&a, &b, &c, &d] {
            assert_eq!(answer.data(), a.data());
        }
        api.finished(&id).await;
        assert_eq!(api.database.count("tbl_order", &id).await, 20);
    })
    .await;
}

#[tokio::test]
async fn while_the_database_does_not_answer_a_call_is_503_and_nothing_is_half_done() {
    with_own_api(
        |config| config.with("DATABASE_TIMEOUT_MS", "700"),
        async |api| {
            let station = Station::fresh(api).await;
            let mut lock = api.database.connect().await;
            sqlx::raw_sql("LOCK TABLES tbl_async_task WRITE")
                .execute(&mut lock)
                .await
                .unwrap();
            let answer = api.submit(&station, "locked", &orders(2)).await;
            let fault = (answer.status, &answer.body["code"], &answer.body["error"]);
            assert_eq!(
                fault,
                (503, &json!(2), &json!("SYSTEM_BUSY")),
                "{}",
                answer.text
            );
            sqlx::raw_sql("UNLOCK TABLES")
                .execute(&mut lock)
                .await
                .unwrap();
            assert_eq!(api.database.rows(&station.id).await, 0);
            let retried = async || {
                (api.submit(&station, "locked", &orders(2)).await.status == 200).then_some(())
            };
            eventually("a retried submit is accepted", retried).await;
            assert_eq!(api.finished("locked").await["result"]["success_count"], 2);
        },
    )
    .await;
}

#[tokio::test]
async fn a_batch_is_worked_because_its_message_was_sent_and_not_because_somebody_looks() {
    let hour = std::time::Duration::from_hours(1);
    let configure = |config| task_local::StackConfig {
        glance: hour,
        schedule: Some(hour),
        ..config
    };
    with_own_api(configure, async |api| {
        let station = Station::fresh(api).await;
        let task = api.import(&station, "woken", &orders(3)).await;
        assert_eq!(task["result"]["success_count"], 3);
    })
    .await;
}
