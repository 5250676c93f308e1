//! The original's software beside this one, after the swap: its statements go on working.

use task_store::tasks;
use task_store::testing::with_empty_database;

use super::adopt;
use super::original::{create, fill};
use crate::support::{by_id, done, execute, insert_named, read};

#[tokio::test]
async fn the_originals_statements_work_on_the_adopted_table_as_they_are() {
    with_empty_database(async |fresh| {
        create(fresh).await;
        fill(fresh, 10).await;
        adopt(fresh, None).await.unwrap();
        execute(
            fresh,
            "INSERT INTO tbl_async_task (id, user_task_id, name, station_id, input, result, status, `repeat`, message_show, run_count, \
               type, creat_time, modify_time, start_time, end_time) \
             VALUES (1000, '', 'n', 'T1', '{}', NULL, 1, 1, 1, 0, 5, '2026-01-01 00:00:00', '2026-01-01 00:00:00', NULL, NULL), \
               (1001, '', 'n', 'T1', '{}', NULL, 1, 1, 1, 0, 5, '2026-01-01 00:00:00', '2026-01-01 00:00:00', NULL, NULL)",
        )
        .await;
        let outcome = "SELECT outcome FROM tbl_async_task WHERE id = 1000";
        assert_eq!(read(fresh, outcome).await, None);
        execute(
            fresh,
            "UPDATE tbl_async_task SET status = 3, result = '{\"outcome\": \"partial\"}', end_time = '2026-01-01 00:01:00' WHERE id = 1000",
        )
        .await;
        assert_eq!(read(fresh, outcome).await.as_deref(), Some("partial"));
        execute(fresh, "UPDATE tbl_async_task SET status = 2 WHERE id = 1000").await;
        let row = "SELECT CONCAT_WS('/', status, outcome, end_time) FROM tbl_async_task WHERE id = 1000";
        assert_eq!(read(fresh, row).await.as_deref(), Some("2"));
    })
    .await;
}

#[tokio::test]
async fn tasks_of_the_original_are_read_and_worked_by_this_service() {
    with_empty_database(async |fresh| {
        create(fresh).await;
        fill(fresh, 10).await;
        adopt(fresh, None).await.unwrap();
        let key = insert_named(fresh, "mine").await.unwrap();
        let id = done(&fresh.database, async |c| tasks::start(c, key).await).await;
        assert!(id);
        assert!(
            insert_named(fresh, "shared-0").await.is_err(),
            "the id is taken"
        );
        let old = read(
            fresh,
            "SELECT CAST(id AS CHAR) FROM tbl_async_task WHERE user_task_id = 'shared-0'",
        )
        .await;
        assert_eq!(old.as_deref(), Some("10"));
        let task = by_id(fresh, task_store::TaskId::parse("10").unwrap()).await;
        assert_eq!(task.name, "导出 1");
    })
    .await;
}
