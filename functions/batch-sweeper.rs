//! Schedule: announces chunks whose message was lost, finishes batches whose last worker died, and lets time pass for tasks
//! that are dispatched: delayed tasks become ready, silent runs are lost.

use task_engine::{Deadline, Dispatcher};
use task_lambda::schedule::serve;
use task_service::jobs::KINDS;
use task_service::push::PushQueue;
use task_service::sqs::{SqsQueue, TaskQueues};
use task_service::sweep::{Swept, sweep};

fn main() -> Result<(), task_lambda::Error> {
    serve(handle)
}

type State = (Dispatcher<SqsQueue>, TaskQueues, Option<PushQueue>);

async fn handle(
    (dispatcher, runs, push): &State,
    deadline: Deadline,
) -> task_service::Result<Swept> {
    sweep(dispatcher, (runs, push.as_ref()), KINDS, deadline).await
}
