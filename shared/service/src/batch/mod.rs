//! The batch engine: accept, announce, claim, fence, commit, finish, sweep. It knows nothing of orders; a kind of
//! batch is a [`BatchJob`].

mod announce;
mod bury;
mod cancel;
mod counts;
mod csv;
mod deadline;
mod finish;
mod job;
mod payload;
mod report;
mod result;
mod settings;
mod standing;
mod submit;
mod view;
mod work;
mod worker;

pub use announce::{announce, announce_due, finish_abandoned};
pub use bury::bury;
pub use cancel::cancel;
pub use counts::Counts;
pub use csv::csv;
pub use deadline::Deadline;
pub use finish::finish_if_done;
pub(crate) use finish::refresh;
pub use job::{BatchJob, Identity, Item, ItemError, JobKind, Prepared};
pub use payload::Payload;
pub(crate) use payload::minified;
pub(crate) use report::sent_as;
pub use report::{ItemPage, Page, Pagination, read};
pub use result::{BatchReport, result};
pub use settings::{Dispatcher, Settings};
pub use submit::{Submission, submit};
pub use view::{ItemView, Made, Reasons, Sent};
pub use work::{Shift, Unworked, work};
