//! `POST /task/schedule/delete`: deletes a schedule.

use serde_json::json;
use task_lambda::Parameter;
use task_lambda::http::{Call, Reply, post};
use task_service::tasks::schedules;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    post(handle)
}

async fn handle(database: &Database, call: Call) -> task_service::Result<Reply> {
    call.system()?;
    let p = call.parameters()?;
    let name = p.required("name", Parameter::schedule_name)?;
    let deleted = schedules::delete(database, &name).await?;
    Reply::data(&json!({"deleted": u8::from(deleted)}))
}
