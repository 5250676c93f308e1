//! `GET|POST /async_task/dead_letters`: work that was given up, and why; for operators.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, get_or_post};
use task_service::async_tasks::dead_letters;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    get_or_post(handle)
}

async fn handle(
    (database, zone): &(Database, TimeZone),
    call: Call,
) -> task_service::Result<Reply> {
    call.operator()?;
    let p = call.parameters()?;
    let station = call.station_or_all(&p)?;
    let list = dead_letters(database, station.as_ref(), p.keyset(20, 100)?, zone).await?;
    Reply::data(&list)?.with("pagination", &list.pagination)
}
