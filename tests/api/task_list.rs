//! `GET|POST /task/list`

use serde_json::{Value, json};

use crate::support::{Api, unique, with_api};

async fn station_with(api: &Api, tasks: usize) -> String {
    let station = unique("TL");
    for n in 0..tasks {
        let task = json!({"station_id": station, "task_name": format!("n{n}"), "input": "i", "type_id": n % 2});
        api.post("/task/add", &task).await.data();
    }
    station
}

fn names(data: &Value) -> Vec<String> {
    let tasks = data.as_array().unwrap().iter();
    tasks
        .map(|task| task["task_name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_stations_tasks_are_listed_newest_first_and_paged() {
    with_api(async |api| {
        let station = station_with(api, 12).await;
        let list = async |query: &str| {
            api.get(&format!("/task/list?station_id={station}{query}"))
                .await
        };
        let first = list("").await;
        assert_eq!(names(first.data()).len(), 10);
        assert_eq!(names(first.data())[0], "n11");
        let pagination = &first.body["pagination"];
        assert_eq!(
            (
                &pagination["total"],
                &pagination["limit"],
                &pagination["offset"]
            ),
            (&json!(12), &json!(10), &json!(0))
        );
        assert_eq!(names(list("&limit=5&offset=2").await.data()), ["n1", "n0"]);
        let after = &first.body["pagination"]["next_after_id"];
        assert_eq!(
            names(list(&format!("&after_id={after}")).await.data()),
            ["n1", "n0"]
        );
        assert_eq!(
            names(list("&type_id=1&status=1,2&limit=2").await.data()),
            ["n11", "n9"]
        );
        assert!(names(list("&status=3").await.data()).is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_list_needs_a_station_and_keeps_its_bounds() {
    with_api(async |api| {
        api.get("/task/list").await.refusal("PARAM_MISSING");
        for query in ["limit=101", "status=4", "offset=-1", "with=nothing"] {
            let answer = api.get(&format!("/task/list?station_id=T1&{query}")).await;
            answer.refusal("PARAM_INVALID");
        }
    })
    .await;
}

#[tokio::test]
async fn the_two_large_members_are_left_out_unless_they_are_asked_for() {
    with_api(async |api| {
        let station = station_with(api, 1).await;
        for (with, input, result) in [
            ("", true, true),
            ("input", true, false),
            ("result", false, true),
            ("input,result", true, true),
            ("none", false, false),
        ] {
            let path = format!("/task/list?station_id={station}&with={with}");
            let task = api.get(&path).await.data()[0].clone();
            let there = |name: &str| task.get(name).is_some();
            assert_eq!((there("input"), there("result")), (input, result), "{with}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_total_is_told_up_to_ten_thousand_and_then_said_to_be_capped() {
    with_api(async |api| {
        let station = station_with(api, 1).await;
        let path = format!("/task/list?station_id={station}&limit=1&with=none");
        let exact = api.get(&path).await.body["pagination"].clone();
        assert_eq!((&exact["total"], exact.get("total_capped")), (&json!(1), None));
        let mut connection = api.database.connect().await;
        let double = "INSERT INTO tbl_async_task (station_id, name, input) SELECT station_id, name, input FROM tbl_async_task WHERE station_id = ?";
        for _ in 0..14 {
            sqlx::query(double).bind(&station).execute(&mut connection).await.unwrap();
        }
        let capped = api.get(&path).await.body["pagination"].clone();
        assert_eq!((&capped["total"], &capped["total_capped"]), (&json!(10_000), &json!(true)));
        for (page, total) in [(0, 10), (2, 10), (40, 41)] {
            let near = api.get(&format!("{path}&count=near&offset={page}")).await.body["pagination"].clone();
            assert_eq!((&near["total"], &near["total_capped"]), (&json!(total), &json!(true)));
        }
        let refused = api.get(&format!("{path}&count=fast")).await;
        assert!(refused.refusal("PARAM_INVALID").contains("count"));
    })
    .await;
}
