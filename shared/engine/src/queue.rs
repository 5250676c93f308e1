//! The queue that wakes the workers. MySQL is the truth: a message is only a hint that a chunk may have work, and
//! one that is lost, late, doubled or never sent costs time, never an outcome.

use serde::{Deserialize, Serialize};
use task_store::TaskId;
use task_store::chunks::ChunkKey;
use task_store::outbox::Announcement;

/// The version of the message format that this code writes and reads.
const VERSION: u8 = 1;

/// The body of a message: names a chunk that may have work. No item travels through the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkMessage {
    version: u8,
    task_id: TaskId,
    run: u32,
    chunk: u32,
}

impl ChunkMessage {
    /// Creates the message that announces a chunk.
    #[must_use]
    pub const fn new(key: ChunkKey) -> Self {
        Self {
            version: VERSION,
            task_id: key.task,
            run: key.run,
            chunk: key.chunk,
        }
    }

    /// Reads a message body; `None` when it is none of ours.
    #[must_use]
    pub fn parse(body: &str) -> Option<ChunkKey> {
        let message: Self = serde_json::from_str(body).ok()?;
        (message.version == VERSION && message.task_id.get() > 0).then_some(ChunkKey {
            task: message.task_id,
            run: message.run,
            chunk: message.chunk,
        })
    }

    /// Writes the message body.
    #[must_use]
    pub fn body(&self) -> String {
        format!(
            r#"{{"version":{},"task_id":{},"run":{},"chunk":{}}}"#,
            self.version, self.task_id, self.run, self.chunk
        )
    }
}

/// Takes announcements of chunks to the workers.
pub trait Queue: Sync {
    /// Sends announcements and answers the chunks whose announcement was not sent. Never fails as a whole: the sweeper
    /// announces these chunks again.
    fn send(&self, announcements: &[Announcement]) -> impl Future<Output = Vec<ChunkKey>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_back_as_the_chunk_it_announces() {
        let key = ChunkKey {
            task: TaskId::parse("7").unwrap(),
            run: 2,
            chunk: 30,
        };
        let body = ChunkMessage::new(key).body();
        assert_eq!(body, r#"{"version":1,"task_id":7,"run":2,"chunk":30}"#);
        assert_eq!(ChunkMessage::parse(&body), Some(key));
    }

    #[test]
    fn a_message_that_is_none_of_ours_is_not_read() {
        for body in [
            "",
            "{}",
            "7",
            r#"{"version":2,"task_id":7,"run":1,"chunk":0}"#,
            r#"{"version":1,"task_id":-7,"run":1,"chunk":0}"#,
            r#"{"version":1,"task_id":7,"run":1,"chunk":-1}"#,
        ] {
            assert_eq!(ChunkMessage::parse(body), None, "{body}");
        }
    }
}
