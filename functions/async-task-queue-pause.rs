//! `POST /async_task/queue/pause`: nothing of a queue is claimed any more, until it goes on; for operators.

use task_lambda::Parameter;
use task_lambda::http::{Call, Reply, post};
use task_service::tasks::queues;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    post(handle)
}

async fn handle(database: &Database, call: Call) -> task_service::Result<Reply> {
    call.operator()?;
    let p = call.parameters()?;
    let queue = p.required("queue", Parameter::queue)?;
    let paused = p.optional("paused", Parameter::flag)?.unwrap_or(true);
    Reply::data(&queues::pause(database, &queue, paused).await?)
}
