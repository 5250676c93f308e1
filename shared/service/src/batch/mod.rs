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
mod members;
mod payload;
mod refused;
mod report;
mod resubmit;
mod result;
mod runs;
mod select;
mod sent;
mod settings;
mod standing;
mod submit;
mod sweep;
mod view;
mod work;
mod worker;

pub use announce::announce;
pub use bury::bury;
pub use cancel::cancel;
pub use counts::Counts;
pub use csv::csv;
pub use deadline::Deadline;
pub use finish::finish_if_done;
pub(crate) use finish::refresh;
pub use job::{BatchJob, Identity, Item, ItemError, JobKind, KEPT_ERRORS, MadeAs, Prepared};
pub use payload::{MAX_ITEM_BYTES, Payload};
pub(crate) use payload::{minified, unkept_bytes};
pub use report::{Page, Pagination, read};
pub use result::{BatchReport, result};
pub use runs::{EarlierRun, earlier_runs};
pub use select::ItemPage;
pub(crate) use sent::{portions, sent_as};
pub use settings::{Dispatcher, Settings};
pub use submit::{Submission, submit};
pub use sweep::{Swept, sweep};
pub use view::{ItemView, Made, Notice, Reasons, Sent};
pub use work::{Shift, Unworked, work};
