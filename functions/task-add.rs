//! `POST /task/add`: stores a task of another system, or a list of them.

use jiff::tz::TimeZone;
use serde_json::json;
use task_lambda::http::{Call, Reply, post};
use task_lambda::{Parameter, Parameters};
use task_service::tasks;
use task_store::Database;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), task_lambda::Error> {
    post(handle).await
}

async fn handle(
    (database, zone): &(Database, TimeZone),
    call: Call,
) -> task_service::Result<Reply> {
    call.system()?;
    let p = call.parameters()?;
    if let Some(list) = p.optional("tasks", Parameter::list)? {
        let list = Parameters::each("tasks", &list, 1_000)?;
        let requests = list.iter().map(|task| task.new_task(zone)).collect();
        return Reply::each(tasks::add_many(database, requests, call.id_scope()).await?);
    }
    let new = p.new_task(zone)?;
    let id = tasks::add(database, &new.task(), call.id_scope()).await?;
    let user_task_id = new.user_task_id.as_ref().map_or("", |id| id.as_str());
    Reply::data(&json!({ "task_id": id, "user_task_id": user_task_id }))
}
