//! SQS dead-letter queues: ends chunks that stalled their workers, announces other given-up chunks again.

use task_engine::Settings;
use task_lambda::sqs::{Message, NotDone, serve};
use task_service::jobs::KINDS;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    serve(handle)
}

async fn handle(
    (database, settings): &(Database, Settings),
    message: Message,
) -> Result<(), NotDone> {
    let cause = format!("dead letter {}", message.id);
    Ok(
        task_engine::handle_dead_letter(database, settings, KINDS, message.chunk()?, &cause)
            .await?,
    )
}
