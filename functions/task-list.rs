//! `GET|POST /task/list`: a station's tasks, newest first.

use jiff::tz::TimeZone;
use task_lambda::Parameter;
use task_lambda::http::{Call, Reply, get_or_post};
use task_service::tasks::{self, List};
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
    let station = p.required("station_id", Parameter::station_id)?;
    let request = p.task_list(Some(station), zone)?;
    let list = List {
        counted: p.counted()?,
        ..List::new(request.filter(false), request.page, p.columns()?)
    };
    let (views, pagination) = tasks::list(database, &list, zone).await?;
    Reply::data(&views)?.with("pagination", &pagination)
}
