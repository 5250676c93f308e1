//! `POST /task/add`: stores a task of another system.

use serde_json::json;
use task_lambda::Parameter;
use task_lambda::http::{Call, Reply, post};
use task_service::tasks::{self, NewTask};
use task_store::Database;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), task_lambda::Error> {
    post(handle).await
}

async fn handle(database: &Database, call: Call) -> task_service::Result<Reply> {
    call.system()?;
    let p = call.parameters()?;
    let user_task_id = p.optional("user_task_id", Parameter::user_task_id)?;
    let new = NewTask {
        user_task_id: user_task_id.as_ref(),
        station_id: &p.required("station_id", Parameter::station_id)?,
        name: &p.required("task_name", |name| name.text(64))?,
        input: &p.required("input", Parameter::as_text)?,
        type_id: p.optional("type_id", Parameter::int)?.unwrap_or(0),
        repeat: p.optional("repeat", Parameter::flag)?.unwrap_or(false),
        message_show: p.optional("message_show", Parameter::flag)?.unwrap_or(true),
    };
    let id = tasks::add(database, &new, call.id_scope()).await?;
    let user_task_id = user_task_id.as_ref().map_or("", |id| id.as_str());
    Reply::data(&json!({ "task_id": id, "user_task_id": user_task_id }))
}
