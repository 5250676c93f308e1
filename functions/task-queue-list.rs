//! `GET|POST /task/queue/list`: the queues, with their policies and how many tasks of each wait, run and failed.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, get_or_post};
use task_service::tasks::queues;
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
    let (after, limit) = p.queue_page()?;
    let list = queues::list(database, after.as_ref(), limit, zone).await?;
    Reply::data(&list.queues)?
        .with("next_after", &list.next_after)?
        .with("refused", &list.refused)
}
