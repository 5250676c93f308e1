//! Accepting a batch: cut it into chunks, store it in one transaction, then announce the chunks.

mod payload;
mod resubmit;
mod retry;
mod submission;
mod submit;

pub use payload::{MAX_ITEM_BYTES, Payload, minified, unkept_bytes};
pub use retry::retry_failed;
pub use submission::{Submission, SubmitError};
pub use submit::submit;
