//! The batch engine: accept, announce, claim, fence, commit, finish, sweep. It knows nothing of orders; a kind of
//! batch is a [`BatchJob`].

mod announce;
mod cancel;
mod counts;
mod finish;
mod job;
mod payload;
mod report;
mod settings;
mod submit;
mod view;
mod work;
mod worker;

pub use announce::{announce, announce_due, finish_abandoned};
pub use cancel::cancel;
pub use counts::Counts;
pub use finish::finish_if_done;
pub(crate) use finish::refresh;
pub use job::{BatchJob, Item, ItemError, JobKind, Prepared};
pub(crate) use payload::minified;
pub use report::{Selection, read, selected_total};
pub use settings::{Dispatcher, Settings};
pub use submit::{Submission, Submitted, submit};
pub use view::{ItemView, Reasons, Sent};
pub use work::{Unworked, work};
