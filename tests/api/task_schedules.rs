//! `/task/schedule/set`, `/task/schedule/list` and `/task/schedule/delete`

use serde_json::{Value, json};

use crate::support::{Api, eventually, unique, with_api};

/// Declares a queue of the test's own.
async fn declare(api: &Api, queue: &str) {
    let set = json!({"queue": queue});
    api.post("/task/queue/set", &set).await.data();
}

fn schedule(name: &str, cron: &str, queue: &str) -> Value {
    json!({"name": name, "cron": cron, "task": {
        "station_id": "T1", "task_name": "日报", "input": {"scope": "day"}, "queue": queue, "tags": ["日报"], "max_attempts": 2}})
}

#[tokio::test]
async fn a_schedule_is_set_listed_with_its_next_five_instants_changed_and_deleted() {
    with_api(async |api| {
        declare(api, "schedule1").await;
        let name = unique("s-");
        let set = api
            .post(
                "/task/schedule/set",
                &schedule(&name, "30 6 * * MON-FRI", "schedule1"),
            )
            .await;
        let set = set.data();
        assert_eq!(
            json!([
                set["time_zone"],
                set["misfire"],
                set["enabled"],
                set["task"]["input"]
            ]),
            json!(["Asia/Shanghai", "once", true, r#"{"scope":"day"}"#])
        );
        let next: Vec<_> = set["next"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(next.len(), 5);
        assert!(
            next.iter().all(|at| at.ends_with(" 06:30:00")) && next.is_sorted(),
            "{next:?}"
        );
        let change = json!({"name": name, "enabled": "0", "time_zone": "UTC"});
        let changed = api.post("/task/schedule/set", &change).await;
        assert_eq!(
            json!([changed.data()["next"], changed.data()["cron"]]),
            json!([[], "30 6 * * MON-FRI"])
        );
        let list = api.get("/task/schedule/list?station_id=T1").await;
        let listed = list
            .data()
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["name"] == name.as_str());
        assert_eq!(listed.unwrap()["time_zone"], "UTC");
        for deleted in [1, 0] {
            let delete = api
                .post("/task/schedule/delete", &json!({"name": name}))
                .await;
            assert_eq!(delete.data(), &json!({"deleted": deleted}));
        }
    })
    .await;
}

#[tokio::test]
async fn a_bad_schedule_is_refused_by_the_name_of_what_is_wrong() {
    with_api(async |api| {
        declare(api, "schedule2").await;
        for (member, value, named) in [
            ("cron", json!("60 * * * *"), "minute"),
            ("cron", json!("0 0 30 2 *"), "never runs"),
            ("cron", json!("* * * *"), "4 fields"),
            ("time_zone", json!("Mars/Olympus"), "time_zone"),
            ("misfire", json!("twice"), "misfire"),
            ("task", json!([]), "task"),
            ("task", json!({"station_id": "T1", "task_name": "n", "input": "i"}), "queue"),
            ("task", json!({"station_id": "T1", "task_name": "n", "input": "i", "queue": "nowhere"}), "queue"),
            ("task", json!({"station_id": "T1", "task_name": "n", "input": "i", "queue": "schedule2", "delay": 5}), "delay"),
        ] {
            let mut set = schedule("bad", "0 3 * * *", "schedule2");
            set[member] = value;
            let refused = api.post("/task/schedule/set", &set).await;
            assert_eq!(refused.body["code"], 1, "{}", refused.text);
            let message = refused.body["msg"].as_str().unwrap();
            assert!(message.contains(named), "{message}");
        }
        for call in ["set", "delete"] {
            let call = api.post(&format!("/task/schedule/{call}"), &json!({})).await;
            call.refusal("PARAM_MISSING");
        }
    })
    .await;
}

#[tokio::test]
async fn the_housekeeper_adds_the_task_of_an_instant_and_a_worker_claims_it_then() {
    with_api(async |api| {
        declare(api, "schedule3").await;
        let name = unique("s-");
        api.post("/task/schedule/set", &schedule(&name, "* * * * *", "schedule3"))
            .await
            .data();
        // So that nobody has to wait for the minute.
        let soon = format!(
            "UPDATE tbl_task_schedule SET next_at = DATE_FORMAT(NOW() + INTERVAL 1 SECOND, '%Y-%m-%d %H:%i:%s') WHERE name = '{name}'"
        );
        api.database.execute(&soon).await;
        let claim = json!({"queue": "schedule3", "wait": 2});
        let claimed = async || {
            let claimed = api.post("/task/claim", &claim).await;
            claimed.data().get(0).cloned()
        };
        let task = eventually("the task is claimed", claimed).await;
        assert!(task["user_task_id"].as_str().unwrap().starts_with(&format!("{name}:20")), "{task}");
        assert_eq!(
            json!([task["task_name"], task["tags"], task["max_attempts"]]),
            json!(["日报", ["日报"], 2])
        );
        let run = json!({"task_id": task["task_id"], "run_count": 1});
        api.post("/task/finish", &run).await.data();
        api.post("/task/schedule/delete", &json!({"name": name})).await.data();
    })
    .await;
}
