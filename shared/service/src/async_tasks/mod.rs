//! Tasks as station staff see them: the list, one task in detail, closing.

mod close;
mod detail;
mod list;

pub use close::close;
pub use detail::{Detail, detail};
pub use list::{TaskList, TaskListRequest, list};
