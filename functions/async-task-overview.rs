//! `GET|POST /async_task/overview`: what needs somebody now, of a station or, for operators, of all.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, get_or_post};
use task_service::async_tasks::overview;
use task_service::jobs::KINDS;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    get_or_post(handle)
}

async fn handle(
    (database, zone): &(Database, TimeZone),
    call: Call,
) -> task_service::Result<Reply> {
    let station = call.station_or_all(&call.parameters()?)?;
    Reply::data(&overview(database, KINDS, station.as_ref(), zone).await?)
}
