//! `POST /task/claim`: hands ready tasks of a queue to a worker that asks.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, post};
use task_lambda::{ClaimPlaces, Parameter};
use task_service::tasks::runs;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    post(handle)
}

async fn handle(
    (database, zone, places): &(Database, TimeZone, ClaimPlaces),
    call: Call,
) -> task_service::Result<Reply> {
    call.system()?;
    let p = call.parameters()?;
    let queue = p.required("queue", Parameter::queue)?;
    let claim_id = p.optional("claim_id", Parameter::token)?;
    let request = p.claim(&queue, claim_id.as_deref(), call.request_id(), *places)?;
    let claimed = runs::claim(database, &request, zone).await?;
    match claimed.retry_after {
        None => Reply::data(&claimed.tasks),
        Some(seconds) => Reply::data(&claimed.tasks)?.with("retry_after", &seconds),
    }
}
