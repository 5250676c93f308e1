//! `GET|POST /station/time_config/list`: a station's operating cycles, and whether each takes orders now.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, get_or_post};
use task_service::orders;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    get_or_post(handle)
}

async fn handle(
    (database, zone): &(Database, TimeZone),
    call: Call,
) -> task_service::Result<Reply> {
    let caller = call.caller(&call.parameters()?)?;
    Reply::data(&orders::cycles(database, caller.required_station()?, zone).await?)
}
