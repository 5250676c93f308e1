//! Tasks that name the days for which they are kept.

use super::*;
use task_service::batches::BatchLabels;

/// Adds a task that has ended 10 days ago, and is kept for a number of days of its own.
async fn ended_with(fresh: &TestDatabase, name: &str, keep_days: Option<u32>) {
    let added = add_kept(&fresh.database, name, IdScope::Station, keep_days).await;
    added.unwrap();
    age(fresh, 10).await;
}

async fn names(fresh: &TestDatabase) -> Vec<String> {
    let sql = "SELECT CAST(user_task_id AS CHAR) FROM tbl_async_task ORDER BY id";
    let read = async |c: &mut _| Ok::<_, StoreError>(sqlx::query_scalar(sql).fetch_all(c).await?);
    fresh.database.run(read).await.unwrap()
}

/// Purges with this number of days until nothing is left to do.
async fn purge_all(fresh: &TestDatabase, days: u32) {
    for _ in 0..2 {
        purge(&fresh.database, RetentionDays(days), Deadline::default())
            .await
            .unwrap();
        let past = "UPDATE tbl_purged SET marked_at = marked_at - INTERVAL 61 SECOND";
        run(fresh, past).await;
    }
}

#[tokio::test]
async fn a_task_is_kept_for_the_days_that_it_names_itself_whatever_the_deployment_keeps() {
    with_database(async |fresh| {
        for (name, days) in [
            ("short", Some(9)),
            ("as-deployed", None),
            ("long", Some(11)),
            ("for-ever", Some(0)),
        ] {
            ended_with(fresh, name, days).await;
        }
        purge_all(fresh, 0).await;
        assert_eq!(names(fresh).await, ["as-deployed", "long", "for-ever"]);
        purge_all(fresh, 5).await;
        assert_eq!(names(fresh).await, ["long", "for-ever"]);
        age(fresh, 12).await;
        purge_all(fresh, 5).await;
        assert_eq!(names(fresh).await, ["for-ever"]);
        assert_eq!(
            count(fresh, "tbl_task_keep").await,
            1,
            "the days of the others went with them"
        );
    })
    .await;
}

#[tokio::test]
async fn a_batch_is_kept_for_the_days_that_its_last_submit_named() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 5).await;
        work_all(fresh, &queue).await;
        let sent = to_raw_value(&orders(5)).unwrap();
        let list = OrderList {
            user_task_id: &UserTaskId::parse("b1").unwrap(),
            time_config_id: "C1",
            file_name: None,
            orders: &sent,
            rerun: true,
            labels: &BatchLabels {
                keep_days: Some(9),
                ..BatchLabels::default()
            },
            scope: IdScope::Station,
        };
        let list = list.cut(&settings()).unwrap();
        orders::submit(&dispatcher(fresh, &queue), &job(), &caller(), &list)
            .await
            .unwrap();
        work_all(fresh, &queue).await;
        age(fresh, 10).await;
        purge_all(fresh, 90).await;
        assert_eq!(count(fresh, "tbl_async_task").await, 0);
        assert_eq!(count(fresh, "tbl_batch_item").await, 0);
    })
    .await;
}
