//! `POST /reference/load`: upserts the stations' cycles, addresses and skus, and the queues, of a reference file.

use task_lambda::http::{Call, Reply, post};
use task_service::reference;
use task_service::tasks::queues::SqsNames;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    post(handle)
}

async fn handle((database, sqs): &(Database, SqsNames), call: Call) -> task_service::Result<Reply> {
    call.system()?;
    call.parameters()?;
    Reply::data(&reference::load(database, sqs, call.document()?).await?)
}
