//! `POST /task/callback/resend`: tells callbacks again.

use task_lambda::http::{Call, Reply, post};
use task_service::callbacks;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    post(handle)
}

async fn handle(database: &Database, call: Call) -> task_service::Result<Reply> {
    call.system()?;
    let which = call.parameters()?.callback_resend()?;
    Reply::data(&callbacks::resend(database, &which, None).await?)
}
