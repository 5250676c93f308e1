//! Reading a batch: the status of every item, counts, and pages of items with their outcomes.

mod counts;
mod item_statuses;
mod members;
mod page;
mod runs;
mod select;
mod sent;
mod view;

pub use counts::Counts;
pub use item_statuses::ItemStatuses;
pub(crate) use item_statuses::SplitItems;
pub(crate) use page::failed_briefs;
pub use page::{ItemPage, read};
pub(crate) use runs::ended;
pub use runs::{EarlierRun, earlier_runs};
pub use select::ItemRequest;
pub use sent::{SentAs, portions, sent_as};
pub use view::{ItemView, Made, Notice, Reasons, Sent};
