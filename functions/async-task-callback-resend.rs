//! `POST /async_task/callback/resend`: tells callbacks again; for operators.

use task_lambda::http::{Call, Reply, post};
use task_service::callbacks;
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    post(handle)
}

async fn handle(database: &Database, call: Call) -> task_service::Result<Reply> {
    call.operator()?;
    let p = call.parameters()?;
    let which = p.callback_resend()?;
    let station = call.station_or_all(&p)?;
    Reply::data(&callbacks::resend(database, &which, station.as_ref()).await?)
}
