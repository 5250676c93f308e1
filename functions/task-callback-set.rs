//! `POST /task/callback/set`: declares a callback, or changes it.

use task_lambda::Parameter;
use task_lambda::http::{Call, Reply, post};
use task_service::callbacks;
use task_service::targets::TargetHosts;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    post(handle)
}

async fn handle(
    (database, hosts): &(Database, TargetHosts),
    call: Call,
) -> task_service::Result<Reply> {
    call.system()?;
    let p = call.parameters()?;
    let name = p.required("name", Parameter::callback)?;
    Reply::data(&callbacks::set(database, hosts, &name, &p.callback_request()?).await?)
}
