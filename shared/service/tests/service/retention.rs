//! Retention: tasks that were kept long enough are purged, and nothing is made again under their ids.

use serde_json::value::to_raw_value;
use task_engine::Deadline;
use task_service::ErrorCode;
use task_service::orders::{self, OrderList};
use task_service::retention::{Purged, RetentionDays, purge};
use task_service::tasks::{self, IdScope, Labels, NewTask};
use task_store::purge::delete_marked;
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, Database, StationId, StoreError, TaskId, UserTaskId};

use crate::support::*;

mod keep_days;

const DAYS: RetentionDays = RetentionDays(90);

async fn count(fresh: &TestDatabase, table: &str) -> i64 {
    number(fresh, &format!("SELECT COUNT(*) FROM {table}")).await
}

async fn add(database: &Database, name: &str, scope: IdScope) -> task_service::Result<TaskId> {
    add_kept(database, name, scope, None).await
}

/// Adds a task that is kept for a number of days of its own.
async fn add_kept(
    database: &Database,
    name: &str,
    scope: IdScope,
    keep_days: Option<u32>,
) -> task_service::Result<TaskId> {
    let (id, station) = (
        UserTaskId::parse(name).unwrap(),
        StationId::parse("T1").unwrap(),
    );
    let new = NewTask {
        user_task_id: Some(&id),
        station_id: &station,
        name: "导出",
        input: "{}",
        type_id: 0,
        repeat: true,
        message_show: true,
        labels: Labels {
            keep_days,
            ..Labels::default()
        },
        dispatch: None,
    };
    tasks::add(database, &new, scope).await
}

/// Lets all tasks have ended, and been added, this number of days ago.
async fn age(fresh: &TestDatabase, days: u32) {
    let sql = format!(
        "UPDATE tbl_async_task SET status = 3, creat_time = NOW(3) - INTERVAL {days} DAY, end_time = NOW(3) - INTERVAL {days} DAY"
    );
    run(fresh, &sql).await;
}

/// Marks, lets the pause pass, and deletes.
async fn purged(fresh: &TestDatabase) -> (Purged, Purged) {
    let end = Deadline::default();
    let first = purge(&fresh.database, DAYS, end).await.unwrap();
    run(
        fresh,
        "UPDATE tbl_purged SET marked_at = marked_at - INTERVAL 61 SECOND",
    )
    .await;
    (first, purge(&fresh.database, DAYS, end).await.unwrap())
}

fn is_purged(end: task_service::Result<TaskId>) -> bool {
    let error = end.unwrap_err();
    assert_eq!(error.code(), ErrorCode::TaskConflict);
    error.to_string().contains("purged")
}

#[tokio::test]
async fn an_old_task_is_marked_then_purged_and_its_id_makes_nothing_any_more() {
    with_database(async |fresh| {
        for name in ["a", "b"] {
            add(&fresh.database, name, IdScope::Station).await.unwrap();
        }
        age(fresh, 91).await;
        let young = add(&fresh.database, "young", IdScope::Station)
            .await
            .unwrap();
        let (first, second) = purged(fresh).await;
        assert_eq!(
            (first, second),
            (
                Purged {
                    marked: 2,
                    purged: 0
                },
                Purged {
                    marked: 0,
                    purged: 2
                }
            )
        );
        assert_eq!(
            number(fresh, "SELECT MIN(id) FROM tbl_async_task").await,
            young.get()
        );
        for scope in [IdScope::Station, IdScope::Everywhere] {
            assert!(is_purged(add(&fresh.database, "a", scope).await));
        }
        assert_eq!(
            (
                count(fresh, "tbl_async_task").await,
                count(fresh, "tbl_purged").await
            ),
            (1, 2)
        );
    })
    .await;
}

