//! `GET|POST /async_task/list` and `/async_task/detail`

use serde_json::{Value, json};

use crate::support::{Station, numbered, unique, with_api};

#[tokio::test]
async fn the_panel_lists_a_stations_shown_tasks_until_none_is_open() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("panel-");
        let mut task = api.import(&station, &id, &numbered(&id, 3)).await;
        task["result"].as_object_mut().unwrap().remove("failed");
        let hidden = json!({"station_id": station.id, "task_name": "n", "input": "i", "message_show": false});
        api.post("/task/add", &hidden).await.data();
        let path = format!("/async_task/list?station_id={}", station.id);
        assert_eq!(api.get(&path).await.data(), &json!({"tasks": [task], "finish": true}));
        let open = json!({"station_id": station.id, "task_name": "n", "input": "i"});
        api.post("/task/add", &open).await.data();
        let both = api.get(&path).await.data().clone();
        assert_eq!((&both["finish"], both["tasks"].as_array().unwrap().len()), (&json!(false), 2));
        let bare = api.get(&format!("{path}&format=list")).await.data().clone();
        assert_eq!(bare, both["tasks"]);
        api.get("/async_task/list").await.refusal("PARAM_MISSING");
    })
    .await;
}

#[tokio::test]
async fn a_detail_adds_counts_and_a_page_of_items() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("detail-");
        let mut list = numbered(&id, 5);
        list[2]["details"] = json!([]);
        let task = api.import(&station, &id, &list).await;
        let detail = api
            .get(&format!(
                "/async_task/detail?task_id={id}&item_status=failed"
            ))
            .await
            .data()
            .clone();
        for (name, value) in task.as_object().unwrap() {
            assert_eq!(&detail[name], value, "{name}");
        }
        assert_eq!(
            (&detail["run_count"], &detail["message_show"]),
            (&json!(1), &json!(true))
        );
        assert_eq!(
            (&detail["counts"]["total"], &detail["counts"]["failed"]),
            (&json!(5), &json!(1))
        );
        assert_eq!(
            detail["items"],
            Value::from(api.details(&id, "failed").await)
        );
        let all = api
            .get(&format!("/async_task/detail?task_id={id}&limit=2&offset=1"))
            .await
            .data()
            .clone();
        assert_eq!(
            (&all["items"][0]["index"], &all["pagination"]["total"]),
            (&json!(2), &json!(5))
        );
    })
    .await;
}

#[tokio::test]
async fn the_panel_is_filtered_and_paged_newest_first() {
    with_api(async |api| {
        let station = unique("P");
        for n in 0..5 {
            let task = json!({"station_id": station, "task_name": format!("n{n}"), "input": "i", "type_id": n % 2, "user_task_id": format!("{station}-{n}")});
            api.post("/task/add", &task).await.data();
        }
        let start = json!({"user_task_id": format!("{station}-3")});
        api.post("/task/start", &start).await.data();
        let third = api.task(&format!("{station}-2")).await["task_id"].clone();
        let list = async |query: &str| {
            let path = format!("/async_task/list?station_id={station}&{query}");
            let tasks = api.get(&path).await.data()["tasks"].clone();
            let name = |task: &Value| task["task_name"].as_str().unwrap().to_owned();
            tasks.as_array().unwrap().iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(list("").await, ["n4", "n3", "n2", "n1", "n0"]);
        assert_eq!(list("limit=2&offset=1").await, ["n2", "n1"]);
        assert_eq!(list("limit=2&page=2").await, ["n0"]);
        assert_eq!(list(&format!("after_id={}", third.as_str().unwrap())).await, ["n1", "n0"]);
        assert_eq!(list("type_id=1").await, ["n3", "n1"]);
        assert_eq!(list("status=2").await, ["n3"]);
        assert_eq!(list("status=1,2&type_id=1").await, ["n3", "n1"]);
        assert!(list("status=3").await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn tasks_are_found_by_outcome_by_the_beginning_of_name_or_id_and_by_time() {
    with_api(async |api| {
        let station = unique("F");
        for (n, name) in ["stock A", "stock B", "report"].iter().enumerate() {
            let task = json!({"station_id": station, "task_name": name, "input": "i", "user_task_id": format!("{station}-{n}")});
            api.post("/task/add", &task).await.data();
        }
        let finish = json!({"user_task_id": format!("{station}-1"), "result": {"outcome": "failed"}});
        api.post("/task/finish", &finish).await.data();
        let list = async |query: &str| {
            let path = format!("/async_task/list?station_id={station}&{query}");
            let tasks = api.get(&path).await.data()["tasks"].clone();
            let name = |task: &Value| task["task_name"].as_str().unwrap().to_owned();
            tasks.as_array().unwrap().iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(list("outcome=failed").await, ["stock B"]);
        assert_eq!(list("outcome=failed,success&status=3").await, ["stock B"]);
        assert!(list("outcome=success").await.is_empty());
        assert_eq!(list("name=stock").await, ["stock B", "stock A"]);
        assert_eq!(list("name=stock&outcome=failed").await, ["stock B"]);
        assert_eq!(list(&format!("user_task_id={station}-")).await, ["report", "stock B", "stock A"]);
        assert_eq!(list("created_from=2026-01-01 00:00:00").await, ["report", "stock B", "stock A"]);
        assert!(list("created_to=2026-01-01 00:00:00").await.is_empty());
        let first = api.get(&format!("/async_task/list?station_id={station}&name=stock&limit=1")).await;
        let after = first.body["pagination"]["next_after_id"].as_i64().unwrap();
        assert_eq!(list(&format!("name=stock&limit=1&after_id={after}")).await, ["stock A"]);
        for (query, named) in [
            ("name=a&user_task_id=b", "user_task_id"),
            ("name=a&created_to=2026-01-01 00:00:00", "created_to"),
            ("name=a&offset=1", "offset"),
            ("outcome=failed&page=1", "page"),
            ("outcome=good", "outcome"),
            ("created_from=yesterday", "created_from"),
            ("name=stock&after_id=1", "after_id"),
        ] {
            let refused = api.get(&format!("/async_task/list?station_id={station}&{query}")).await;
            assert!(refused.refusal("PARAM_INVALID").contains(named), "{query}: {}", refused.text);
        }
    })
    .await;
}

#[tokio::test]
async fn a_detail_of_a_task_that_is_no_batch_has_counts_of_0_and_no_items() {
    with_api(async |api| {
        let id = unique("plain-");
        let task = json!({"station_id": "T1", "task_name": "n", "input": "i", "user_task_id": id});
        api.post("/task/add", &task).await.data();
        let path = format!("/async_task/detail?task_id={id}");
        let detail = api.get(&path).await.data().clone();
        let counts = detail["counts"].as_object().unwrap();
        assert!(
            counts.len() == 7 && counts.values().all(|count| count == 0),
            "{detail}"
        );
        assert_eq!(
            (detail.get("items"), detail.get("pagination")),
            (None, None)
        );
    })
    .await;
}
