//! The engine of batches: accept, announce, claim, fence, commit, finish, sweep, count, page.
//!
//! Knows neither orders nor prices, neither HTTP nor Lambda nor the AWS SDK. A kind of batch is a [`BatchJob`] and a
//! [`JobKind`], the queue is a [`Queue`]: all of them are given to it as arguments.

mod accept;
mod announce;
mod deadline;
mod elements;
pub mod failpoints;
mod finish;
mod item_error;
mod job;
pub mod metrics;
mod page_request;
mod queue;
mod read;
mod settings;
mod sweep;
mod work;

pub use accept::{
    MAX_ITEM_BYTES, Payload, Submission, SubmitError, minified, retry_failed, submit, unkept_bytes,
};
pub use announce::announce;
pub use deadline::Deadline;
pub use elements::Elements;
pub use finish::{cancel, finish_if_done, refresh, tell};
pub use item_error::{ItemError, ItemErrors, KEPT_ERRORS, shown};
pub use job::{BatchJob, Identity, Item, JobKind, JobKinds, MadeKind, Prepared, ReadMade};
pub use page_request::{NextPage, PageRequest, Pagination};
pub use queue::{ChunkMessage, Queue};
pub use read::{
    Counts, EarlierRun, ItemPage, ItemRequest, ItemStatuses, ItemView, Made, Notice, Reasons, Sent,
    SentAs, earlier_runs, portions, read, sent_as,
};
pub use settings::{Dispatcher, Settings};
pub use sweep::{Swept, sweep};
pub use work::{Invocation, Unworked, handle_dead_letter, work};
