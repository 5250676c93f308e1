//! `POST /station/order/batch/amend`: mends one failed order of a batch.

use task_engine::Dispatcher;
use task_lambda::http::{Call, Reply, post};
use task_service::orders::amend;
use task_service::sqs::SqsQueue;

fn main() -> Result<(), task_lambda::Error> {
    post(handle)
}

async fn handle(dispatcher: &Dispatcher<SqsQueue>, call: Call) -> task_service::Result<Reply> {
    let p = call.parameters()?;
    let (caller, task) = (call.caller(&p)?, p.front_task()?);
    let (which, order) = (p.which_order()?, p.optional_order()?);
    let mending = p.mending(order.as_deref())?;
    Reply::data(&amend(dispatcher, &caller, &task, &which, mending).await?)
}
