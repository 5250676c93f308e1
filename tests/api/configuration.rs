//! The environment variables of a deployment, on a stack that sets them otherwise than the rest.

use serde_json::{Value, json};
use task_local::{Project, project_root};

use crate::events::{answered, sample};
use crate::support::{Api, Station, orders, with_own_api};

/// Calls a function as the gateway does whose authorizer found a station in the caller's token.
async fn claimed(api: &Api, function: &str, station: &str, body: &Value) -> Value {
    let mut event = sample("order-batch-submit");
    event["requestContext"]["authorizer"]["jwt"]["claims"]["station_id"] = json!(station);
    event["body"] = json!(body.to_string());
    answered(&api.stack.invoke(function, event).await.unwrap())
}

#[tokio::test]
async fn where_only_the_token_counts_a_call_without_one_is_refused_whatever_it_names() {
    let configure = |config: task_local::StackConfig| {
        let config = config
            .with("STATION_SOURCE", "claim")
            .with("MAX_ORDERS", "3");
        config
            .with("PUBLIC_BASE_URL", "https://api.example.com/v1")
            .with("APP_TIME_ZONE", "UTC")
    };
    with_own_api(configure, async |api| {
        let station = Station::fresh(api).await;
        let submit = json!({"task_id": "b1", "station_id": "other", "time_config_id": station.cycle, "order_data": orders(3)});
        api.post("/station/order/batch/submit", &submit).await.refusal("FORBIDDEN");
        for (_, path) in Api::routes().iter().filter(|(_, path)| !path.starts_with("/task/")) {
            let mut named = submit.clone();
            named["station_id"] = json!(station.id);
            named["index"] = json!(0);
            named["items"] = json!([{}]);
            api.post(path, &named).await.refusal("FORBIDDEN");
        }
        assert_eq!(api.database.rows(&station.id).await, 0);
        the_token_decides(api, &station, &submit).await;
        let limit = json!({"task_id": "b2", "time_config_id": station.cycle, "order_data": orders(4)});
        let answer = claimed(api, "order-batch-submit", &station.id, &limit).await;
        assert_eq!(answer["error"], "BATCH_TOO_LARGE", "{answer}");
    })
    .await;
}

async fn the_token_decides(api: &Api, station: &Station, submit: &Value) {
    let other = claimed(api, "order-batch-submit", "other", submit).await;
    assert_eq!(other["error"], "CYCLE_NOT_FOUND", "{other}");
    let answer = claimed(api, "order-batch-submit", &station.id, submit).await;
    let url = "https://api.example.com/v1/async_task/get?user_task_id=b1";
    assert_eq!(answer["data"]["task_url"], url, "{answer}");
    let named = json!({"task_id": "b1"});
    let seen = claimed(api, "async-task-get", &station.id, &named).await;
    let created: jiff::civil::DateTime = seen["data"]["create_time"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let now = jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .datetime();
    assert!(
        (now - created).total(jiff::Unit::Minute).unwrap().abs() < 2.0,
        "{seen}"
    );
    let list = claimed(api, "async-task-list", &station.id, &json!({})).await;
    assert_eq!(
        list["data"]["tasks"][0]["user_task_id"], "b1",
        "the token names the list's station, too: {list}"
    );
    let foreign = claimed(api, "async-task-get", "other", &named).await;
    assert_eq!(foreign["error"], "TASK_NOT_FOUND", "{foreign}");
}

#[tokio::test]
async fn a_call_that_no_authorizer_has_let_through_is_refused_by_every_function() {
    let claim = |config: task_local::StackConfig| config.with("STATION_SOURCE", "claim");
    with_own_api(claim, async |api| {
        let project = Project::read(&project_root()).unwrap();
        let of_callers = project.routed().into_iter();
        for function in of_callers.filter(|name| !["console", "health"].contains(name)) {
            let mut event = sample(function);
            let context = event["requestContext"].as_object_mut().unwrap();
            let authorizer = context.remove("authorizer").unwrap();
            let answer = api.stack.invoke(function, event.clone()).await.unwrap();
            assert_eq!(
                answered(&answer)["error"],
                "FORBIDDEN",
                "{function}: {answer}"
            );
            event["requestContext"]["authorizer"] = authorizer;
            let answer = api.stack.invoke(function, event).await.unwrap();
            assert_ne!(
                answered(&answer)["error"],
                "FORBIDDEN",
                "{function}: {answer}"
            );
        }
    })
    .await;
}
