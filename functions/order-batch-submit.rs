//! `POST /station/order/batch/submit`: stores a list of orders durably, wakes the workers, says where to look.

use task_lambda::http::{Call, Reply, post};
use task_lambda::{Parameter, PublicBaseUrl};
use task_service::orders::{OrderImport, OrderList, submit};
use {serde_json::json, task_engine::Dispatcher, task_service::sqs::SqsQueue};

fn main() -> Result<(), task_lambda::Error> {
    post(handle)
}

type State = (Dispatcher<SqsQueue>, OrderImport, PublicBaseUrl);
async fn handle((dispatcher, job, base): &State, call: Call) -> task_service::Result<Reply> {
    let (list, caller) = call.read(|call, p| {
        OrderList {
            user_task_id: &p.required("task_id", Parameter::user_task_id)?,
            time_config_id: &p.required("time_config_id", |id| id.text(64))?,
            file_name: p.optional("file_name", |n| n.text(128))?.as_deref(),
            labels: &p.batch_labels(call.user_name())?,
            scope: call.id_scope(),
            rerun: p.optional("rerun", Parameter::flag)? == Some(true),
            orders: &p.required(p.either("order_data", "data"), Parameter::list)?,
        }
        .cut(&dispatcher.settings)
    })?;
    submit(dispatcher, job, &caller, &list).await?;
    Reply::data(&json!({ "task_url": base.task(&list.user_task_id) }))
}
