//! The status of every item of a run: its own row says it or, where it has none, its chunk does. An item of a done
//! chunk that has no row was made, with the id reserved for it.
//!
//! Items are counted by the database, chunk by chunk, and read only where a page needs them.

use task_store::again::Stored;
use task_store::batches::Batch;
use task_store::chunks::{self, ChunkRange, ChunkState};
use task_store::items::{self, Item, ItemStatus, Outcome, StoredStatus};
use task_store::{Connection, Result};

use super::counts::Counts;

/// Holds the chunks of a batch's current run, and how many of their items have which status.
#[derive(Debug)]
pub struct ItemStatuses {
    ranges: Vec<ChunkRange>,
    /// The counts of each range; none where nobody asked for them.
    counts: Vec<Counts>,
}

/// The items of a finished run, in input order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SplitItems {
    /// The indexes of those that failed.
    pub(crate) failed: Vec<u32>,
    /// Index, status, made id and notice of those whose outcome stays.
    pub(crate) kept: Vec<(u32, ItemStatus, Option<i64>, Option<String>)>,
}

impl ItemStatuses {
    /// Reads the chunks and counts their items. The chunks come first: one that is done by then has all its rows.
    pub async fn read(connection: &mut Connection, batch: &Batch) -> Result<Self> {
        let statuses = Self::uncounted(connection, batch).await?;
        let width = width(&statuses.ranges);
        let stored = items::counts(connection, batch.task_id, batch.run, width).await?;
        Ok(Self::counted(statuses.ranges, &stored))
    }

    /// Reads the chunks only: whatever is counted is 0.
    pub(super) async fn uncounted(connection: &mut Connection, batch: &Batch) -> Result<Self> {
        Ok(Self {
            ranges: chunks::of_run(connection, batch.task_id, batch.run).await?,
            counts: Vec::new(),
        })
    }

    /// Counts the items of ranges, of which the database counted those with rows: index of the first, status, number.
    fn counted(ranges: Vec<ChunkRange>, stored: &[(u32, ItemStatus, u32)]) -> Self {
        let all = ranges.iter().map(|range| {
            let mut counts = Counts::default();
            counts.add(implied(range.state), range.item_count);
            counts
        });
        let mut counts: Vec<_> = all.collect();
        for (index, status, number) in stored {
            if let Some(no) = range_of(&ranges, *index) {
                counts[no].change(implied(ranges[no].state), *status, *number);
            }
        }
        Self { ranges, counts }
    }

