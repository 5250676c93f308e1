//! The list of all kinds of batches. A new job adds its line here.

use task_engine::JobKinds;

use crate::orders::ORDER_IMPORT;
use crate::prices::PRICE_CHANGE;

/// The kinds of batches that this version can read and finish.
pub const KINDS: JobKinds = JobKinds(&[&ORDER_IMPORT, &PRICE_CHANGE]);
