//! The number of a batch's items with each outcome.

use serde::{Deserialize, Serialize};
use task_store::items::ItemStatus;

/// Counts the items of a batch by their outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// All of them.
    pub total: u32,
    /// Without an outcome yet.
    pub pending: u32,
    /// Made.
    pub success: u32,
    /// Refused.
    pub failed: u32,
    /// Made by hand.
    pub amended: u32,
    /// Given up by a person.
    pub dropped: u32,
    /// Closed before they were worked.
    pub cancelled: u32,
}

impl Counts {
    /// Counts more items.
    pub(super) const fn add(&mut self, status: ItemStatus, number: u32) {
        self.total += number;
        *self.of_status_mut(status) += number;
    }

    /// Counts items with another status than before.
    pub(super) const fn change(&mut self, from: ItemStatus, to: ItemStatus, number: u32) {
        let before = self.of_status_mut(from);
        *before = before.saturating_sub(number);
        *self.of_status_mut(to) += number;
    }

    /// Adds two counts up.
    pub(super) fn sum(mut self, other: &Self) -> Self {
        for status in ItemStatus::ALL {
            self.add(status, other.of_status(Some(status)));
        }
        self
    }

    const fn of_status_mut(&mut self, status: ItemStatus) -> &mut u32 {
        match status {
            ItemStatus::Pending => &mut self.pending,
            ItemStatus::Success => &mut self.success,
            ItemStatus::Failed => &mut self.failed,
            ItemStatus::Amended => &mut self.amended,
            ItemStatus::Dropped => &mut self.dropped,
            ItemStatus::Cancelled => &mut self.cancelled,
        }
    }

    /// Answers how many items have a status; `None` for all of them.
    #[must_use]
    pub const fn of_status(&self, status: Option<ItemStatus>) -> u32 {
        match status {
            None => self.total,
            Some(ItemStatus::Pending) => self.pending,
            Some(ItemStatus::Success) => self.success,
            Some(ItemStatus::Failed) => self.failed,
            Some(ItemStatus::Amended) => self.amended,
            Some(ItemStatus::Dropped) => self.dropped,
            Some(ItemStatus::Cancelled) => self.cancelled,
        }
    }

    /// Tells whether a finished batch with these outcomes has items to try again: some failed, and nobody closed it.
    #[must_use]
    pub const fn may_be_retried(&self) -> bool {
        self.failed > 0 && self.cancelled == 0
    }

    /// Answers how a batch with these outcomes has ended. An item that a person gave up is wanted no more: it neither fails
    /// the batch nor keeps it from being a success.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        let made = self.success + self.amended;
        match () {
            () if self.cancelled > 0 => "cancelled",
            () if self.failed + self.pending == 0 => "success",
            // While a mended item is worked again, nobody knows yet.
            () if self.pending > 0 => "partial",
            () if made > 0 => "partial",
            () => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_ended_as_its_items_did() {
        let counts = |success, failed, cancelled| Counts {
            success,
            failed,
            cancelled,
            ..Counts::default()
        };
        assert_eq!(counts(3, 0, 0).outcome(), "success");
        assert_eq!(counts(3, 1, 0).outcome(), "partial");
        assert_eq!(counts(0, 1, 0).outcome(), "failed");
        assert_eq!(counts(3, 0, 1).outcome(), "cancelled");
        let dropped = |counts| Counts {
            dropped: 2,
            ..counts
        };
        assert_eq!(dropped(counts(0, 0, 0)).outcome(), "success");
        assert_eq!(dropped(counts(3, 1, 0)).outcome(), "partial");
        assert_eq!(dropped(counts(0, 1, 0)).outcome(), "failed");
        let mending = Counts {
            pending: 1,
            ..counts(3, 0, 0)
        };
        assert_eq!(
            mending.outcome(),
            "partial",
            "not a success before the mended item is made"
        );
    }
}
