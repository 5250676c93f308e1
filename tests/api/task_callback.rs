//! Callbacks: `/task/callback/set`, `/task/callback/list`, `/task/callback/resend`, and what a target is told.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Answers, Api, Receiver, Station, eventually, orders, unique, with_api};

/// A callback of a test's own.
async fn declared(api: &Api, url: &str) -> String {
    let name = unique("cb");
    let set = json!({"name": name, "url": url, "secret": "demo"});
    api.post("/task/callback/set", &set).await.data();
    name
}

/// A task that is not dispatched, and tells a callback of its end.
async fn added(api: &Api, callback: &str) -> i64 {
    let new = json!({"station_id": "T1", "task_name": "n", "input": "i", "callback": callback});
    api.post("/task/add", &new).await.data()["task_id"]
        .as_i64()
        .unwrap()
}

async fn finish(api: &Api, id: i64) {
    let end = json!({"task_id": id, "result": {"msg": "done"}});
    assert_eq!(api.post("/task/finish", &end).await.body["code"], 0);
}

async fn told(receiver: &Receiver, times: usize) {
    let told = async || (receiver.received().len() >= times).then_some(());
    eventually("the target is told", told).await;
}

async fn deliveries(api: &Api, callback: &str) -> Vec<Value> {
    let list = api
        .get(&format!("/task/callback/list?name={callback}"))
        .await;
    list.body["deliveries"].as_array().unwrap().clone()
}

/// Waits until the only delivery of a callback is in a state.
async fn delivery(api: &Api, callback: &str, state: &str, tries: u64) -> Value {
    let arrived = async || {
        let delivery = deliveries(api, callback).await.first()?.clone();
        (delivery["state"] == state && delivery["tries"] == tries).then_some(delivery)
    };
    eventually(&format!("the delivery is {state}"), arrived).await
}

/// Lets the time of a callback's deliveries come.
async fn hasten(api: &Api, callback: &str) {
    let sql = format!(
        "UPDATE tbl_work w JOIN tbl_callback_delivery d ON d.task_id = w.task_id AND d.no = w.part \
         SET w.turn = 0, w.ready_at = NOW(3), w.due_at = NOW(3) WHERE w.kind = 3 AND d.callback = '{callback}'"
    );
    api.database.execute(&sql).await;
}

#[tokio::test]
async fn a_target_is_told_of_the_end_of_a_task_within_a_second() {
    with_api(async |api| {
        let receiver = Receiver::start(&[]).await;
        let callback = declared(api, &receiver.url).await;
        let mut waits = Vec::new();
        for n in 1..=11 {
            let id = added(api, &callback).await;
            finish(api, id).await;
            let end = Instant::now();
            told(&receiver, n).await;
            let last = receiver.received().pop().unwrap();
            waits.push(last.at.saturating_duration_since(end));
            let data = &last.body["data"];
            assert_eq!(last.body["type"], "task.finished");
            assert_eq!(last.id, format!("cb_{id}_1"));
            assert_eq!(
                json!([
                    data["task_id"],
                    data["user_task_id"],
                    data["station_id"],
                    data["task_name"],
                    data["outcome"]
                ]),
                json!([id, "", "T1", "n", "success"])
            );
        }
        waits.sort_unstable();
        assert!(waits[5] < Duration::from_secs(1), "{waits:?}");
        println!(
            "end to delivery: p50 {:?}, longest {:?}",
            waits[5], waits[10]
        );
        let delivered = delivery(api, &callback, "delivered", 1).await;
        assert_eq!(delivered["http_status"], 204);
    })
    .await;
}

#[tokio::test]
async fn a_target_is_told_of_the_end_of_a_batch_and_of_what_is_mended_after_it() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let receiver = Receiver::start(&[]).await;
        let callback = declared(api, &receiver.url).await;
        let id = unique("told-");
        let mut list = orders(3);
        list[1]["details"] = json!([]);
        let submit = json!({"task_id": id, "time_config_id": station.cycle, "order_data": list, "callback": callback, "station_id": station.id});
        api.post("/station/order/batch/submit", &submit).await.data();
        told(&receiver, 1).await;
        let first = receiver.received().remove(0).body;
        assert_eq!(json!([first["type"], first["data"]["user_task_id"], first["data"]["outcome"]]), json!(["batch.finished", id, "partial"]));
        assert_eq!(first["data"]["counts"], json!({"total": 3, "success": 2, "failed": 1, "unprocessed": 0, "dropped": 0}));
        let drop = json!({"task_id": id, "index": 1, "station_id": station.id});
        api.post("/station/order/batch/amend", &drop).await.data();
        told(&receiver, 2).await;
        let second = receiver.received().remove(1);
        assert_eq!(second.body["type"], "batch.changed");
        assert_eq!(second.body["data"]["counts"]["dropped"], 1);
        assert!(second.id.ends_with("_2"), "{second:?}");
    })
    .await;
}

