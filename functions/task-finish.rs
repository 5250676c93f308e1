//! `POST /task/finish`: ends a task, with its last changes.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, post};
use task_service::jobs::KINDS;
use task_service::tasks;
use task_store::Database;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), task_lambda::Error> {
    post(handle).await
}

async fn handle(
    (database, zone): &(Database, TimeZone),
    call: Call,
) -> task_service::Result<Reply> {
    call.system()?;
    let p = call.parameters()?;
    tasks::finish(database, KINDS, &p.task()?, &p.changes()?, zone).await?;
    Reply::data(&())
}
