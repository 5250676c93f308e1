//! Which run speaks, operations that are sent again, and tasks that were cancelled.

use futures_util::future::join_all;
use task_service::async_tasks::close;
use task_service::tasks::op_id;
use task_store::testing::with_database;

use super::*;
use crate::support::caller;

/// A change inside the result by a run.
fn by_run(run: i32, value: &Value) -> Changes<'static> {
    Changes {
        run_count: Some(run),
        ..change("set", "$", value).unwrap()
    }
}

async fn update_with(fresh: &TestDatabase, changes: &Changes<'_>) -> Result<()> {
    tasks::update(&fresh.database, &named("a"), changes, &TimeZone::UTC).await
}

fn op(id: &str, op: &str, position: &str, value: &Value) -> Changes<'static> {
    Changes {
        op_id: Some(op_id(id)),
        ..change(op, position, value).unwrap()
    }
}

#[tokio::test]
async fn the_late_finish_of_an_earlier_run_changes_nothing() {
    with_database(async |fresh| {
        add(fresh, "a", "1", true).await.unwrap();
        start(fresh, "a").await.unwrap();
        let first = by_run(1, &json!("first"));
        finish(fresh, "a", &first).await.unwrap();
        finish(fresh, "a", &first).await.unwrap();
        start(fresh, "a").await.unwrap();
        let before = get(fresh, "a").await;
        for end in [
            finish(fresh, "a", &first).await,
            update_with(fresh, &first).await,
        ] {
            let refusal = end.unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::RunStale);
            assert_eq!(data(refusal), before);
        }
        assert_eq!(get(fresh, "a").await, before);
        finish(fresh, "a", &by_run(2, &json!("second")))
            .await
            .unwrap();
        assert_eq!(code(finish(fresh, "a", &first).await), ErrorCode::RunStale);
        assert_eq!(get(fresh, "a").await["result"], "second");
    })
    .await;
}

#[tokio::test]
async fn an_operation_sent_again_changes_nothing_whatever_else_it_says() {
    with_database(async |fresh| {
        add(fresh, "a", "1", true).await.unwrap();
        for value in [1, 1, 2] {
            let changes = op("one", "append", "$.l", &json!(value));
            update_with(fresh, &changes).await.unwrap();
        }
        let elsewhere = op("one", "set", "$.no.way", &json!(1));
        update_with(fresh, &elsewhere).await.unwrap();
        update_with(fresh, &op("two", "increment", "$.n", &json!(1)))
            .await
            .unwrap();
        let expected = json!({"l": [1], "n": 1});
        assert_eq!(get(fresh, "a").await["result"], expected);
    })
    .await;
}

#[tokio::test]
async fn of_thirty_two_senders_of_one_operation_one_is_counted() {
    with_database(async |fresh| {
        add(fresh, "a", "1", true).await.unwrap();
        let many = TestDatabase {
            database: fresh.another(32),
            url: fresh.url.clone(),
        };
        let one = op("one", "increment", "$.n", &json!(1));
        let ends = join_all((0..32).map(|_| update_with(&many, &one))).await;
        assert!(ends.iter().all(Result::is_ok));
        assert_eq!(get(fresh, "a").await["result"], json!({"n": 1}));
    })
    .await;
}

