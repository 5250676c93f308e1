//! Ending a batch: when its last chunk is done, or because it is closed.

mod batch;
mod cancel;

pub(crate) use batch::{Within, finish_within};
pub use batch::{finish_if_done, refresh, tell};
pub use cancel::cancel;
