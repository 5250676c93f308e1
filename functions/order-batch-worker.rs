//! SQS `order-import`: works the chunks of orders that its messages announce.

use task_lambda::sqs::{Message, NotDone, serve};
use task_service::batch::{self, Settings};
use task_service::orders::OrderImport;
use task_service::store::Database;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), task_lambda::Error> {
    serve(handle).await
}

type State = (Database, Settings, OrderImport);

async fn handle((database, settings, job): &State, message: Message) -> Result<(), NotDone> {
    Ok(batch::work(database, job, settings, message.chunk()?).await?)
}
