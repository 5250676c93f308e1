//! What submitting and sweeping need: the engine's tuning values, the database, the queue.

use std::time::Duration;

use task_store::Database;

/// How batches are cut, leased and announced. Read once at start.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The most items one batch may have.
    pub max_items: u32,
    /// Items per chunk, at most [`task_store::chunks::MAX_ITEMS`].
    pub chunk_items: u32,
    /// How long a worker owns the chunk it claimed; longer than a worker may run.
    pub lease: Duration,
    /// How many chunks of one station and job may be in work at once; 0 for any number.
    pub station_chunks: u32,
    /// How long after its message was due a chunk that is still open is announced again.
    pub resend: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_items: 10_000,
            chunk_items: 100,
            lease: Duration::from_secs(90),
            resend: Duration::from_mins(1),
            station_chunks: 8,
        }
    }
}

/// Where batches are stored and announced.
#[derive(Debug)]
pub struct Dispatcher<Q> {
    /// The truth.
    pub database: Database,
    /// The wake-up.
    pub queue: Q,
    /// How batches are cut, leased and announced.
    pub settings: Settings,
}
