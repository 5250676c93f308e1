//! The life of a batch.

use serde_json::{Value, json};
use task_service::batch::{self, Selection};
use task_service::orders::OrderImport;
use task_service::store::items::ItemStatus;
use task_service::store::tasks::{Task, TaskStatus};
use task_service::store::testing::{TestDatabase, with_database};
use task_service::store::{batches, tasks};
use task_service::{Caller, Word};

use crate::support::*;

async fn task(fresh: &TestDatabase, name: &str) -> Task {
    let name = id(name);
    fresh
        .database
        .run(async |c| tasks::by_user_task_id(c, &name).await)
        .await
        .unwrap()
        .unwrap()
}

async fn result(fresh: &TestDatabase, name: &str) -> Value {
    serde_json::from_str(&task(fresh, name).await.result.unwrap()).unwrap()
}

async fn items(fresh: &TestDatabase, name: &str, status: Option<ItemStatus>) -> Vec<Value> {
    let task = task(fresh, name).await;
    let selection = Selection {
        status,
        limit: 1000,
        skip: 0,
    };
    let open = task.status != TaskStatus::Finished;
    let views = fresh.database.run(async |c| {
        let batch = batches::by_task(c, task.id).await?.unwrap();
        batch::read::<OrderImport>(c, &batch, open, selection).await
    });
    let views = views.await.unwrap();
    serde_json::from_str(&serde_json::to_string(&views).unwrap()).unwrap()
}

async fn number(fresh: &TestDatabase, sql: &str) -> i64 {
    let row = fresh
        .database
        .run(async |c| {
            Ok::<i64, task_service::store::StoreError>(sqlx::query_scalar(sql).fetch_one(c).await?)
        })
        .await;
    row.unwrap()
}

#[tokio::test]
async fn a_batch_of_right_orders_is_made_and_finished() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        submit_orders(fresh, &queue, "b1", &orders(25))
            .await
            .unwrap();
        assert_eq!(
            queue.sent.lock().unwrap().len(),
            3,
            "25 orders in chunks of 10"
        );
        assert_eq!(task(fresh, "b1").await.status, TaskStatus::Submitted);
        work_all(fresh, &queue).await;
        let task = task(fresh, "b1").await;
        assert_eq!((task.status, task.run_count), (TaskStatus::Finished, 1));
        let result = result(fresh, "b1").await;
        assert_eq!(result["msg"], "批量导入(成功25)");
        assert_eq!(result["outcome"], "success");
        assert_eq!(result["target"], "");
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 25);
        assert_eq!(
            number(fresh, "SELECT COUNT(*) FROM tbl_order_detail").await,
            50
        );
        assert_eq!(
            number(fresh, "SELECT COUNT(*) FROM tbl_order WHERE total = 3.85").await,
            25
        );
    })
    .await;
}
