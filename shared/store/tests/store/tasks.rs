//! `tbl_async_task`.

use task_store::tasks::{self, Labels, NewTask, TaskStatus};
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, StoreError, TaskId};

use crate::support::{a_task, by_id, done, execute, new_task, station, user_task_id};

#[tokio::test]
async fn a_new_task_is_submitted_and_holds_what_it_was_given() {
    with_database(async |fresh| {
        let (station, id) = (station("站点一"), user_task_id("import:2026-11-22_a.1"));
        let new = NewTask {
            name: "周一的导出",
            input: "any text, not only JSON",
            type_id: -7,
            repeat: true,
            message_show: false,
            labels: Labels::default(),
            dispatch: None,
            ..new_task(&station, Some(&id))
        };
        let key = done(&fresh.database, async |c| tasks::insert(c, &new).await).await;
        let task = by_id(fresh, key).await;
        assert_eq!((task.id, task.user_task_id), (key, Some(id)));
        assert_eq!(
            (task.station_id, task.name.as_str()),
            (station, "周一的导出")
        );
        assert_eq!(task.input.as_deref(), Some("any text, not only JSON"));
        assert_eq!(
            (task.type_id, task.repeat, task.message_show),
            (-7, true, false)
        );
        assert_eq!((task.status, task.run_count), (TaskStatus::Submitted, 0));
        assert_eq!(
            (task.started_at, task.ended_at, task.result),
            (None, None, None)
        );
        assert_eq!(task.created_at, task.modified_at);
    })
    .await;
}

#[tokio::test]
async fn a_task_that_does_not_exist_is_none() {
    with_database(async |fresh| {
        let key = TaskId::parse("9223372036854775807").unwrap();
        let id = user_task_id("nobody");
        let found = done(&fresh.database, async |c| {
            Ok((
                tasks::by_id(c, key).await?.is_none(),
                tasks::by_user_task_id(c, &id).await?.is_none(),
                tasks::lock(c, key).await?.is_none(),
            ))
        });
        assert_eq!(found.await, (true, true, true));
    })
    .await;
}

#[tokio::test]
async fn many_tasks_may_have_no_user_task_id() {
    with_database(async |fresh| {
        let first = a_task(fresh).await;
        let second = a_task(fresh).await;
        assert!(first < second);
        assert_eq!(by_id(fresh, first).await.user_task_id, None);
    })
    .await;
}

#[tokio::test]
async fn a_name_has_64_characters_in_any_script_and_a_longer_one_is_refused_not_cut() {
    with_database(async |fresh| {
        let station = station("T1");
        for name in ["测".repeat(64), "𠮷".repeat(64)] {
            let new = NewTask {
                name: &name,
                ..new_task(&station, None)
            };
            let key = done(&fresh.database, async |c| tasks::insert(c, &new).await).await;
            assert_eq!(by_id(fresh, key).await.name, name);
            let longer = format!("{name}测");
            let new = NewTask {
                name: &longer,
                ..new
            };
            let refused = fresh
                .database
                .run(async |c: &mut Connection| tasks::insert(c, &new).await);
            let fault = refused.await.unwrap_err();
            assert_eq!(fault.kind(), "database error 1406");
        }
    })
    .await;
}

#[tokio::test]
async fn an_input_is_kept_verbatim_however_large_and_whatever_it_holds() {
    with_database(async |fresh| {
        let station = station("T1");
        let large = "单".repeat(1 << 20);
        let odd = "a\0b\u{1}\u{7f}\\ ' \" \\0 \r\n\t🧅𠮷\u{fffd}\u{10ffff} %_? ";
        for input in ["", " ", odd, &"x".repeat(65_536), &large] {
            let new = NewTask {
                input,
                ..new_task(&station, None)
            };
            let key = done(&fresh.database, async |c| tasks::insert(c, &new).await).await;
            assert!(by_id(fresh, key).await.input.as_deref() == Some(input));
        }
    })
    .await;
}

#[tokio::test]
async fn a_locked_task_cannot_be_changed_until_the_transaction_ends() {
    with_database(async |fresh| {
        let key = a_task(fresh).await;
        let holder = fresh.database.transaction(async |c: &mut Connection| {
            assert!(tasks::lock(c, key).await?.is_some());
            let other = fresh.another(1);
            let barred = other.run(async |c: &mut Connection| {
                let sql = "SELECT id FROM tbl_async_task WHERE id = ? FOR UPDATE NOWAIT";
                Ok::<_, StoreError>(sqlx::query(sql).bind(key.get()).execute(c).await.is_err())
            });
            assert!(barred.await?);
            Ok::<_, StoreError>(())
        });
        holder.await.unwrap();
        execute(
            fresh,
            &format!("SELECT id FROM tbl_async_task WHERE id = {key} FOR UPDATE NOWAIT"),
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn only_a_finished_repeatable_task_is_resubmitted() {
    with_database(async |fresh| {
        for (status, repeat, expected) in [
            (1, 1, false),
            (2, 1, false),
            (3, 0, false),
            (3, 1, true),
        ] {
            let key = a_task(fresh).await;
            execute(
                fresh,
                &format!("UPDATE tbl_async_task SET status = {status}, `repeat` = {repeat}, result = '[1]', \
                  run_count = 4, start_time = NOW(), end_time = NOW() WHERE id = {key}"),
            )
            .await;
            let before = by_id(fresh, key).await;
            assert_eq!(resubmit(fresh, key).await, expected, "{status} {repeat}");
            let after = by_id(fresh, key).await;
            if expected {
                assert_eq!((after.status, after.type_id), (TaskStatus::Submitted, 9));
                assert_eq!((after.name.as_str(), after.input.as_deref()), ("again", Some("new")));
                assert_eq!((after.result, after.started_at, after.ended_at), (None, None, None));
                assert_eq!((after.run_count, after.repeat), (4, true));
                assert!(!resubmit(fresh, key).await);
            } else {
                assert_eq!(format!("{after:?}"), format!("{before:?}"));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_result_comes_back_as_json_text() {
    with_database(async |fresh| {
        let key = a_task(fresh).await;
        execute(
            fresh,
            &format!(
                "UPDATE tbl_async_task SET result = '{{\"msg\": \"成功 🎉\"}}' WHERE id = {key}"
            ),
        )
        .await;
        let task = by_id(fresh, key).await;
        assert_eq!(task.result.as_deref(), Some(r#"{"msg": "成功 🎉"}"#));
    })
    .await;
}

#[tokio::test]
async fn the_table_refuses_a_status_that_does_not_exist() {
    with_database(async |fresh| {
        let key = a_task(fresh).await;
        let sql = format!("UPDATE tbl_async_task SET status = 4 WHERE id = {key}");
        let refused = fresh.database.run(async |c: &mut Connection| {
            Ok::<_, StoreError>(sqlx::query(&sql).execute(c).await?)
        });
        assert!(refused.await.is_err());
    })
    .await;
}

async fn resubmit(fresh: &TestDatabase, key: TaskId) -> bool {
    let station = station("T1");
    let new = NewTask {
        name: "again",
        input: "new",
        type_id: 9,
        ..new_task(&station, None)
    };
    done(&fresh.database, async |c| {
        tasks::resubmit(c, key, &new).await
    })
    .await
}
