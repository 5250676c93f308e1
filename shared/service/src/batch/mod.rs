//! The batch engine: accept, announce, claim, fence, commit, finish, sweep. It knows nothing of orders; a kind of
//! batch is a [`BatchJob`].

mod announce;
mod counts;
mod finish;
mod job;
mod payload;
mod report;
mod settings;
mod submit;
mod view;
mod work;

pub use announce::{announce, announce_due, finish_abandoned};
pub use counts::Counts;
pub use finish::finish_if_done;
pub use job::{BatchJob, Item, ItemError, Prepared};
pub use report::{Selection, read, selected_total};
pub use settings::{Dispatcher, Settings};
pub use submit::{Submission, Submitted, submit};
pub use view::{ItemView, Reasons, Sent};
pub use work::{Unworked, work};
