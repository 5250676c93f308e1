//! SQS dead-letter queues: ends what is left of chunks whose messages were received too often.

use task_lambda::sqs::{Message, NotDone, serve};
use task_service::batch::{self, Settings};
use task_service::store::Database;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), task_lambda::Error> {
    serve(handle).await
}

async fn handle(
    (database, settings): &(Database, Settings),
    message: Message,
) -> Result<(), NotDone> {
    let cause = format!("dead letter {}", message.id);
    Ok(batch::bury(database, settings, message.chunk()?, &cause).await?)
}
