//! `GET|POST /station/order/batch/result`: what became of the orders of a batch.

use task_lambda::http::{Call, Reply, get_or_post};
use task_service::orders;
use task_service::store::Database;
use task_service::store::items::ItemStatus;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), task_lambda::Error> {
    get_or_post(handle).await
}

async fn handle(database: &Database, call: Call) -> task_service::Result<Reply> {
    let p = call.parameters()?;
    let task = p.front_task()?;
    let mut words = vec![("all", None)];
    words.extend(ItemStatus::ALL.map(|status| (status.as_str(), Some(status))));
    let status = p
        .optional("status", |status| status.one_of(&words))?
        .unwrap_or(Some(ItemStatus::Failed));
    let paging = p.paging(100, 1000)?;
    let caller = call.caller(&p)?;
    Reply::data(&orders::result(database, &caller, &task, status, paging.limit, paging.page).await?)
}
