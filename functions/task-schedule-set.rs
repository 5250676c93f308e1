//! `POST /task/schedule/set`: sets a schedule, or changes it.

use jiff::tz::TimeZone;
use task_lambda::Parameter;
use task_lambda::http::{Call, Reply, post};
use task_service::tasks::schedules;
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
    let name = p.required("name", Parameter::schedule_name)?;
    Reply::data(&schedules::set(database, &name, &p.schedule(zone)?, zone).await?)
}
