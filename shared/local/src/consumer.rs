//! Task queues in mode `sqs`, and the functions in Python that consume them, in place of a business's own stack.

use std::path::{Path, PathBuf};

use crate::queue::QueueEmulator;

/// The beginning of the SQS queues' names; deployed, they begin with the stack's name.
const PREFIX: &str = "local-task-";

/// A task queue in mode `sqs`.
#[derive(Debug, Clone)]
pub struct TaskQueue {
    /// Its name.
    pub name: String,
    /// The Python file whose `handler` consumes its messages; without a file the messages wait.
    pub consumer: Option<PathBuf>,
}

impl TaskQueue {
    /// Returns the queue with this name, without a consumer.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            consumer: None,
        }
    }

    /// Returns the name of its SQS queue.
    #[must_use]
    pub fn queue(&self) -> String {
        format!("{PREFIX}{}", self.name)
    }

    /// Returns the name of the function that consumes it.
    #[must_use]
    pub fn function(&self) -> String {
        format!("consumer-{}", self.name)
    }

    /// Returns the runner of a handler in Python: Lambda's runtime in small.
    pub(crate) fn runtime(root: &Path) -> String {
        let script = root.join("shared/local/python-runtime.py");
        script.to_string_lossy().into_owned()
    }
}

/// Returns `TASK_QUEUES` and `TASK_QUEUE_URL` of the functions.
pub(crate) fn variables(queues: &[TaskQueue], emulator: &QueueEmulator) -> [(String, String); 2] {
    let names: Vec<_> = queues.iter().map(|queue| queue.name.as_str()).collect();
    [
        ("TASK_QUEUES".to_owned(), names.join(",")),
        ("TASK_QUEUE_URL".to_owned(), emulator.url(PREFIX)),
    ]
}