    /// Counts the items by their status.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts.iter().fold(Counts::default(), Counts::sum)
    }

    /// Answers the chunks' ranges.
    pub(super) fn ranges(&self) -> &[ChunkRange] {
        &self.ranges
    }

    /// Counts the items of a range with a status, or all of them; `None` where nothing was counted.
    pub(super) fn count_in(&self, range: usize, status: Option<ItemStatus>) -> Option<u32> {
        Some(self.counts.get(range)?.of_status(status))
    }

    /// Splits the items of a finished run, of which `stored` have rows, for a run that tries the failed ones again. Corrected items,
    /// which have chunks of their own, are not among them.
    pub(crate) fn split(&self, stored: &[Stored]) -> SplitItems {
        let mut split = SplitItems::default();
        let mut stored = stored.iter().peekable();
        for range in &self.ranges {
            for index in range.indexes() {
                match stored.next_if(|item| item.index == index) {
                    Some(item) if item.chunk_id == range.chunk_id => match item.status {
                        ItemStatus::Failed => split.failed.push(index),
                        ItemStatus::Pending => {}
                        status => {
                            let notice = item.notice.clone();
                            split.kept.push((index, status, item.made_id, notice));
                        }
                    },
                    None if range.state == ChunkState::Done => {
                        let id = range.reserved_id(index);
                        split
                            .kept
                            .push((index, ItemStatus::Success, Some(id), None));
                    }
                    _ => {}
                }
            }
        }
        split
    }

    /// Answers an item that has no row, by the state of its chunk; `None` when the run does not have the item.
    pub(super) fn without_row(&self, index: u32) -> Option<Item> {
        let range = self.ranges.get(range_of(&self.ranges, index)?)?;
        Some(Item {
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

/// Iterates over every item of ranges, in input order. `stored` holds the items that have rows, in this order.
pub(super) fn all<'a>(
    ranges: &'a [ChunkRange],
    stored: &'a [StoredStatus],
) -> impl Iterator<Item = StoredStatus> + 'a {
    let mut stored = stored.iter().copied().peekable();
    let items = ranges.iter().flat_map(|range| {
        let status = implied(range.state);
        range.indexes().map(move |index| StoredStatus {
            index,
            status,
            has_code: false,
        })
    });
    items.map(move |item| {
        let own = stored.next_if(|stored| stored.index == item.index);
        own.unwrap_or(item)
    })
}

/// Finds the range that holds an index.
fn range_of(ranges: &[ChunkRange], index: u32) -> Option<usize> {
    let after = ranges.partition_point(|range| range.first_index <= index);
    let no = after.checked_sub(1)?;
    ranges[no].indexes().contains(&index).then_some(no)
}

/// Answers a number of items that divides the run so that no part lies in two ranges: the length of all ranges but the last, or
/// 1 where their lengths differ, as those of chunks that were full of bytes.
fn width(ranges: &[ChunkRange]) -> u32 {
    let Some((last, others)) = ranges.split_last() else {
        return 1;
    };
    let width = others.first().unwrap_or(last).item_count;
    let is_even = others.iter().all(|range| range.item_count == width);
    match is_even && last.item_count <= width {
        true => width.max(1),
        false => 1,
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

    fn ranges() -> Vec<ChunkRange> {
        let range = |(no, state): (u32, ChunkState)| ChunkRange {
            chunk_id: i64::from(no) + 7,
            first_index: no * 2,
            item_count: 2,
            state,
        };
        let states = [ChunkState::Done, ChunkState::Open, ChunkState::Cancelled];
        (0..).zip(states).map(range).collect()
    }

    fn stored(items: &[(u32, ItemStatus)]) -> Vec<StoredStatus> {
        let item = |(index, status): &(u32, ItemStatus)| StoredStatus {
            index: *index,
            status: *status,
            has_code: false,
        };
        items.iter().map(item).collect()
    }

    #[test]
    fn an_item_without_a_row_has_the_status_of_its_chunk() {
        use ItemStatus::{Amended, Cancelled, Failed, Pending, Success};
        let stored = stored(&[(1, Failed), (2, Failed), (5, Amended)]);
        let all: Vec<_> = all(&ranges(), &stored)
            .map(|item| (item.index, item.status))
            .collect();
        let expected = [Success, Failed, Failed, Pending, Cancelled, Amended];
        assert_eq!(all, (0..).zip(expected).collect::<Vec<_>>());
    }

    #[test]
    fn counts_add_up_to_every_item_of_each_chunk() {
        let stored = [(0, ItemStatus::Dropped, 1), (4, ItemStatus::Failed, 2)];
        let statuses = ItemStatuses::counted(ranges(), &stored);
        let expected = Counts {
            total: 6,
            success: 1,
            dropped: 1,
            pending: 2,
            failed: 2,
            ..Counts::default()
        };
        assert_eq!(statuses.counts(), expected);
        assert_eq!(statuses.count_in(0, Some(ItemStatus::Success)), Some(1));
        assert_eq!(statuses.count_in(2, None), Some(2));
        assert_eq!(statuses.count_in(3, None), None);
    }

    #[test]
    fn parts_that_are_counted_never_lie_in_two_chunks() {
        let of = |lengths: &[u32]| {
            let mut first_index = 0;
            let range = |item_count: &u32| {
                first_index += item_count;
                ChunkRange {
                    chunk_id: 1,
                    first_index: first_index - item_count,
                    item_count: *item_count,
                    state: ChunkState::Open,
                }
            };
            width(&lengths.iter().map(range).collect::<Vec<_>>())
        };
        let widths = [&[][..], &[7], &[5, 5, 3], &[5, 5, 5], &[3, 5], &[5, 4, 5]].map(of);
        assert_eq!(widths, [1, 7, 5, 5, 1, 1]);
    }

    #[test]
    fn only_what_was_made_has_the_id_reserved_for_it() {
        let statuses = ItemStatuses::counted(ranges(), &[]);
        let made = |index| statuses.without_row(index).map(|item| item.outcome.made_id);
        assert_eq!(made(1), Some(Some(7001)));
        assert_eq!(made(2), Some(None));
        assert_eq!(made(4), Some(None));
        assert_eq!(made(6), None, "the run has no such item");
    }

    #[test]
    fn a_second_try_keeps_what_was_made_and_leaves_corrected_items_out() {
        use ItemStatus::{Amended, Failed, Pending, Success};
        let rows = [
            (0, 7, Failed),
            (2, 8, Amended),
            (3, 8, Pending),
            (4, 99, Failed),
        ];
        let stored = rows.map(|(index, chunk_id, status)| Stored {
            index,
            chunk_id,
            status,
            made_id: None,
            notice: (status == Amended).then(|| "N".to_owned()),
        });
        let split = ItemStatuses::counted(ranges(), &[]).split(&stored);
        let kept = vec![
            (1, Success, Some(7001), None),
            (2, Amended, None, Some("N".to_owned())),
        ];
        let failed = vec![0];
        assert_eq!(split, SplitItems { failed, kept });
    }
}
