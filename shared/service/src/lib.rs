//! The use-cases: tasks, the batch engine, orders, and the queue that wakes the workers. No Lambda in here.

mod caller;
mod error;

pub use caller::{Caller, TaskReference};
pub use error::{Error, Result, Word};
pub use task_store as store;
