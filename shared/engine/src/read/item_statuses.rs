//! The status of every item of a run: its own row says it or, where it has none, its chunk does. An item of a done
//! chunk that has no row was made, with the id reserved for it.

use std::collections::HashSet;

use task_store::batches::Batch;
use task_store::chunks::{self, ChunkRange, ChunkState};
use task_store::items::{self, Item, ItemStatus, Outcome};
use task_store::{Connection, Result};

use super::counts::Counts;

/// Holds the status of every item of a batch's current run.
#[derive(Debug)]
pub struct ItemStatuses {
    ranges: Vec<ChunkRange>,
    /// The statuses that rows hold, in input order.
    stored: Vec<(u32, ItemStatus)>,
}

impl ItemStatuses {
    /// Reads the statuses of a batch's items. The chunks come first: one that is done by then has all its rows.
    pub async fn read(connection: &mut Connection, batch: &Batch) -> Result<Self> {
        let (task, run) = (batch.task_id, batch.run);
        Ok(Self {
            ranges: chunks::of_run(connection, task, run).await?,
            stored: items::statuses(connection, task, run).await?,
        })
    }

    /// Iterates over index and status of every item, in input order.
    pub fn all(&self) -> impl Iterator<Item = (u32, ItemStatus)> {
        let mut stored = self.stored.iter().copied().peekable();
        self.ranges
            .iter()
            .flat_map(|range| range.indexes().map(|index| (index, implied(range.state))))
            .map(move |(index, implied)| {
                stored
                    .next_if(|(at, _)| *at == index)
                    .unwrap_or((index, implied))
            })
    }

    /// Counts the items by their status.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (_, status) in self.all() {
            counts.add(status);
        }
        counts
    }

    /// Lists index, status and made id of every item that was made and has no row.
    pub(crate) fn implied_made(&self) -> Vec<(u32, u8, Option<i64>)> {
        let stored: HashSet<u32> = self.stored.iter().map(|(index, _)| *index).collect();
        let done = self
            .ranges
            .iter()
            .filter(|range| range.state == ChunkState::Done);
        done.flat_map(|range| {
            range
                .indexes()
                .map(move |index| (index, range.reserved_id(index)))
        })
        .filter(|(index, _)| !stored.contains(index))
        .map(|(index, id)| (index, ItemStatus::Success as u8, Some(id)))
        .collect()
    }

    /// Answers an item that has no row, by the state of its chunk; `None` when the run does not have the item.
    pub(super) fn without_row(&self, index: u32) -> Option<Item> {
        let after = self
            .ranges
            .partition_point(|range| range.first_index <= index);
        let range = self.ranges.get(after.checked_sub(1)?)?;
        range.indexes().contains(&index).then(|| Item {
            outcome: Outcome {
                index,
                status: implied(range.state),
                made_id: (range.state == ChunkState::Done).then(|| range.reserved_id(index)),
                code: None,
                error_count: None,
                errors: None,
            },
            chunk_id: range.chunk_id,
            attempts: 0,
        })
    }
}

/// Answers the status of an item that has no row.
const fn implied(chunk: ChunkState) -> ItemStatus {
    match chunk {
        ChunkState::Open => ItemStatus::Pending,
        ChunkState::Done => ItemStatus::Success,
        ChunkState::Cancelled => ItemStatus::Cancelled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statuses(stored: &[(u32, ItemStatus)]) -> ItemStatuses {
        let range = |(no, state): (u32, ChunkState)| ChunkRange {
            chunk_id: i64::from(no) + 7,
            first_index: no * 2,
            item_count: 2,
            state,
        };
        let states = [ChunkState::Done, ChunkState::Open, ChunkState::Cancelled];
        ItemStatuses {
            ranges: (0..).zip(states).map(range).collect(),
            stored: stored.to_vec(),
        }
    }

    #[test]
    fn an_item_without_a_row_has_the_status_of_its_chunk() {
        use ItemStatus::{Amended, Cancelled, Failed, Pending, Success};
        let stored = [(1, Failed), (2, Failed), (5, Amended)];
        let all: Vec<_> = statuses(&stored).all().collect();
        let expected = [Success, Failed, Failed, Pending, Cancelled, Amended];
        assert_eq!(all, (0..).zip(expected).collect::<Vec<_>>());
    }

    #[test]
    fn counts_add_up_to_every_item() {
        let counts = statuses(&[(0, ItemStatus::Dropped)]).counts();
        let expected = Counts {
            total: 6,
            success: 1,
            dropped: 1,
            pending: 2,
            cancelled: 2,
            ..Counts::default()
        };
        assert_eq!(counts, expected);
    }

    #[test]
    fn only_what_was_made_has_the_id_reserved_for_it() {
        let statuses = statuses(&[]);
        let made = |index| statuses.without_row(index).map(|item| item.outcome.made_id);
        assert_eq!(made(1), Some(Some(7001)));
        assert_eq!(made(2), Some(None));
        assert_eq!(made(4), Some(None));
        assert_eq!(made(6), None, "the run has no such item");
    }
}
