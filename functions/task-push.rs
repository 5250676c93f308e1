//! SQS `task-push`: tells callbacks of the ends of tasks by signed requests.

use task_lambda::sqs::{Message, NotDone, serve_parallel};
use task_service::Result;
use task_service::callbacks::{self, PushMessage, Try};
use task_service::targets::{Secrets, TargetClient};
use task_store::Database;

type State = (Database, TargetClient, Secrets);

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::result::Result<(), task_lambda::Error> {
    serve_parallel(handle, next, tell).await
}

async fn handle(state: &State, message: Message) -> std::result::Result<(), NotDone> {
    let (database, client, secrets) = state;
    let told = PushMessage::parse(&message.body).ok_or(NotDone::Unreadable)?;
    let delivery = (told.task_id, told.delivery);
    Ok(callbacks::deliver(database, client, secrets, delivery).await?)
}

async fn next((database, ..): &State) -> Result<Option<Try>> {
    callbacks::next(database).await
}

async fn tell((database, client, secrets): &State, tried: Try) -> Result<()> {
    callbacks::tell(database, client, secrets, tried).await
}
