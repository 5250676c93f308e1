//! The outcome of an item that was refused.

use task_store::items::{ItemStatus, Outcome};

use crate::item_error::ItemError;

/// Builds the outcome of an item that was refused for these and, up to `count`, more errors.
pub(super) fn refused(index: u32, errors: &[ItemError], count: usize) -> Outcome {
    Outcome {
        index,
        status: ItemStatus::Failed,
        made_id: None,
        code: errors.first().map(|error| error.code.to_owned()),
        error_count: u32::try_from(count).ok(),
        errors: serde_json::to_string(errors).ok(),
    }
}
