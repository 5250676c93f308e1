//! `POST /task/fail`: ends a run as failed; its task runs again, or has ended.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, post};
use task_service::sqs::TaskQueues;
use task_service::tasks::runs;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    post(handle)
}

async fn handle(
    (database, zone, queues): &(Database, TimeZone, TaskQueues),
    call: Call,
) -> task_service::Result<Reply> {
    call.system()?;
    let p = call.parameters()?;
    let message = p.required("msg", |msg| msg.text(1_000))?;
    let failed = runs::fail(database, &p.task()?, &p.failure(&message)?, zone).await?;
    runs::announce(database, queues, [failed.task]).await;
    runs::announce_freed(database, queues).await;
    Reply::data(&failed)
}
