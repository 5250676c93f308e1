//! `/async_task/overview`, `/async_task/dead_letters`, `/async_task/retry`, `/async_task/queue/list` and
//! `/async_task/queue/pause`: the work of operators.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Executor as _;
use task_local::StackConfig;

use crate::events::{answered, sample};
use crate::support::{
    Api, QUEUE, Station, eventually, order, orders, unique, with_api, with_own_api,
};

/// Messages that come back soon and are given up soon.
fn impatient(config: StackConfig) -> StackConfig {
    StackConfig {
        visibility_timeout: Duration::from_secs(1),
        function_timeout: Duration::from_secs(1),
        max_receive_count: 2,
        schedule: Some(Duration::from_millis(500)),
        ..config
            .with("LEASE_SECONDS", "1")
            .with("RESEND_SECONDS", "1")
    }
}

async fn overview(api: &Api) -> Value {
    api.get("/async_task/overview?all_stations=true")
        .await
        .data()
        .clone()
}

/// A finished batch whose orders failed, because their chunk was given up.
async fn dead_letter(api: &Api, station: &Station, task: &str) {
    let mut connection = api.database.connect().await;
    connection
        .execute("RENAME TABLE tbl_sku TO tbl_sku_away")
        .await
        .unwrap();
    api.import(station, task, &orders(30)).await;
    connection
        .execute("RENAME TABLE tbl_sku_away TO tbl_sku")
        .await
        .unwrap();
}

#[tokio::test]
async fn an_operator_finds_a_dead_letter_with_its_cause_in_the_overview_and_tries_it_again() {
    with_own_api(impatient, async |api| {
        let station = Station::fresh(api).await;
        dead_letter(api, &station, "planted").await;
        let seen = overview(api).await;
        let letter = &seen["dead_letters"][0];
        let told = [
            "kind",
            "station_id",
            "queue",
            "user_task_id",
            "run",
            "settled",
        ]
        .map(|member| letter[member].clone());
        let expected = [
            json!("chunk"),
            json!(station.id),
            json!("order_import"),
            json!("planted"),
            json!(1),
            json!(false),
        ];
        assert_eq!(told, expected, "{letter}");
        let cause = letter["cause"].as_str().unwrap();
        assert!(
            cause.contains("dead letter") && cause.contains("attempt"),
            "{cause}"
        );
        assert_eq!(letter["failed_items"], letter["item_count"]);
        assert_eq!(seen["today"]["hours"][0]["failed"], 1, "{seen}");
        let list = api.get("/async_task/dead_letters?all_stations=true").await;
        assert_eq!(&list.data()["dead_letters"][0], letter);
        let retry = json!({"task_id": letter["task_id"], "station_id": letter["station_id"]});
        let retried = api.post("/async_task/retry", &retry).await;
        assert_eq!(
            retried.data(),
            &json!({"retried": 1, "dry_run": false, "next_after_id": null})
        );
        let made =
            async || (api.task("planted").await["result"]["success_count"] == 30).then_some(());
        eventually("the batch is made", made).await;
        assert_eq!(overview(api).await["dead_letters"], json!([]));
        let idle = async || {
            let depth = api.stack.queue_depth(QUEUE).await.unwrap();
            let messages = depth.visible + depth.in_flight + depth.delayed;
            (messages + api.dead_letters().await == 0).then_some(())
        };
        eventually("all messages are worked off", idle).await;
    })
    .await;
}