#[tokio::test]
async fn a_refused_operation_is_not_remembered_and_the_last_64_are() {
    with_database(async |fresh| {
        add(fresh, "a", "1", true).await.unwrap();
        let refused = update_with(fresh, &op("0", "set", "$.a.b", &json!(1))).await;
        assert_eq!(code(refused), ErrorCode::PathNotFound);
        for n in 0..65 {
            let changes = op(&n.to_string(), "increment", "$.n", &json!(1));
            update_with(fresh, &changes).await.unwrap();
        }
        for (id, sum) in [("1", 65), ("64", 65), ("0", 66)] {
            update_with(fresh, &op(id, "increment", "$.n", &json!(1)))
                .await
                .unwrap();
            assert_eq!(get(fresh, "a").await["result"]["n"], sum, "{id}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_new_run_knows_no_operation_of_the_last_and_a_second_start_of_the_same_does() {
    with_database(async |fresh| {
        add(fresh, "a", "1", true).await.unwrap();
        let one = op("one", "increment", "$.n", &json!(1));
        for _ in 0..2 {
            start(fresh, "a").await.unwrap();
            update_with(fresh, &one).await.unwrap();
        }
        assert_eq!(get(fresh, "a").await["result"], json!({"n": 1}));
        finish(fresh, "a", &Changes::default()).await.unwrap();
        start(fresh, "a").await.unwrap();
        update_with(fresh, &one).await.unwrap();
        assert_eq!(get(fresh, "a").await["result"], json!({"n": 1}));
    })
    .await;
}

#[tokio::test]
async fn the_worker_of_a_cancelled_task_learns_it_and_overwrites_nothing() {
    with_database(async |fresh| {
        add(fresh, "a", "1", true).await.unwrap();
        start(fresh, "a").await.unwrap();
        close(&fresh.database, KINDS, &caller(), &[named("a")])
            .await
            .unwrap();
        let before = get(fresh, "a").await;
        assert_eq!(before["result"]["outcome"], "cancelled");
        let late = change("set", "$", &json!({"outcome": "success"})).unwrap();
        for end in [
            update_with(fresh, &late).await,
            finish(fresh, "a", &late).await,
            finish(fresh, "a", &Changes::default()).await,
        ] {
            let refusal = end.unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::TaskFinished);
            assert_eq!(data(refusal), before);
        }
        assert_eq!(get(fresh, "a").await, before);
        add(fresh, "a", "2", true).await.unwrap();
        start(fresh, "a").await.unwrap();
        update_with(fresh, &late).await.unwrap();
        finish(fresh, "a", &Changes::default()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn no_field_of_a_cancelled_task_is_changed() {
    with_database(async |fresh| {
        add(fresh, "a", "1", true).await.unwrap();
        start(fresh, "a").await.unwrap();
        let once = Changes {
            op_id: Some(op_id("once")),
            name: Some("新".into()),
            ..Changes::default()
        };
        update_with(fresh, &once).await.unwrap();
        close(&fresh.database, KINDS, &caller(), &[named("a")])
            .await
            .unwrap();
        let before = get(fresh, "a").await;
        let nothing = Changes::default;
        for late in [
            Changes {
                name: Some("晚".into()),
                ..nothing()
            },
            Changes {
                input: Some("2".into()),
                ..nothing()
            },
            Changes {
                type_id: Some(9),
                ..nothing()
            },
            Changes {
                repeat: Some(false),
                ..nothing()
            },
            Changes {
                message_show: Some(true),
                ..nothing()
            },
            Changes {
                progress: Some(9),
                ..nothing()
            },
            Changes {
                name: Some("晚".into()),
                run_count: Some(1),
                ..nothing()
            },
        ] {
            let refusal = update_with(fresh, &late).await.unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::TaskFinished, "{late:?}");
            assert_eq!(data(refusal), before);
        }
        let of_another_run = Changes {
            run_count: Some(7),
            ..once.clone()
        };
        assert_eq!(
            code(
                update_with(
                    fresh,
                    &Changes {
                        op_id: None,
                        ..of_another_run
                    }
                )
                .await
            ),
            ErrorCode::RunStale
        );
        update_with(fresh, &once).await.unwrap();
        assert_eq!(
            get(fresh, "a").await,
            before,
            "what was made before is made"
        );
    })
    .await;
}

#[tokio::test]
async fn progress_is_told_by_the_worker_and_never_goes_down_within_a_run() {
    with_database(async |fresh| {
        add(fresh, "a", "1", true).await.unwrap();
        start(fresh, "a").await.unwrap();
        for (told, shown) in [(40, 40), (10, 40), (99, 99)] {
            let changes = Changes {
                progress: Some(told),
                ..Changes::default()
            };
            update_with(fresh, &changes).await.unwrap();
            assert_eq!(get(fresh, "a").await["progress"], shown);
        }
        finish(fresh, "a", &Changes::default()).await.unwrap();
        assert_eq!(get(fresh, "a").await["progress"], 100);
        assert_eq!(start(fresh, "a").await.unwrap()["progress"], 0);
    })
    .await;
}

#[tokio::test]
async fn a_result_that_is_no_object_stays_when_its_task_is_closed() {
    with_database(async |fresh| {
        add(fresh, "a", "1", true).await.unwrap();
        start(fresh, "a").await.unwrap();
        for value in [json!(1), json!({"n": 2})] {
            let collected = change("append", "$", &value).unwrap();
            update_with(fresh, &collected).await.unwrap();
        }
        close(&fresh.database, KINDS, &caller(), &[named("a")])
            .await
            .unwrap();
        let closed = get(fresh, "a").await;
        assert_eq!(closed["result"], json!([1, {"n": 2}]));
        assert_eq!(closed["outcome"], "cancelled");
    })
    .await;
}
