//! The SQS queues of task queues in mode `sqs`: which there are, and the messages that announce runs to their consumers.

use task_store::TaskId;
use task_store::task_queues::QueueName;
use task_store::work::RunAnnouncement;

use super::message::Message;
use super::sender::Sender;
use crate::tasks::queues::SqsNames;
use crate::tasks::runs::RunQueue;

/// The task queues that have an SQS queue. The first send builds the client.
#[derive(Debug, Default)]
pub struct TaskQueues {
    names: SqsNames,
    /// The URL of each up to its name.
    url: String,
    sender: Sender,
}

impl TaskQueues {
    /// Queues at the URLs that begin with `url` and end with their names.
    #[must_use]
    pub fn new(names: SqsNames, url: &str) -> Self {
        Self {
            names,
            url: url.to_owned(),
            sender: Sender::default(),
        }
    }
}

impl RunQueue for TaskQueues {
    fn has(&self, queue: &str) -> bool {
        QueueName::parse(queue).is_some_and(|name| self.names.contains(&name))
    }

    fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    async fn send(&self, runs: &[RunAnnouncement]) -> Vec<TaskId> {
        let url = |queue: &str| self.has(queue).then(|| format!("{}{queue}", self.url));
        let urls: Vec<_> = runs.iter().map(|run| url(&run.queue)).collect();
        let message = |run: &RunAnnouncement| Message {
            body: body(run),
            station: run.station.clone(),
            delay: run.delay,
        };
        let messages: Vec<_> = runs
            .iter()
            .zip(&urls)
            .map(|(run, url)| (url.as_deref(), message(run)))
            .collect();
        let unsent = self.sender.send(&messages).await;
        let task = |place: usize| runs.get(place).map(|run| run.task);
        unsent.into_iter().filter_map(task).collect()
    }
}

/// Returns the message that announces a run.
fn body(run: &RunAnnouncement) -> String {
    // The name of a queue needs no escapes.
    format!(
        r#"{{"v":1,"task_id":"{}","queue":"{}","run_count":{}}}"#,
        run.task, run.queue, run.run_count
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use task_store::StationId;

    #[test]
    fn a_message_names_the_task_its_queue_and_the_run_that_it_announces() {
        let run = RunAnnouncement {
            task: TaskId::parse("70").unwrap(),
            station: StationId::parse("T1").unwrap(),
            queue: "report".to_owned(),
            run_count: 2,
            delay: 0,
        };
        let expected = r#"{"v":1,"task_id":"70","queue":"report","run_count":2}"#;
        assert_eq!(body(&run), expected);
    }
}
