//! `POST /task/heartbeat`: the worker of a run says that it lives.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, post};
use task_service::tasks::runs;
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
    Reply::data(&runs::heartbeat(database, &p.task()?, p.run_count()?, zone).await?)
}
