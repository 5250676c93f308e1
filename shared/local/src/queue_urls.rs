//! Where the functions send their messages in the local stack.

use crate::project::{Project, Queue};
use crate::queue::QueueEmulator;

/// Returns `GM_TASK_QUEUE`: where the messages of each job go.
pub(crate) fn queue_urls(project: &Project, emulator: &QueueEmulator) -> String {
    let url = |(name, queue): (&String, &Queue)| {
        let job = queue.job.as_ref()?;
        Some(format!("{job}={}", emulator.url(name)))
    };
    let urls = project.queues.iter().filter_map(url);
    urls.collect::<Vec<_>>().join(",")
}

/// Returns `PUSH_QUEUE_URL`: the queue that carries no job's messages.
pub(crate) fn push_queue_url(project: &Project, emulator: &QueueEmulator) -> String {
    let mut queues = project.queues.iter();
    let push = queues.find(|(_, queue)| queue.job.is_none());
    push.map_or_else(String::new, |(name, _)| emulator.url(name))
}
