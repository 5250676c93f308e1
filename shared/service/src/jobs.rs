//! Every kind of batch there is. A new job adds its line here.

use task_store::batches::Batch;
use task_store::{Result, StoreError};

use crate::batch::JobKind;
use crate::orders::ORDER_IMPORT;
use crate::prices::PRICE_CHANGE;

/// The kinds of batches that this version can read and finish.
pub static KINDS: &[&JobKind] = &[&ORDER_IMPORT, &PRICE_CHANGE];

/// What kind of batch it is.
pub fn kind_of(batch: &Batch) -> Result<&'static JobKind> {
    let found = KINDS.iter().find(|kind| kind.name == batch.job);
    found.copied().ok_or(StoreError::Unreadable("job"))
}
