//! `GET|POST /station/order/get`: one order, with its lines and the task that made it.

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
    let p = call.parameters()?;
    let (caller, name) = (call.caller(&p)?, p.order_name()?);
    Reply::data(&orders::get(database, &caller, &name, zone).await?)
}
