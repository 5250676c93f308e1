//! What is wrong with one order: the first faults, and how many there are.

use std::ops::Deref;

use super::fault::Fault;
use crate::batch::{KEPT_ERRORS, Prepared};

/// Collects faults of one order. It keeps the first [`KEPT_ERRORS`] and counts the rest, so that an order of junk takes
/// no more room than any other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    first: Vec<Fault>,
    count: usize,
}

impl Faults {
    /// Adds a fault.
    pub fn push(&mut self, fault: Fault) {
        self.count += 1;
        if self.first.len() < KEPT_ERRORS {
            self.first.push(fault);
        }
    }

    /// How many there are, those that are not kept included.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }
}

impl Deref for Faults {
    type Target = [Fault];

    fn deref(&self) -> &[Fault] {
        &self.first
    }
}

impl IntoIterator for Faults {
    type Item = Fault;
    type IntoIter = std::vec::IntoIter<Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter()
    }
}

impl<W> From<Faults> for Prepared<W> {
    fn from(faults: Faults) -> Self {
        Self::Refused {
            errors: faults.first.into_iter().map(Into::into).collect(),
            count: faults.count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_twenty_faults_are_kept_and_all_are_counted() {
        let mut faults = Faults::default();
        assert!(faults.is_empty());
        for _ in 0..1_000 {
            faults.push(Fault::cancelled());
        }
        assert_eq!((faults.len(), faults.count()), (20, 1_000));
    }
}
