//! Tasks that are added by SQL.

use task_service::tasks::inbox::adopt;
use task_store::testing::with_database;

use super::*;

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
        assert_eq!(adopt(&fresh.database, IdScope::Station).await.unwrap(), 3);
        assert_eq!(adopt(&fresh.database, IdScope::Station).await.unwrap(), 0);
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
        assert_eq!(adopt(&fresh.database, IdScope::Station).await.unwrap(), 4);
        assert_eq!(adopt(&fresh.database, IdScope::Station).await.unwrap(), 0, "refused ones stay");
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
        let adopts = (0..4).map(async |_| adopt(&database, IdScope::Station).await.unwrap());
        let adopted: usize = futures_util::future::join_all(adopts).await.iter().sum();
        assert_eq!((adopted, units(fresh).await), (60, 60));
    })
    .await;
}
