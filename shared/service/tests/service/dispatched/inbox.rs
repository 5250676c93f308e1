//! Tasks that are added by SQL.

use task_service::sqs::TaskQueues;
use task_service::tasks::inbox::{adopt, adopt_all};
use task_store::testing::with_database;

use super::*;

/// No queue has consumers.
fn none() -> TaskQueues {
    TaskQueues::default()
}

#[tokio::test]
async fn a_row_of_the_inbox_becomes_a_task_and_is_gone() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        execute(
            fresh,
            "INSERT INTO tbl_task_inbox (station_id, task_name, input, user_task_id, queue, max_attempts) \
             VALUES ('T1', '月报', '{\"a\":1}', 'sql-1', 'report', 2), ('T1', '月报', '{\"a\":1}', 'sql-1', 'report', 2), \
             ('T2', 'n', 'i', NULL, NULL, NULL)",
        )
        .await;
        assert_eq!(adopt(&fresh.database, &none(), IdScope::Station).await.unwrap(), 3);
        assert_eq!(adopt(&fresh.database, &none(), IdScope::Station).await.unwrap(), 0);
        assert_eq!(count(fresh, "SELECT COUNT(*) FROM tbl_task_inbox").await, 0);
        assert_eq!(count(fresh, "SELECT COUNT(*) FROM tbl_async_task").await, 2);
        let claimed = claim(fresh, 10).await;
        let task = &claimed[0];
        assert_eq!(
            json!([claimed.len(), task["user_task_id"], task["input"], task["max_attempts"]]),
            json!([1, "sql-1", "{\"a\":1}", 2])
        );
    })
    .await;
}

#[tokio::test]
async fn a_row_that_cannot_be_used_keeps_why_and_keeps_no_other_waiting() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        execute(
            fresh,
            "INSERT INTO tbl_task_inbox (station_id, task_name, input, queue, timeout) VALUES \
             ('T1', 'n', 'i', 'nowhere', NULL), ('a b', 'n', 'i', NULL, NULL), ('T1', 'n', 'i', 'report', 1), \
             ('T1', 'n', 'i', 'report', NULL)",
        )
        .await;
        assert_eq!(adopt(&fresh.database, &none(), IdScope::Station).await.unwrap(), 4);
        assert_eq!(adopt(&fresh.database, &none(), IdScope::Station).await.unwrap(), 0, "refused ones stay");
        assert_eq!(units(fresh).await, 1);
        let list = queues::list(&fresh.database, None, 50, &TimeZone::UTC).await.unwrap();
        let refused: Vec<_> = list.refused.iter().map(|row| row.refusal.as_str()).collect();
        assert_eq!(refused.len(), 3);
        for parameter in ["queue", "station_id", "timeout"] {
            assert!(refused.iter().any(|why| why.contains(parameter)), "{refused:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn two_sweeps_at_once_adopt_a_row_once() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        for n in 0..60 {
            let sql = format!("INSERT INTO tbl_task_inbox (station_id, task_name, input, queue) VALUES ('T{}', 'n', 'i', 'report')", n % 3);
            execute(fresh, &sql).await;
        }
        let database = fresh.another(4);
        let adopts = (0..4).map(async |_| adopt(&database, &none(), IdScope::Station).await.unwrap());
        let adopted: usize = futures_util::future::join_all(adopts).await.iter().sum();
        assert_eq!((adopted, units(fresh).await), (60, 60));
    })
    .await;
}

#[tokio::test]
async fn a_row_that_the_database_refuses_keeps_no_other_waiting() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let check = "ALTER TABLE tbl_async_task ADD CONSTRAINT no_evil CHECK (name <> 'evil')";
        execute(fresh, check).await;
        for n in 0..40 {
            let name = if n == 7 || n == 23 { "evil" } else { "good" };
            let sql = format!("INSERT INTO tbl_task_inbox (station_id, task_name, input, queue) VALUES ('T1', '{name}', '{n}', 'report')");
            execute(fresh, &sql).await;
        }
        let adopted = adopt_all(&fresh.database, &none(), IdScope::Station, Deadline::default()).await;
        assert_eq!(adopted.unwrap(), 40);
        assert_eq!(units(fresh).await, 38);
        let list = queues::list(&fresh.database, None, 50, &TimeZone::UTC).await.unwrap();
        assert_eq!(list.refused.len(), 2);
        assert!(list.refused.iter().all(|row| row.refusal.starts_with("the database does not take this task")));
    })
    .await;
}

