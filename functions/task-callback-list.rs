//! `GET|POST /task/callback/list`: the callbacks, and what they were told.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, get_or_post};
use task_service::callbacks;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    get_or_post(handle)
}

async fn handle(
    (database, zone): &(Database, TimeZone),
    call: Call,
) -> task_service::Result<Reply> {
    call.system()?;
    let request = call.parameters()?.callback_list()?;
    let list = callbacks::list(database, &request, zone).await?;
    Reply::data(&list.callbacks)?
        .with("deliveries", &list.deliveries)?
        .with("next_before", &list.next_before)
}
