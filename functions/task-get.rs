//! `GET|POST /task/get`: a task, for other systems.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, get_or_post};
use task_service::tasks::{self, TaskView};
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    get_or_post(handle)
}

async fn handle(
    (database, zone): &(Database, TimeZone),
    call: Call,
) -> task_service::Result<Reply> {
    let named = call.parameters()?.task()?;
    let (task, progress) = tasks::get(database, &call.system()?, &named).await?;
    Reply::data(&TaskView::new(task, progress, zone)?)
}
