//! SQS `task-push`: calls targets with signed requests, for the runs of queues in mode `push` and for callbacks.

use task_lambda::sqs::{Message, NotDone, serve_parallel};
use task_service::Result;
use task_service::push::{PushMessage, PushWork, Pusher};

fn main() -> std::result::Result<(), task_lambda::Error> {
    serve_parallel(handle, next, work)
}

async fn handle(pusher: &Pusher, message: Message) -> std::result::Result<(), NotDone> {
    let message = PushMessage::parse(&message.body).ok_or(NotDone::Unreadable)?;
    Ok(pusher.handle(message).await?)
}

async fn next(pusher: &Pusher) -> Result<Option<PushWork>> {
    pusher.next().await
}

async fn work(pusher: &Pusher, work: PushWork) -> Result<()> {
    pusher.work(work).await
}
