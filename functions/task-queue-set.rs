//! `POST /task/queue/set`: declares a queue, or changes its policy.

use task_lambda::Parameter;
use task_lambda::http::{Call, Reply, post};
use task_service::targets::TargetHosts;
use task_service::tasks::queues::{self, SqsNames};
use task_store::Database;

fn main() -> Result<(), task_lambda::Error> {
    post(handle)
}

async fn handle(
    (database, sqs, hosts): &(Database, SqsNames, TargetHosts),
    call: Call,
) -> task_service::Result<Reply> {
    call.system()?;
    let p = call.parameters()?;
    let name = p.required("queue", Parameter::queue)?;
    let (policy, target) = (p.policy()?, p.queue_target()?);
    Reply::data(&queues::set_with_target(database, sqs, (hosts, &target), &name, &policy).await?)
}