#[tokio::test]
async fn the_overview_shows_open_failing_and_waiting_work_of_a_station_or_of_all() {
    with_own_api(|config| config, async |api| {
        let set = json!({"queue": "report", "backoff": "600..600"});
        api.post("/task/queue/set", &set).await.data();
        for (name, station) in [("waits", "T1"), ("fails", "T2")] {
            let task = json!({"station_id": station, "task_name": "报表", "input": "i", "queue": "report", "user_task_id": name});
            api.post("/task/add", &task).await.data();
        }
        let failed = json!({"user_task_id": "fails", "msg": "no connection"});
        api.post("/task/start", &failed).await.data();
        api.post("/task/fail", &failed).await.data();
        let all = overview(api).await;
        assert_eq!(all["open_tasks"], json!({"count": 2, "capped": false}));
        assert_eq!((&all["work"]["ready"], &all["work"]["delayed"]), (&json!(1), &json!(1)));
        assert_eq!(all["oldest_waiting"]["user_task_id"], "waits");
        let failing = &all["failing"][0];
        assert_eq!((&failing["station_id"], &failing["last_error"], &failing["attempt"]), (&json!("T2"), &json!("no connection"), &json!(1)));
        let of_t1 = api.get("/async_task/overview?station_id=T1").await.data().clone();
        assert_eq!((&of_t1["station_id"], &of_t1["open_tasks"]["count"]), (&json!("T1"), &json!(1)));
        assert_eq!(of_t1["failing"], json!([]));
        let old = "UPDATE tbl_work SET ready_at = NOW(3) - INTERVAL 1 HOUR WHERE state = 0";
        api.database.execute(old).await;
        let stuck = overview(api).await["stuck"].clone();
        assert_eq!((&stuck[0]["reason"], &stuck[0]["user_task_id"]), (&json!("NOT_TAKEN"), &json!("waits")));
    })
    .await;
}

