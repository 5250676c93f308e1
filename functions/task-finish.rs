//! `POST /task/finish`: ends a task, or a list of them, with their last changes.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, post};
use task_lambda::{Parameter, Parameters};
use task_service::tasks::{self, runs};
use task_service::{jobs::KINDS, sqs::TaskQueues};
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
    if let Some(list) = p.optional("tasks", Parameter::list)? {
        let list = Parameters::each("tasks", &list, 1_000)?;
        let requests = list.iter().map(Parameters::finish).collect();
        let finished = runs::finish_all(database, KINDS, requests, zone).await;
        runs::announce_freed(database, queues).await;
        return Reply::each(finished?);
    }
    tasks::finish(database, KINDS, &p.task()?, &p.changes()?, zone).await?;
    runs::announce_freed(database, queues).await;
    Reply::data(&())
}