#[tokio::test]
async fn a_target_that_fails_resets_or_answers_nonsense_is_told_again_under_the_same_id() {
    with_api(async |api| {
        let answers = [
            Answers::Status(500),
            Answers::Reset,
            Answers::Status(302),
            Answers::Status(413),
        ];
        let receiver = Receiver::start(&answers).await;
        let callback = declared(api, &receiver.url).await;
        let id = added(api, &callback).await;
        finish(api, id).await;
        for tries in 1..=4 {
            delivery(api, &callback, "open", tries).await;
            hasten(api, &callback).await;
        }
        delivery(api, &callback, "delivered", 5).await;
        let seen = receiver.received();
        assert_eq!(seen.len(), 5);
        assert!(
            seen.iter()
                .all(|one| one.id == seen[0].id && one.body == seen[0].body)
        );
    })
    .await;
}

#[tokio::test]
async fn a_target_that_hangs_keeps_no_other_waiting() {
    with_api(async |api| {
        let hanging = Receiver::start(&[Answers::Hang; 4]).await;
        let quick = Receiver::start(&[]).await;
        let (slow, fast) = (
            declared(api, &hanging.url).await,
            declared(api, &quick.url).await,
        );
        for _ in 0..4 {
            let id = added(api, &slow).await;
            finish(api, id).await;
        }
        told(&hanging, 1).await;
        for n in 1..=5 {
            let id = added(api, &fast).await;
            finish(api, id).await;
            let end = Instant::now();
            told(&quick, n).await;
            assert!(
                end.elapsed() < Duration::from_secs(5),
                "{:?}",
                end.elapsed()
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_target_that_is_gone_is_told_nothing_more_until_it_is_enabled_and_told_again() {
    with_api(async |api| {
        let receiver = Receiver::start(&[Answers::Status(410)]).await;
        let callback = declared(api, &receiver.url).await;
        let id = added(api, &callback).await;
        finish(api, id).await;
        delivery(api, &callback, "held_back", 1).await;
        let list = api
            .get(&format!("/task/callback/list?name={callback}"))
            .await;
        assert_eq!(
            json!([list.data()[0]["enabled"], list.data()[0]["disabled_reason"]]),
            json!([false, "its target answered 410"])
        );
        let again = json!({"name": callback, "state": "held_back"});
        let refused = api.post("/task/callback/resend", &again).await;
        assert_eq!(refused.body["error"], "PARAM_INVALID");
        api.post(
            "/task/callback/set",
            &json!({"name": callback, "enabled": true}),
        )
        .await
        .data();
        assert_eq!(
            api.post("/task/callback/resend", &again).await.data(),
            &json!({"resent": 1})
        );
        delivery(api, &callback, "delivered", 1).await;
        let seen = receiver.received();
        assert_eq!((seen.len(), &seen[0].id), (2, &seen[1].id));
    })
    .await;
}

#[tokio::test]
async fn a_url_that_may_not_be_called_is_refused_when_it_is_declared() {
    with_api(async |api| {
        for (url, word) in [
            ("https://erp.example.com/", "TARGET_HOSTS"),
            ("https://127.0.0.1@evil.example/", "user"),
            ("http://169.254.169.254/latest/meta-data", "https://"),
            ("https://169.254.169.254/latest/meta-data", "TARGET_HOSTS"),
            ("https://2130706433/", "host name"),
            ("https://0x7f.0.0.1/", "host name"),
            ("http://[::ffff:127.0.0.1]/", "https://"),
            ("ftp://127.0.0.1/", "https://"),
        ] {
            let set = json!({"name": unique("no"), "url": url, "secret": "demo"});
            let refused = api.post("/task/callback/set", &set).await;
            let message = refused.body["msg"].as_str().unwrap();
            assert!(refused.body["error"] == "PARAM_INVALID" && message.contains(word), "{url}: {message}");
        }
        let set = json!({"name": unique("no"), "url": "http://127.0.0.1/", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
        let refused = api.post("/task/callback/set", &set).await;
        assert_eq!(refused.body["error"], "PARAM_INVALID");
        assert!(!refused.text.contains("MfKQ9r8"), "a secret that was sent by mistake is not shown");
        let unknown = json!({"station_id": "T1", "task_name": "n", "input": "i", "callback": "nobody"});
        let refused = api.post("/task/add", &unknown).await;
        assert_eq!(refused.body["error"], "PARAM_INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_message_that_was_lost_is_made_up_for_by_the_sweeper() {
    with_api(async |api| {
        let receiver = Receiver::start(&[]).await;
        let callback = declared(api, &receiver.url).await;
        let id = added(api, &callback).await;
        // As if the function had died between its commit and its message.
        let end = format!("UPDATE tbl_async_task SET status = 3, outcome = 'success', end_time = NOW(3) WHERE id = {id}");
        let delivery = format!("INSERT INTO tbl_callback_delivery (task_id, no, station_id, callback, event, outcome, run_count, state) VALUES ({id}, 1, 'T1', '{callback}', 'task.finished', 'success', 0, 0)");
        let unit = format!("INSERT INTO tbl_work (kind, queue, station_id, task_id, part, state, due_at, ready_at) VALUES (3, '@{callback}', 'T1', {id}, 1, 4, NOW(3), NOW(3))");
        for sql in [end, delivery, unit] {
            api.database.execute(&sql).await;
        }
        told(&receiver, 1).await;
    })
    .await;
}
