//! `/task/*` on a task that is a batch.

use task_store::testing::with_database;

use super::*;
use crate::support::{submitted_batch, work_all};

#[tokio::test]
async fn a_finished_batch_is_not_started_but_submitted_again() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 3).await;
        work_all(fresh, &queue).await;
        let refusal = start(fresh, "b1").await.unwrap_err();
        assert_eq!(refusal.code(), ErrorCode::TaskFinished);
        assert_eq!(data(refusal)["status"], 3);
        assert_eq!(
            code(add(fresh, "b1", "x", true).await),
            ErrorCode::TaskConflict
        );
    })
    .await;
}

#[tokio::test]
async fn finishing_a_batch_leaves_no_chunk_to_be_worked_and_no_order_is_made() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 25).await;
        finish(fresh, "b1", &change("set", "$.msg", &json!("停")).unwrap())
            .await
            .unwrap();
        work_all(fresh, &queue).await;
        let task = get(fresh, "b1").await;
        assert_eq!(
            (&task["status"], &task["progress"]),
            (&json!(3), &json!(100))
        );
        let result = &task["result"];
        assert_eq!(
            (&result["msg"], &result["outcome"]),
            (&json!("停"), &json!("cancelled"))
        );
        assert_eq!(
            (&result["total"], &result["unprocessed_count"]),
            (&json!(25), &json!(25))
        );
        let made = async |c: &mut _| {
            let count = sqlx::query_scalar("SELECT COUNT(*) FROM tbl_order")
                .fetch_one(c)
                .await?;
            Ok::<i64, task_store::StoreError>(count)
        };
        assert_eq!(fresh.database.run(made).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_refused_finish_of_a_batch_cancels_nothing() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 3).await;
        let end = finish(fresh, "b1", &change("set", "$.a.b", &json!(1)).unwrap()).await;
        assert_eq!(code(end), ErrorCode::PathNotFound);
        work_all(fresh, &queue).await;
        assert_eq!(get(fresh, "b1").await["result"]["success_count"], 3);
    })
    .await;
}