#[tokio::test]
async fn only_what_has_ended_long_enough_ago_is_purged() {
    with_database(async |fresh| {
        for name in ["open", "recent", "kept"] {
            add(&fresh.database, name, IdScope::Station).await.unwrap();
        }
        age(fresh, 100).await;
        for sql in [
            "UPDATE tbl_async_task SET status = 2, end_time = NULL WHERE user_task_id = 'open'",
            "UPDATE tbl_async_task SET end_time = NOW(3) - INTERVAL 89 DAY WHERE user_task_id = 'recent'",
        ] {
            run(fresh, sql).await;
        }
        let end = Deadline::default();
        let none = purge(&fresh.database, RetentionDays(0), end).await.unwrap();
        assert_eq!(none, Purged::default(), "0 keeps for ever");
        assert_eq!(purged(fresh).await.1.purged, 1);
        let left = number(fresh, "SELECT COUNT(*) FROM tbl_async_task WHERE user_task_id <> 'kept'");
        assert_eq!(left.await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_task_that_runs_again_after_it_was_marked_is_not_purged() {
    with_database(async |fresh| {
        let id = add(&fresh.database, "again", IdScope::Station)
            .await
            .unwrap();
        age(fresh, 91).await;
        let end = Deadline::default();
        assert_eq!(purge(&fresh.database, DAYS, end).await.unwrap().marked, 1);
        run(fresh, "UPDATE tbl_async_task SET input = 'other'").await;
        assert_eq!(
            add(&fresh.database, "again", IdScope::Station)
                .await
                .unwrap(),
            id
        );
        assert_eq!(purged(fresh).await.1.purged, 0);
        assert_eq!(
            (
                count(fresh, "tbl_async_task").await,
                count(fresh, "tbl_purged").await
            ),
            (1, 0)
        );
    })
    .await;
}

#[tokio::test]
async fn the_rows_of_an_old_batch_go_and_its_orders_stay_and_it_is_not_made_again() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 5).await;
        work_all(fresh, &queue).await;
        let orders_made = count(fresh, "tbl_order").await;
        assert!(orders_made > 0);
        run(
            fresh,
            "INSERT INTO tbl_dead_letter (kind, station_id, queue, task_id, run, attempts, cause) \
             SELECT 1, station_id, 'order_import', id, 1, 6, 'its worker ended' FROM tbl_async_task",
        )
        .await;
        age(fresh, 91).await;
        assert_eq!(purged(fresh).await.1.purged, 1);
        for table in [
            "tbl_async_task",
            "tbl_batch",
            "tbl_batch_chunk",
            "tbl_batch_payload",
            "tbl_batch_item",
            "tbl_dead_letter",
        ] {
            assert_eq!(count(fresh, table).await, 0, "{table}");
        }
        assert_eq!(count(fresh, "tbl_order").await, orders_made);
        assert_eq!(number(fresh, "SELECT MIN(state) FROM tbl_purged").await, 2);
        let again = submit_orders(fresh, &queue, "b1", &orders(5))
            .await
            .unwrap_err();
        assert!(again.to_string().contains("purged"), "{again}");
        assert_eq!(count(fresh, "tbl_order").await, orders_made);
    })
    .await;
}

#[tokio::test]
async fn two_purges_at_once_beside_calls_delete_each_old_task_once() {
    with_database(async |fresh| {
        for n in 0..200 {
            add(&fresh.database, &format!("old-{n}"), IdScope::Station)
                .await
                .unwrap();
        }
        age(fresh, 91).await;
        let end = Deadline::default();
        let mark = async || purge(&fresh.database, DAYS, end).await.unwrap();
        let (one, other) = tokio::join!(mark(), mark());
        assert_eq!(one.marked + other.marked, 200);
        run(
            fresh,
            "UPDATE tbl_purged SET marked_at = marked_at - INTERVAL 61 SECOND",
        )
        .await;
        let calls = async {
            for n in 0..200 {
                add(&fresh.database, &format!("new-{n}"), IdScope::Station)
                    .await
                    .unwrap();
                let refused = add(&fresh.database, &format!("old-{n}"), IdScope::Station).await;
                // The same request as before: the task while it is there, its tombstone afterwards.
                assert!(refused.is_ok() || is_purged(refused));
            }
        };
        let (one, other, ()) = tokio::join!(mark(), mark(), calls);
        assert_eq!(one.purged + other.purged, 200);
        assert_eq!(
            (
                count(fresh, "tbl_async_task").await,
                count(fresh, "tbl_purged").await
            ),
            (200, 200)
        );
    })
    .await;
}

#[tokio::test]
async fn a_transaction_deletes_no_more_rows_than_it_may_and_always_a_task() {
    with_database(async |fresh| {
        for name in ["a", "b", "c"] {
            add(&fresh.database, name, IdScope::Station).await.unwrap();
        }
        age(fresh, 91).await;
        run(
            fresh,
            "UPDATE tbl_async_task SET queue = 'q', run_count = 30",
        )
        .await;
        purge(&fresh.database, DAYS, Deadline::default())
            .await
            .unwrap();
        run(
            fresh,
            "UPDATE tbl_purged SET marked_at = marked_at - INTERVAL 61 SECOND",
        )
        .await;
        for (most, left) in [(45, 1), (4, 0)] {
            let delete = async |c: &mut Connection| delete_marked(c, DAYS.0, most).await;
            fresh.database.transaction(delete).await.unwrap();
            assert_eq!(count(fresh, "tbl_async_task").await, left, "{most} rows");
        }
    })
    .await;
}
