//! `/task/add`.

use task_store::testing::with_database;

use super::*;

#[tokio::test]
async fn a_task_is_stored_as_it_was_given() {
    with_database(async |fresh| {
        let key = add(fresh, "a", "任何文本 {", false).await.unwrap();
        let task = get(fresh, "a").await;
        assert_eq!(task["task_id"], key.get());
        assert_eq!(task["user_task_id"], "a");
        assert_eq!(task["input"], "任何文本 {");
        assert_eq!(
            (&task["task_name"], &task["name"]),
            (&json!("导出"), &json!("导出"))
        );
        assert_eq!((&task["type"], &task["type_id"]), (&json!(7), &json!(7)));
        assert_eq!((&task["status"], &task["progress"]), (&json!(1), &json!(0)));
        assert_eq!(
            (&task["repeat"], &task["message_show"]),
            (&json!(false), &json!(true))
        );
        for unset in ["start_time", "end_time", "result"] {
            assert_eq!(task[unset], Value::Null, "{unset}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_same_request_again_names_the_same_task_also_when_it_is_finished() {
    with_database(async |fresh| {
        let key = add(fresh, "a", "1", false).await.unwrap();
        assert_eq!(add(fresh, "a", "1", false).await.unwrap(), key);
        finish(fresh, "a", &Changes::default()).await.unwrap();
        assert_eq!(add(fresh, "a", "1", false).await.unwrap(), key);
        assert_eq!(get(fresh, "a").await["status"], 3);
    })
    .await;
}

#[tokio::test]
async fn other_content_under_the_same_id_is_a_conflict_and_changes_nothing() {
    with_database(async |fresh| {
        add(fresh, "a", "1", true).await.unwrap();
        assert_eq!(
            code(add(fresh, "a", "2", true).await),
            ErrorCode::TaskConflict
        );
        start(fresh, "a").await.unwrap();
        assert_eq!(
            code(add(fresh, "a", "2", true).await),
            ErrorCode::TaskConflict
        );
        assert_eq!(get(fresh, "a").await["input"], "1");
        add(fresh, "b", "1", false).await.unwrap();
        finish(fresh, "b", &Changes::default()).await.unwrap();
        assert_eq!(
            code(add(fresh, "b", "2", false).await),
            ErrorCode::TaskConflict
        );
    })
    .await;
}

/// Adds a task `a` for a station.
async fn add_at(fresh: &TestDatabase, station: &str, scope: IdScope) -> Result<TaskId> {
    let new = NewTask {
        user_task_id: Some(&id("a")),
        station_id: &StationId::parse(station).unwrap(),
        name: "导出",
        input: "2",
        type_id: 7,
        repeat: true,
        message_show: true,
        labels: Labels::default(),
        dispatch: None,
    };
    tasks::add(&fresh.database, &new, scope).await
}

#[tokio::test]
async fn no_station_can_take_or_feel_out_another_stations_id() {
    with_database(async |fresh| {
        let theirs = add_at(fresh, "T2", IdScope::Station).await.unwrap();
        let mine = add(fresh, "a", "1", true).await.unwrap();
        assert_ne!(mine, theirs);
        assert_eq!(add(fresh, "a", "1", true).await.unwrap(), mine);
        assert_eq!(add_at(fresh, "T2", IdScope::Station).await.unwrap(), theirs);
    })
    .await;
}

#[tokio::test]
async fn where_calls_may_name_no_station_another_stations_id_is_a_conflict_even_when_it_could_run_again()
 {
    with_database(async |fresh| {
        add(fresh, "a", "1", true).await.unwrap();
        finish(fresh, "a", &Changes::default()).await.unwrap();
        let taken = add_at(fresh, "T2", IdScope::Everywhere).await;
        assert_eq!(code(taken), ErrorCode::TaskConflict);
        let before = get(fresh, "a").await;
        assert_eq!(
            add_at(fresh, STATION, IdScope::Everywhere)
                .await
                .unwrap()
                .get(),
            before["task_id"]
        );
        assert_eq!(
            add_at(fresh, STATION, IdScope::Everywhere)
                .await
                .unwrap()
                .get(),
            before["task_id"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_finished_repeatable_task_is_submitted_again_with_another_input() {
    with_database(async |fresh| {
        let key = add(fresh, "a", "1", true).await.unwrap();
        start(fresh, "a").await.unwrap();
        finish(
            fresh,
            "a",
            &change("set", "$", &json!({"msg": "x"})).unwrap(),
        )
        .await
        .unwrap();
        assert_eq!(add(fresh, "a", "2", true).await.unwrap(), key);
        let task = get(fresh, "a").await;
        assert_eq!((&task["status"], &task["input"]), (&json!(1), &json!("2")));
        assert_eq!(
            (&task["repeat"], &task["run_count"]),
            (&json!(true), &json!(1))
        );
        for unset in ["start_time", "end_time", "result"] {
            assert_eq!(task[unset], Value::Null, "{unset}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_same_resubmission_sent_many_times_at_once_succeeds_every_time() {
    with_database(async |fresh| {
        let key = add(fresh, "a", "1", true).await.unwrap();
        for input in ["2", "3", "4", "5"] {
            finish(fresh, "a", &Changes::default()).await.unwrap();
            let all = futures_util::future::join_all((0..8).map(|_| add(fresh, "a", input, true)));
            for end in all.await {
                assert_eq!(end.unwrap(), key);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_same_new_task_sent_many_times_at_once_is_stored_once() {
    with_database(async |fresh| {
        let all = futures_util::future::join_all((0..8).map(|_| add(fresh, "a", "1", false))).await;
        let keys: Vec<_> = all.into_iter().map(Result::unwrap).collect();
        assert!(keys.iter().all(|key| *key == keys[0]));
    })
    .await;
}

#[tokio::test]
async fn of_thirty_two_callers_with_one_new_id_those_with_the_stored_content_get_its_key() {
    with_database(async |fresh| {
        let many = TestDatabase {
            database: fresh.another(32),
            url: fresh.url.clone(),
        };
        let inputs = ["1", "2"].into_iter().cycle().take(32);
        let all = inputs.map(|input| add(&many, "a", input, false));
        let all = futures_util::future::join_all(all).await;
        let task = get(fresh, "a").await;
        for (input, end) in ["1", "2"].into_iter().cycle().zip(all) {
            if task["input"] == input {
                assert_eq!(task["task_id"], end.unwrap().get());
            } else {
                assert_eq!(code(end), ErrorCode::TaskConflict);
            }
        }
    })
    .await;
}
