//! `POST /task/update`: changes one field of a task, or one place in its result.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, post};
use task_service::tasks;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    post(handle)
}

async fn handle(
    (database, zone): &(Database, TimeZone),
    call: Call,
) -> task_service::Result<Reply> {
    call.system()?;
    let p = call.parameters()?;
    tasks::update(database, &p.task()?, &p.update()?, zone).await?;
    Reply::data(&())
}
