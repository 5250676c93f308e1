//! `POST /async_task/close`: cancels open tasks and hides finished ones.

use serde_json::json;
use task_lambda::http::{Call, Reply, post};
use task_service::async_tasks::close;
use task_service::jobs::KINDS;
use task_service::sqs::TaskQueues;
use task_service::tasks::runs;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    post(handle)
}

async fn handle(
    (database, queues): &(Database, TaskQueues),
    call: Call,
) -> task_service::Result<Reply> {
    let p = call.parameters()?;
    let closed = close(database, KINDS, &call.caller(&p)?, &p.front_tasks(100)?).await?;
    runs::announce_freed(database, queues).await;
    Reply::data(&json!({ "closed": closed }))
}
