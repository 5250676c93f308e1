//! `GET|POST /async_task/get`: a task as station staff see it.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, get_or_post};
use task_service::tasks::{self, FrontTaskView};
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    get_or_post(handle)
}

async fn handle(
    (database, zone): &(Database, TimeZone),
    call: Call,
) -> task_service::Result<Reply> {
    let p = call.parameters()?;
    let (task, progress) = tasks::get(database, &call.caller(&p)?, &p.front_task()?).await?;
    Reply::data(&FrontTaskView::new(task, progress, zone)?)
}
