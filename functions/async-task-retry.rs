//! `POST /async_task/retry`: ended tasks run again; failed items of batches are tried again.

use jiff::tz::TimeZone;
use task_engine::Dispatcher;
use task_lambda::http::{Call, Reply, post};
use task_service::async_tasks::retry;
use task_service::sqs::{SqsQueue, TaskQueues};
use task_service::tasks::runs;

fn main() -> Result<(), task_lambda::Error> {
    post(handle)
}

type State = (Dispatcher<SqsQueue>, TaskQueues, TimeZone);

async fn handle((dispatcher, queues, zone): &State, call: Call) -> task_service::Result<Reply> {
    let p = call.parameters()?;
    let station = match p.has("filter") {
        true => call.named_by_operator(&p)?,
        false => None,
    };
    let retried = match p.filter_to_retry(station, zone)? {
        None => retry(dispatcher, &call.caller(&p)?, &p.retried(100)?, zone).await?,
        Some(filter) => runs::retry_all(&dispatcher.database, &filter).await?,
    };
    runs::announce(&dispatcher.database, queues, retried.tasks.iter().copied()).await;
    Reply::data(&retried)
}
