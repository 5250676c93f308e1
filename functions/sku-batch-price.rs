//! `POST /station/sku/batch/price`: stores a list of price changes durably, wakes the workers, says where to look.

use serde_json::json;
use task_lambda::http::{Call, Reply, post};
use task_lambda::{Parameter, PublicBaseUrl};
use task_service::prices::{PriceList, submit};
use {task_engine::Dispatcher, task_service::sqs::SqsQueue};

fn main() -> Result<(), task_lambda::Error> {
    post(handle)
}

type State = (Dispatcher<SqsQueue>, PublicBaseUrl);

async fn handle((dispatcher, base): &State, call: Call) -> task_service::Result<Reply> {
    let (list, caller) = call.read(|call, p| {
        PriceList {
            user_task_id: &p.required("task_id", Parameter::user_task_id)?,
            labels: &p.batch_labels(call.user_name())?,
            scope: call.id_scope(),
            rerun: p.optional("rerun", Parameter::flag)?.unwrap_or_default(),
            items: &p.required("items", Parameter::list)?,
        }
        .cut(&dispatcher.settings)
    })?;
    submit(dispatcher, &caller, &list).await?;
    Reply::data(&json!({ "task_url": base.task(&list.user_task_id) }))
}
