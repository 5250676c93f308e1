//! `POST /task/queue/set`: declares a queue, or changes its policy.

use task_lambda::Parameter;
use task_lambda::http::{Call, Reply, post};
use task_service::tasks::queues::{self, SqsNames};
use task_store::Database;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), task_lambda::Error> {
    post(handle).await
}

async fn handle((database, sqs): &(Database, SqsNames), call: Call) -> task_service::Result<Reply> {
    call.system()?;
    let p = call.parameters()?;
    let name = p.required("queue", Parameter::queue)?;
    Reply::data(&queues::set(database, sqs, &name, &p.policy()?).await?)
}
