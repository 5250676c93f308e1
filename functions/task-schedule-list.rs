//! `GET|POST /task/schedule/list`: the schedules, each with its next instants.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, get_or_post};
use task_service::tasks::schedules;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    get_or_post(handle)
}

async fn handle(
    (database, zone): &(Database, TimeZone),
    call: Call,
) -> task_service::Result<Reply> {
    call.system()?;
    let p = call.parameters()?;
    let limit = p.optional("limit", |limit| limit.integer(1..=50))?;
    let filter = p.schedule_filter()?;
    let list = schedules::list(database, &filter, limit.unwrap_or(50), zone).await?;
    Reply::data(&list.schedules)?.with("next_after", &list.next_after)
}
