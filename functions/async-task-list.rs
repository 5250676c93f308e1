//! `GET|POST /async_task/list`: the tasks that a station's staff, or operators, see, newest first.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, get_or_post};
use task_service::async_tasks;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    get_or_post(handle)
}

async fn handle(
    (database, zone): &(Database, TimeZone),
    call: Call,
) -> task_service::Result<Reply> {
    let p = call.parameters()?;
    let request = p.task_list(call.station_or_all(&p)?, zone)?;
    let bare = p.optional("format", |format| format.one_of(&[("list", ())]))?;
    let list = async_tasks::list(database, &request, zone).await?;
    match bare {
        Some(()) => Reply::data(&list.tasks),
        None => Reply::data(&list),
    }?
    .with("pagination", &list.pagination)
}
