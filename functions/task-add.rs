//! `POST /task/add`: stores a task of another system, or a list of them.

use jiff::tz::TimeZone;
use task_lambda::http::{Call, Reply, post};
use task_lambda::{Parameter, Parameters};
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
    if let Some(list) = p.optional("tasks", Parameter::list)? {
        let list = Parameters::each("tasks", &list, 1_000)?;
        let requests = list.iter().map(|task| task.new_task(zone)).collect();
        return Reply::each(runs::add_many(database, queues, requests, call.id_scope()).await?);
    }
    Reply::data(&runs::add(database, queues, &p.new_task(zone)?, call.id_scope()).await?)
}
