//! `POST /station/order/batch/submit`: stores a list of orders durably, wakes the workers, says where to look.

use serde_json::json;
use task_lambda::http::{Call, Reply, post};
use task_lambda::{Parameter, PublicBaseUrl};
use task_service::Caller;
use task_service::batch::{Dispatcher, Settings};
use task_service::orders::{OrderBatch, OrderImport, OrderList, submit};
use task_service::sqs::SqsQueue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), task_lambda::Error> {
    post(handle).await
}

type State = (Dispatcher<SqsQueue>, OrderImport, PublicBaseUrl);

async fn handle((dispatcher, job, base): &State, call: Call) -> task_service::Result<Reply> {
    let (caller, list) = read(&call, &dispatcher.settings)?;
    // A body of megabytes need not be there twice.
    drop(call);
    submit(dispatcher, job, &caller, &list).await?;
    Reply::data(&json!({ "task_url": base.task(&list.user_task_id) }))
}

fn read(call: &Call, settings: &Settings) -> task_service::Result<(Caller, OrderBatch)> {
    let p = call.parameters()?;
    let file_name = p.optional("file_name", |name| name.text(128))?;
    let list = OrderList {
        user_task_id: &p.required("task_id", Parameter::user_task_id)?,
        time_config_id: &p.required("time_config_id", |id| id.text(64))?,
        file_name: file_name.as_deref(),
        orders: &p.required(p.either("order_data", "data"), Parameter::list)?,
    };
    Ok((call.caller(&p)?, list.cut(settings)?))
}
