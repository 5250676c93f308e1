//! Which task queues have an SQS queue.

use std::collections::BTreeSet;

use task_store::task_queues::{Mode, QueueName};

use crate::error::{Error, Result};

/// The names of the task queues that have an SQS queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SqsNames(BTreeSet<QueueName>);

impl SqsNames {
    /// Reads `TASK_QUEUES`: names with commas between them, none for no queue.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        let names = text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        let name = |name| {
            QueueName::parse(name).ok_or_else(|| {
                format!("names {name:?}: a queue's name is a lower-case letter and up to 31 more letters a-z and digits")
            })
        };
        names
            .map(name)
            .collect::<std::result::Result<_, _>>()
            .map(Self)
    }

    /// Tells whether no task queue has an SQS queue.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether a task queue has an SQS queue.
    #[must_use]
    pub fn contains(&self, name: &QueueName) -> bool {
        self.0.contains(name)
    }

    /// Checks that a queue that is to be in mode `sqs` has its SQS queue.
    pub(super) fn check(&self, name: &QueueName, mode: Option<Mode>) -> Result<()> {
        match self.missing(name, mode) {
            Some(wrong) => Err(Error::invalid("mode", &wrong)),
            None => Ok(()),
        }
    }

    /// Tells what is wrong with a mode: `sqs` for a queue that has no SQS queue.
    pub(crate) fn missing(&self, name: &QueueName, mode: Option<Mode>) -> Option<String> {
        if mode != Some(Mode::Sqs) || self.contains(name) {
            return None;
        }
        let names: Vec<_> = self.0.iter().map(QueueName::as_str).collect();
        let known = match &names[..] {
            [] => "no task queue has one".to_owned(),
            names => format!("only {} have one", names.join(", ")),
        };
        Some(format!(
            "sqs needs an SQS queue for {name}, {known}: add {name} to the parameter TaskQueues of the deployment, or to \
             TASK_QUEUES of the local stack"
        ))
    }
}
