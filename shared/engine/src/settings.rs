//! The engine's tuning values, and the dispatcher that submitting and sweeping need: database, queue, values.

use std::time::Duration;

use task_store::Database;
use task_store::chunks::Dispatch;
use task_store::outbox::Pace;

/// How batches are cut, leased and announced. Read once at start.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The most items one batch may have.
    pub max_items: u32,
    /// The most items of a chunk, at most [`task_store::chunks::MAX_ITEMS`].
    pub chunk_items: u32,
    /// How long a worker owns the chunk it claimed; longer than a worker may run.
    pub lease: Duration,
    /// How many chunks of one station and job may be in work at once; 0 for any number.
    pub station_chunks: u32,
    /// How long after its message was due a chunk that is still open is announced again.
    pub resend: Duration,
}

/// Into how many chunks a small batch is cut: two workers share it, and the chunks' own statements and messages weigh least.
const CHUNKS: u32 = 2;
/// Chunks of fewer items than this would cost more in statements than they are worth.
const LEAST_ITEMS: u32 = 100;

impl Settings {
    /// Answers how often chunks are announced.
    pub(crate) const fn pace(&self) -> Pace {
        Pace {
            resend: self.resend,
            lease: self.lease,
        }
    }

    /// Decides how the `chunks` chunks of a first run get to their workers. The chunks of a small batch are granted, which
    /// saves the commits of a claim. The chunks of a large batch are claimed, so that its station's cap is kept chunk by
    /// chunk.
    pub(crate) const fn dispatch(&self, chunks: usize) -> Dispatch {
        let mut dispatch = Dispatch::by_claim(self.resend, self.lease);
        if chunks <= CHUNKS as usize {
            dispatch.grant_under = Some(self.station_chunks);
        }
        dispatch
    }

    /// Answers how many items each chunk of a batch of `count` gets.
    pub(crate) fn items_per_chunk(&self, count: usize) -> u32 {
        let even = u32::try_from(count).map_or(u32::MAX, |count| count.div_ceil(CHUNKS));
        even.max(LEAST_ITEMS).min(self.chunk_items)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_items: 10_000,
            chunk_items: 500,
            lease: Duration::from_secs(90),
            resend: Duration::from_mins(1),
            station_chunks: 8,
        }
    }
}

/// Stores and announces batches.
#[derive(Debug)]
pub struct Dispatcher<Q> {
    /// The truth.
    pub database: Database,
    /// The wake-up.
    pub queue: Q,
    /// How batches are cut, leased and announced.
    pub settings: Settings,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_half_of_its_batch_within_bounds() {
        let settings = Settings::default();
        let sizes = [1, 201, 900, 10_000, 50_000].map(|count| settings.items_per_chunk(count));
        assert_eq!(sizes, [100, 101, 450, 500, 500]);
        let small = Settings {
            chunk_items: 10,
            ..settings
        };
        assert_eq!(small.items_per_chunk(1_000), 10, "the setting wins");
    }
}
