//! `GET|POST /async_task/callback/list`: lists deliveries to callbacks, of a task, of a station or, for operators, of all stations.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, get_or_post};
use task_service::async_tasks::{DeliveriesOf, deliveries};
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    get_or_post(handle)
}

async fn handle(
    (database, zone): &(Database, TimeZone),
    call: Call,
) -> task_service::Result<Reply> {
    let p = call.parameters()?;
    let of = if p.has("task_id") || p.has("user_task_id") {
        DeliveriesOf::Task(call.caller(&p)?, p.front_task()?)
    } else {
        DeliveriesOf::Station(call.station_or_all(&p)?)
    };
    let list = deliveries(database, &p.delivery_list(of)?, zone).await?;
    Reply::data(&list)?.with("pagination", &list.pagination)
}