#[tokio::test]
async fn staff_try_their_own_tasks_again_by_ids_and_operators_by_filter() {
    with_api(async |api| {
        let (queue, station) = ("retryable", unique("R"));
        api.post("/task/queue/set", &json!({"queue": queue})).await.data();
        let mut ids = Vec::new();
        for n in 0..3 {
            let id = format!("{station}-{n}");
            let task = json!({"station_id": station, "task_name": "n", "input": "i", "queue": queue, "user_task_id": id});
            api.post("/task/add", &task).await.data();
            let failed = json!({"user_task_id": id, "msg": "bad", "retry": false});
            api.post("/task/start", &failed).await.data();
            api.post("/task/fail", &failed).await.data();
            ids.push(id);
        }
        let foreign = json!({"user_task_ids": ids, "station_id": "other"});
        api.post("/async_task/retry", &foreign).await.refusal("TASK_NOT_FOUND");
        let own = json!({"user_task_ids": [ids[0], ids[1]], "station_id": station});
        assert_eq!(api.post("/async_task/retry", &own).await.data()["retried"], 2);
        assert_eq!(api.post("/async_task/retry", &own).await.data()["retried"], 0);
        let filter = json!({"filter": {"queue": queue, "station_id": station}, "dry_run": true});
        let dry = api.post("/async_task/retry", &filter).await;
        assert_eq!((&dry.data()["retried"], &dry.data()["dry_run"]), (&json!(1), &json!(true)));
        let plain = json!({"station_id": station, "task_name": "n", "input": "i", "user_task_id": format!("{station}-plain")});
        api.post("/task/add", &plain).await.data();
        let named = json!({"user_task_id": format!("{station}-plain"), "station_id": station});
        api.post("/async_task/retry", &named).await.refusal("PARAM_INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_paused_queue_gives_no_task_out_until_it_goes_on() {
    with_api(async |api| {
        let pause = json!({"queue": "pausable"});
        let unknown = api
            .post(
                "/async_task/queue/pause",
                &json!({"queue": "neverdeclared"}),
            )
            .await;
        assert!(unknown.refusal("PARAM_INVALID").contains("neverdeclared"));
        api.post("/task/queue/set", &pause).await.data();
        let task = json!({"station_id": "T1", "task_name": "n", "input": "i", "queue": "pausable"});
        api.post("/task/add", &task).await.data();
        assert_eq!(
            api.post("/async_task/queue/pause", &pause).await.data()["paused"],
            true
        );
        assert_eq!(api.post("/task/claim", &pause).await.data(), &json!([]));
        let listed = api.get("/async_task/queue/list").await;
        let queues = listed.data().as_array().unwrap();
        let queue = queues
            .iter()
            .find(|queue| queue["queue"] == "pausable")
            .unwrap();
        assert_eq!(
            (&queue["paused"], &queue["counts"]["waiting"]),
            (&json!(true), &json!(1))
        );
        let resume = json!({"queue": "pausable", "paused": false});
        assert_eq!(
            api.post("/async_task/queue/pause", &resume).await.data()["paused"],
            false
        );
        assert_eq!(
            api.post("/task/claim", &pause)
                .await
                .data()
                .as_array()
                .unwrap()
                .len(),
            1
        );
    })
    .await;
}

/// Calls a function with a token's claims.
pub(crate) async fn with_claims(api: &Api, function: &str, claims: &Value, query: &str) -> Value {
    let mut event = sample(function);
    event["rawQueryString"] = json!(query);
    event["requestContext"]["authorizer"]["jwt"]["claims"] = claims.clone();
    answered(&api.stack.invoke(function, event).await.unwrap())
}

#[tokio::test]
async fn where_only_the_token_counts_staff_do_no_work_of_operators_and_see_no_other_station() {
    let claim = |config: StackConfig| {
        config
            .with("STATION_SOURCE", "claim")
            .with("OPERATOR_CLAIM", "ops")
    };
    with_own_api(claim, async |api| {
        let station = Station::fresh(api).await;
        let staff = json!({"station_id": station.id});
        let operator = json!({"ops": "true"});
        for function in [
            "async-task-dead-letters",
            "async-task-queue-list",
            "async-task-queue-pause",
        ] {
            let query = "queue=report";
            let refused = with_claims(api, function, &staff, query).await;
            assert_eq!(refused["error"], "FORBIDDEN", "{function}");
            assert!(
                refused["msg"].as_str().unwrap().contains("ops"),
                "{refused}"
            );
            assert_ne!(
                with_claims(api, function, &operator, query).await["error"],
                "FORBIDDEN"
            );
        }
        for function in ["async-task-overview", "async-task-list"] {
            let all = "all_stations=true";
            assert_eq!(
                with_claims(api, function, &staff, all).await["error"],
                "FORBIDDEN"
            );
            assert_eq!(with_claims(api, function, &operator, all).await["code"], 0);
            assert_eq!(with_claims(api, function, &operator, "").await["code"], 0);
        }
        let own = with_claims(api, "async-task-overview", &staff, "station_id=other").await;
        assert_eq!(own["data"]["station_id"], json!(station.id));
        let chosen = with_claims(api, "async-task-overview", &operator, "station_id=other").await;
        assert_eq!(chosen["data"]["station_id"], "other");
        let filter = "filter={\"queue\":\"report\"}";
        assert_eq!(
            with_claims(api, "async-task-retry", &staff, filter).await["error"],
            "FORBIDDEN"
        );
    })
    .await;
}

#[tokio::test]
async fn the_operators_list_has_the_tasks_of_all_stations_newest_first() {
    with_own_api(
        |config| config,
        async |api| {
            let (one, other) = (Station::fresh(api).await, Station::fresh(api).await);
            api.import(&one, "one", &[order(0)]).await;
            api.import(&other, "other", &[order(1)]).await;
            let list = api
                .get("/async_task/list?all_stations=true&outcome=success")
                .await;
            let seen: Vec<_> = list.data()["tasks"]
                .as_array()
                .unwrap()
                .iter()
                .map(|task| (&task["user_task_id"], &task["station_id"]))
                .collect();
            assert_eq!(
                seen,
                [
                    (&json!("other"), &json!(other.id)),
                    (&json!("one"), &json!(one.id))
                ]
            );
            let paged = api.get("/async_task/list?all_stations=true&offset=1").await;
            assert!(paged.refusal("PARAM_INVALID").contains("all stations"));
            let named = api.get("/async_task/list?all_stations=true&name=n").await;
            assert!(named.refusal("PARAM_INVALID").contains("station_id"));
        },
    )
    .await;
}
