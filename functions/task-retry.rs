//! `POST /task/retry`: ended tasks of a queue run again.

use jiff::tz::TimeZone;
use task_lambda::Parameter;
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
    let station = p.optional("station_id", Parameter::station_id)?;
    let retried = match p.filter_to_retry(station, zone)? {
        None => runs::retry(database, &p.tasks(100)?).await?,
        Some(filter) => runs::retry_all(database, &filter).await?,
    };
    runs::announce(database, queues, retried.tasks.iter().copied()).await;
    Reply::data(&retried)
}
