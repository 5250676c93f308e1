//! Tasks as station staff see them: the list, one task in detail, closing, trying again; and what operators see of all.

mod close;
mod dead_letters;
mod deliveries;
mod detail;
mod list;
mod overview;
mod retry;

pub use close::close;
pub use dead_letters::{DeadLetterView, DeadLetters, list as dead_letters};
pub use deliveries::{Deliveries, DeliveriesOf, DeliveryListRequest, list as deliveries};
pub use detail::{Detail, detail};
pub use list::{OrderedBy, TaskList, TaskListRequest, list};
pub use overview::{Overview, overview};
pub use retry::retry;
