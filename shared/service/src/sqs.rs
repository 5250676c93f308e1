//! Sends messages to Amazon SQS: to standard queues, grouped by station, so that no station waits for the flood of another
//! (fair queues).

mod client;
mod connector;
mod message;
mod sender;
mod task_queues;
mod urls;

use task_engine::{ChunkMessage, Queue};
use task_store::chunks::ChunkKey;
use task_store::outbox::Announcement;

pub use connector::http_client;
use message::Message;
pub(crate) use message::group;
use sender::Sender;
pub use task_queues::TaskQueues;
pub use urls::QueueUrls;

/// The queues of the jobs in SQS.
#[derive(Debug)]
pub struct SqsQueue {
    urls: QueueUrls,
    sender: Sender,
}

impl SqsQueue {
    /// Queues at these URLs, reached with the credentials, region and endpoint of the environment.
    #[must_use]
    pub fn new(urls: QueueUrls) -> Self {
        Self {
            urls,
            sender: Sender::default(),
        }
    }
}

impl Queue for SqsQueue {
    async fn send(&self, due: &[Announcement]) -> Vec<ChunkKey> {
        let message = |due: &Announcement| Message {
            body: ChunkMessage::new(due.key).body(),
            station: due.station.clone(),
            delay: 0,
        };
        let messages: Vec<_> = due
            .iter()
            .map(|due| (self.urls.of(&due.job), message(due)))
            .collect();
        let unsent = self.sender.send(&messages).await;
        let key = |place: usize| due.get(place).map(|due| due.key);
        unsent.into_iter().filter_map(key).collect()
    }
}
