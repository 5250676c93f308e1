//! `/async_task/callback/list` and `/async_task/callback/resend`: what callbacks were told, as staff and operators see it.

use serde_json::{Value, json};
use task_local::StackConfig;

use crate::operators::with_claims;
use crate::support::{Answers, Api, Receiver, eventually, unique, with_api, with_own_api};

/// A callback whose target answers so, then 204.
async fn declared(api: &Api, answers: &[Answers]) -> (String, Receiver) {
    let receiver = Receiver::start(answers).await;
    let name = unique("cb");
    let set = json!({"name": name, "url": receiver.url, "secret": "demo"});
    api.post("/task/callback/set", &set).await.data();
    (name, receiver)
}

/// A finished task of a station, whose end a callback is told; its key.
async fn ended(api: &Api, station: &str, callback: &str) -> String {
    let new =
        json!({"station_id": station, "task_name": "对账", "input": "i", "callback": callback});
    let key = api.post("/task/add", &new).await.data()["task_id"].clone();
    let end = json!({"task_id": key, "result": {"msg": "done"}});
    assert_eq!(api.post("/task/finish", &end).await.body["code"], 0);
    key.to_string()
}

async fn listed(api: &Api, query: &str) -> Value {
    let list = api.get(&format!("/async_task/callback/list?{query}")).await;
    list.data()["deliveries"].clone()
}

/// Waits until the newest delivery of a task is in a state.
async fn delivery(api: &Api, task: &str, state: &str) -> Value {
    let arrived = async || {
        let newest = listed(api, &format!("task_id={task}")).await[0].clone();
        (newest["state"] == state && newest["tries"] == 1).then_some(newest)
    };
    eventually(&format!("the delivery is {state}"), arrived).await
}

#[tokio::test]
async fn staff_see_what_callbacks_were_told_of_their_own_tasks_and_operators_of_all() {
    with_api(async |api| {
        let (callback, _receiver) = declared(api, &[Answers::Status(503)]).await;
        let (one, other) = (unique("S"), unique("S"));
        let task = ended(api, &one, &callback).await;
        let failed = delivery(api, &task, "open").await;
        let told = [
            "task_id",
            "station_id",
            "task_name",
            "callback",
            "event",
            "outcome",
            "http_status",
        ];
        let expected = json!([task, one, "对账", callback, "task.finished", "success", 503]);
        assert_eq!(json!(told.map(|member| &failed[member])), expected);
        assert!(
            failed["delivery_id"].is_string() && failed["next_time"].is_string(),
            "{failed}"
        );
        let second = ended(api, &other, &callback).await;
        let newest = delivery(api, &second, "delivered").await;
        assert_eq!(
            (&newest["http_status"], &newest["next_time"]),
            (&json!(204), &Value::Null)
        );

        let all = format!("all_stations=true&name={callback}");
        assert_eq!(
            listed(api, &format!("station_id={one}")).await,
            json!([failed])
        );
        assert_eq!(listed(api, &all).await, json!([newest, failed]));
        let open = listed(api, &format!("{all}&state=open")).await;
        assert_eq!(open, json!([failed]));
        let first = api
            .get(&format!("/async_task/callback/list?{all}&limit=1"))
            .await;
        let after = &first.body["pagination"]["next_after_id"];
        assert_eq!(json!(after.to_string()), newest["delivery_id"]);
        let next = listed(api, &format!("{all}&after_id={after}")).await;
        assert_eq!(next, json!([failed]));

        let foreign = format!("/async_task/callback/list?task_id={task}&station_id={other}");
        api.get(&foreign).await.refusal("TASK_NOT_FOUND");
        let filtered = format!("/async_task/callback/list?station_id={one}&state=open");
        let refused = api.get(&filtered).await;
        assert!(refused.refusal("PARAM_INVALID").contains("all_stations"));
    })
    .await;
}

#[tokio::test]
async fn only_an_operator_may_list_deliveries_of_all_stations_or_send_one_again() {
    let claim = |config: StackConfig| config.with("STATION_SOURCE", "claim");
    with_own_api(claim, async |api| {
        let (staff, operator) = (json!({"station_id": "T1"}), json!({"operator": "true"}));
        for function in ["async-task-callback-list", "async-task-callback-resend"] {
            let all = "all_stations=true&delivery_ids=1";
            let refused = with_claims(api, function, &staff, all).await;
            assert_eq!(refused["error"], "FORBIDDEN", "{function}");
            assert_eq!(with_claims(api, function, &operator, all).await["code"], 0);
        }
        let own = with_claims(api, "async-task-callback-list", &staff, "station_id=T2").await;
        assert_eq!(own["data"], json!({"deliveries": []}));
        let own = with_claims(api, "async-task-callback-resend", &staff, "delivery_ids=1").await;
        assert_eq!(own["error"], "FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn a_delivery_is_sent_again_unless_it_is_another_stations_or_its_callback_is_disabled() {
    with_api(async |api| {
        let (callback, receiver) = declared(api, &[Answers::Status(410)]).await;
        let task = ended(api, "T1", &callback).await;
        let held = delivery(api, &task, "held_back").await;
        let resend = async |body: Value| api.post("/async_task/callback/resend", &body).await;
        let (one, none) = (json!({"resent": 1}), json!({"resent": 0}));
        let again = json!({"delivery_ids": [held["delivery_id"]], "station_id": "T1"});
        assert_eq!(resend(again.clone()).await.data(), &none);
        let enable = json!({"name": callback, "enabled": true});
        api.post("/task/callback/set", &enable).await.data();
        for (id, station) in [(held["delivery_id"].clone(), "T2"), (json!(i64::MAX), "T1")] {
            let foreign = json!({"delivery_ids": [id], "station_id": station});
            assert_eq!(resend(foreign).await.data(), &none);
        }
        let of_all = json!({"name": callback, "station_id": "T1"});
        let refused = resend(of_all).await;
        assert!(refused.refusal("PARAM_INVALID").contains("delivery_ids"));
        assert_eq!(resend(again).await.data(), &one);
        delivery(api, &task, "delivered").await;
        let seen = receiver.received();
        assert_eq!((seen.len(), &seen[0].id), (2, &seen[1].id));
        let delivered = json!({"name": callback, "state": "delivered", "all_stations": true});
        assert_eq!(resend(delivered).await.data(), &one);
        let told = async || (receiver.received().len() == 3).then_some(());
        eventually("the target is told once more", told).await;
    })
    .await;
}
