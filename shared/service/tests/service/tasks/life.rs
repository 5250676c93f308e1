//! `/task/start` and `/task/finish`.

use task_service::async_tasks::close;
use task_store::testing::with_database;

use super::*;
use crate::support::caller;

#[tokio::test]
async fn a_submitted_task_is_started_and_counted() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        let task = start(fresh, "a").await.unwrap();
        assert_eq!(
            (&task["status"], &task["run_count"]),
            (&json!(2), &json!(1))
        );
        assert!(task["start_time"].is_string() && task["end_time"].is_null());
        assert_eq!(task["input"], "1", "the answer is the whole task");
    })
    .await;
}

#[tokio::test]
async fn a_running_task_may_be_started_again_and_keeps_its_start_and_result() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        start(fresh, "a").await.unwrap();
        run(fresh, "UPDATE tbl_async_task SET start_time = '2020-01-01'").await;
        set(fresh, "a", "$.x", json!(1)).await.unwrap();
        let task = start(fresh, "a").await.unwrap();
        assert_eq!(
            (&task["status"], &task["run_count"]),
            (&json!(2), &json!(2))
        );
        assert_eq!(task["start_time"], "2020-01-01 00:00:00");
        assert_eq!(task["result"], json!({"x": 1}));
    })
    .await;
}

#[tokio::test]
async fn a_finished_task_cannot_be_started_and_the_refusal_shows_it() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        finish(fresh, "a", &change("set", "$.msg", &json!("ok")).unwrap())
            .await
            .unwrap();
        let before = get(fresh, "a").await;
        let refusal = start(fresh, "a").await.unwrap_err();
        assert_eq!(refusal.code(), ErrorCode::TaskFinished);
        assert_eq!(data(refusal), before);
        assert_eq!(get(fresh, "a").await, before, "nothing has changed");
    })
    .await;
}

#[tokio::test]
async fn a_finished_repeatable_task_starts_a_new_run_without_result_and_end() {
    with_database(async |fresh| {
        add(fresh, "a", "1", true).await.unwrap();
        start(fresh, "a").await.unwrap();
        finish(fresh, "a", &change("set", "$", &json!(1)).unwrap())
            .await
            .unwrap();
        run(fresh, "UPDATE tbl_async_task SET start_time = '2020-01-01'").await;
        let task = start(fresh, "a").await.unwrap();
        assert_eq!(
            (&task["status"], &task["run_count"]),
            (&json!(2), &json!(2))
        );
        assert!(task["end_time"].is_null() && task["result"].is_null());
        assert_ne!(task["start_time"], "2020-01-01 00:00:00");
    })
    .await;
}

#[tokio::test]
async fn a_late_worker_does_not_revive_a_closed_task_but_adding_it_again_does() {
    with_database(async |fresh| {
        let key = add(fresh, "a", "1", true).await.unwrap();
        for input in ["2", "3"] {
            start(fresh, "a").await.unwrap();
            close(&fresh.database, KINDS, &caller(), &[named("a")])
                .await
                .unwrap();
            let closed = get(fresh, "a").await;
            let refusal = start(fresh, "a").await.unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::TaskFinished);
            assert_eq!(data(refusal), closed);
            let same = closed["input"].as_str().unwrap();
            assert_eq!(add(fresh, "a", same, true).await.unwrap(), key);
            assert_eq!(get(fresh, "a").await, closed, "the same request again");
            assert_eq!(add(fresh, "a", input, true).await.unwrap(), key);
            let added = get(fresh, "a").await;
            assert_eq!(
                json!([added["status"], added["outcome"], added["message_show"]]),
                json!([1, null, true])
            );
        }
        assert_eq!(start(fresh, "a").await.unwrap()["run_count"], 3);
    })
    .await;
}

#[tokio::test]
async fn every_one_of_many_starts_at_once_is_counted() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        let all = futures_util::future::join_all((0..16).map(|_| start(fresh, "a"))).await;
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(get(fresh, "a").await["run_count"], 16);
    })
    .await;
}

#[tokio::test]
async fn a_task_is_finished_from_submitted_and_from_running() {
    with_database(async |fresh| {
        for name in ["a", "b"] {
            add(fresh, name, "1", false).await.unwrap();
        }
        start(fresh, "b").await.unwrap();
        for name in ["a", "b"] {
            finish(fresh, name, &Changes::default()).await.unwrap();
            let task = get(fresh, name).await;
            assert_eq!(
                (&task["status"], &task["progress"]),
                (&json!(3), &json!(100))
            );
            assert!(task["end_time"].is_string());
        }
    })
    .await;
}

#[tokio::test]
async fn finishing_again_is_harmless_and_changes_neither_end_nor_result() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        finish(fresh, "a", &change("set", "$", &json!("first")).unwrap())
            .await
            .unwrap();
        run(fresh, "UPDATE tbl_async_task SET end_time = '2020-01-01'").await;
        finish(fresh, "a", &change("set", "$", &json!("late")).unwrap())
            .await
            .unwrap();
        let task = get(fresh, "a").await;
        assert_eq!(task["end_time"], "2020-01-01 00:00:00");
        assert_eq!(task["result"], "first");
    })
    .await;
}

#[tokio::test]
async fn a_finish_applies_its_changes_in_the_same_statement() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        let changes = Changes {
            name: Some("别名".into()),
            type_id: Some(9),
            repeat: Some(true),
            message_show: Some(false),
            ..change("set", "$.n", &json!(1)).unwrap()
        };
        finish(fresh, "a", &changes).await.unwrap();
        let task = get(fresh, "a").await;
        assert_eq!((&task["name"], &task["type"]), (&json!("别名"), &json!(9)));
        assert_eq!(
            (&task["repeat"], &task["message_show"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(
            (&task["result"], &task["status"]),
            (&json!({"n": 1}), &json!(3))
        );
    })
    .await;
}

#[tokio::test]
async fn a_finish_whose_change_does_not_apply_leaves_the_task_open() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        let end = finish(fresh, "a", &change("set", "$.a.b", &json!(1)).unwrap()).await;
        assert_eq!(code(end), ErrorCode::PathNotFound);
        let task = get(fresh, "a").await;
        assert_eq!(
            (&task["status"], &task["result"]),
            (&json!(1), &Value::Null)
        );
    })
    .await;
}

#[tokio::test]
async fn both_ids_must_name_the_same_task() {
    with_database(async |fresh| {
        let key = add(fresh, "a", "1", false).await.unwrap();
        add(fresh, "b", "1", false).await.unwrap();
        let both = |name| TaskReference {
            task_id: Some(key),
            ..named(name)
        };
        let zone = TimeZone::UTC;
        assert!(
            tasks::start(&fresh.database, &both("a"), None, &zone)
                .await
                .is_ok()
        );
        for end in [
            tasks::start(&fresh.database, &both("b"), None, &zone)
                .await
                .map(drop),
            tasks::finish(
                &fresh.database,
                KINDS,
                &both("b"),
                &Changes::default(),
                &TimeZone::UTC,
            )
            .await,
            tasks::update(
                &fresh.database,
                &both("b"),
                &Changes::default(),
                &TimeZone::UTC,
            )
            .await,
            tasks::finish(
                &fresh.database,
                KINDS,
                &named("none"),
                &Changes::default(),
                &TimeZone::UTC,
            )
            .await,
        ] {
            assert_eq!(code(end), ErrorCode::TaskNotFound);
        }
    })
    .await;
}
