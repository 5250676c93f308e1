//! Schedule: announces chunks whose message was lost and finishes batches whose last worker died.

use task_engine::{Deadline, Dispatcher, Swept};
use task_lambda::schedule::serve;
use task_service::jobs::KINDS;
use task_service::sqs::SqsQueue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), task_lambda::Error> {
    serve(handle).await
}

async fn handle(
    dispatcher: &Dispatcher<SqsQueue>,
    deadline: Deadline,
) -> task_service::Result<Swept> {
    Ok(task_engine::sweep(dispatcher, KINDS, deadline).await?)
}
