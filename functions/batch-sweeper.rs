//! Schedule: announces chunks whose message was lost and finishes batches whose last worker died.

use serde_json::{Value, json};
use task_lambda::schedule::serve;
use task_service::batch::{self, Dispatcher};
use task_service::jobs::KINDS;
use task_service::sqs::SqsQueue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), task_lambda::Error> {
    serve(handle).await
}

async fn handle(dispatcher: &Dispatcher<SqsQueue>) -> task_service::Result<Value> {
    let announced = batch::announce_due(dispatcher).await?;
    let finished = batch::finish_abandoned(&dispatcher.database, KINDS).await?;
    Ok(json!({ "announced": announced, "finished": finished }))
}
