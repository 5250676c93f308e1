//! The findings of a job about a chunk's items, and the pairs that are stored with a chunk.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use task_store::items::Outcome;
use task_store::{Result, StoreError};

use super::refused::refused;
use crate::job::{Item, Prepared};

/// Splits findings into the work to be written and the outcomes. Items that are made now get no outcome if it is `implied`
/// by their chunk's end.
pub(super) fn split_findings<W>(
    items: &[Item<'_>],
    prepared: Vec<Prepared<W>>,
    implied: bool,
) -> (Vec<W>, Vec<Outcome>) {
    let mut work = Vec::with_capacity(items.len());
    let mut outcomes = Vec::new();
    for (item, finding) in items.iter().zip(prepared) {
        outcomes.push(match finding {
            Prepared::Ready(ready) => {
                work.push(ready);
                if implied {
                    continue;
                }
                Outcome::made(item.index, item.reserved_id)
            }
            Prepared::Made { id, notice } => Outcome {
                code: notice.map(str::to_owned),
                ..Outcome::made(item.index, id)
            },
            Prepared::Refused(errors) => refused(item.index, &errors, errors.count()),
        });
    }
    (work, outcomes)
}

/// Reads pairs of an item's index and a number known about the item.
pub(super) fn pairs<T: DeserializeOwned>(stored: Option<&str>) -> Result<HashMap<u32, T>> {
    let pairs: Vec<(u32, T)> = match stored {
        Some(text) => serde_json::from_str(text).map_err(|_| StoreError::Unreadable("pairs"))?,
        None => Vec::new(),
    };
    Ok(pairs.into_iter().collect())
}
