//! `GET|POST /async_task/detail`: a task with everything there is to see of it, the items of a batch among it.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, get_or_post};
use task_service::async_tasks::detail;
use task_service::jobs::KINDS;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    get_or_post(handle)
}

async fn handle(
    (database, zone): &(Database, TimeZone),
    call: Call,
) -> task_service::Result<Reply> {
    let p = call.parameters()?;
    let page = p.item_page("item_status", None)?;
    let caller = call.caller(&p)?;
    Reply::data(&detail(database, KINDS, &caller, &p.front_task()?, page, zone).await?)
}