#[tokio::test]
async fn a_row_has_tags_a_time_to_run_and_one_to_expire() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let day = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(100 * 24)).strftime("%F").to_string();
        let sql = format!(
            "INSERT INTO tbl_task_inbox (station_id, task_name, input, queue, tags, run_at, expire_at, delay) VALUES \
             ('T1', 'n', 'i', 'report', '[\"月报\"]', '{day} 03:04:05', '2030-02-01', NULL), \
             ('T1', 'n', 'i', 'report', '{{}}', NULL, NULL, NULL), ('T1', 'n', 'i', 'report', NULL, '{day}', NULL, 5)"
        );
        execute(fresh, &sql).await;
        assert_eq!(adopt(&fresh.database, &none(), IdScope::Station).await.unwrap(), 3);
        let id = count(fresh, "SELECT id FROM tbl_async_task").await;
        let task = get(fresh, TaskId::parse(&id.to_string()).unwrap()).await;
        assert_eq!(json!([task["tags"], task["next_run_time"]]), json!([["月报"], format!("{day} 03:04:05")]));
        let expires = "SELECT COUNT(*) FROM tbl_work WHERE expire_at = '2030-02-01'";
        assert_eq!(count(fresh, expires).await, 1);
        let refused = queues::list(&fresh.database, None, 50, &TimeZone::UTC).await.unwrap().refused;
        let refused: Vec<_> = refused.iter().map(|row| row.refusal.as_str()).collect();
        for parameter in ["tags", "run_at"] {
            assert!(refused.iter().any(|why| why.contains(parameter)), "{refused:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_row_with_more_input_than_a_task_may_have_is_refused_unread() {
    with_database(async |fresh| {
        let sql = "INSERT INTO tbl_task_inbox (station_id, task_name, input) VALUES ('T1', 'n', REPEAT('x', 12000000)), \
             ('T1', 'n', REPEAT('x', 999000)), ('T1', 'n', 'i')";
        execute(fresh, sql).await;
        assert_eq!(adopt(&fresh.database, &none(), IdScope::Station).await.unwrap(), 3);
        assert_eq!(count(fresh, "SELECT COUNT(*) FROM tbl_async_task").await, 2);
        let refused = queues::list(&fresh.database, None, 50, &TimeZone::UTC).await.unwrap().refused;
        assert_eq!(refused[0].refusal, "PARAM_INVALID: parameter input has 12000000 bytes, at most 1000000 are allowed");
    })
    .await;
}

#[tokio::test]
async fn a_row_that_never_expires_by_the_last_day_there_is_keeps_no_other_waiting() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let sql = "INSERT INTO tbl_task_inbox (station_id, task_name, input, queue, run_at, expire_at) VALUES \
             ('T1', 'n', 'i', 'report', NULL, '9999-12-31 23:59:59'), ('T1', 'n', 'i', 'report', '9999-12-31', '9999-12-31'), \
             ('T1', 'n', 'i', 'report', NULL, NULL)";
        execute(fresh, sql).await;
        assert_eq!(adopt(&fresh.database, &none(), IdScope::Station).await.unwrap(), 3);
        assert_eq!(claim(fresh, 10).await.len(), 2);
        let refused = queues::list(&fresh.database, None, 50, &TimeZone::UTC).await.unwrap().refused;
        assert_eq!(refused[0].refusal, "PARAM_INVALID: parameter run_at is more than a year ahead");
    })
    .await;
}

#[tokio::test]
async fn a_row_without_a_queue_that_names_a_time_is_refused_by_the_column() {
    with_database(async |fresh| {
        let sql = "INSERT INTO tbl_task_inbox (station_id, task_name, input, delay, run_at, timeout, max_attempts, expire_at) VALUES \
             ('T1', 'n', 'i', 5, NULL, NULL, NULL, NULL), ('T1', 'n', 'i', NULL, '2030-01-01', NULL, NULL, NULL), \
             ('T1', 'n', 'i', NULL, NULL, 60, NULL, NULL), ('T1', 'n', 'i', NULL, NULL, NULL, 2, NULL), \
             ('T1', 'n', 'i', NULL, NULL, NULL, NULL, '2030-01-01')";
        execute(fresh, sql).await;
        assert_eq!(adopt(&fresh.database, &none(), IdScope::Station).await.unwrap(), 5);
        let refused = queues::list(&fresh.database, None, 50, &TimeZone::UTC).await.unwrap().refused;
        for column in ["delay", "run_at", "timeout", "max_attempts", "expire_at"] {
            assert!(refused.iter().any(|row| row.refusal.contains(&format!("{column} is only"))), "{refused:?}");
        }
    })
    .await;
}
