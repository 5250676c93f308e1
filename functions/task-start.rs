//! `POST /task/start`: another system's worker begins with a task.

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
    let (named, run) = (p.task()?, p.run_count()?);
    Reply::data(&tasks::start(database, &named, run, zone).await?)
}
