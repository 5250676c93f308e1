//! `POST /reference/load`: upserts the stations' cycles, addresses and skus, and the queues, of a reference file.

use task_lambda::http::{Call, Reply, post};
use task_service::reference;
use task_service::tasks::queues::SqsNames;
use task_store::Database;

/// The most records of a file: a busy database takes 100,000 well within the time of a call.
const MOST_RECORDS: usize = 100_000;

fn main() -> Result<(), task_lambda::Error> {
    post(handle)
}

async fn handle((database, sqs): &(Database, SqsNames), call: Call) -> task_service::Result<Reply> {
    call.system()?;
    call.parameters()?;
    let file = call.document()?;
    Reply::data(&reference::load_at_most(MOST_RECORDS, database, sqs, file).await?)
}
