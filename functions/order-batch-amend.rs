//! `POST /station/order/batch/amend`: mends one failed order of a batch.

use task_lambda::Parameter;
use task_lambda::http::{Call, Reply, post};
use task_service::batch::Dispatcher;
use task_service::orders::{Mending, amend};
use task_service::sqs::SqsQueue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), task_lambda::Error> {
    post(handle).await
}

async fn handle(dispatcher: &Dispatcher<SqsQueue>, call: Call) -> task_service::Result<Reply> {
    let p = call.parameters()?;
    let (caller, task) = (call.caller(&p)?, p.front_task()?);
    let order = p.optional("order_data", Parameter::object)?;
    let mending = match (p.optional("order_id", Parameter::order_id)?, &order) {
        (Some(id), _) => Mending::Made(id),
        (None, Some(order)) => Mending::Corrected(order),
        (None, None) => Mending::Dropped,
    };
    Reply::data(&amend(dispatcher, &caller, &task, &p.which_order()?, mending).await?)
}
