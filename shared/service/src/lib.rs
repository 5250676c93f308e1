//! The use-cases: tasks, the batch engine, orders, and the queue that wakes the workers. No Lambda in here.

mod error;
pub mod orders;

pub use error::{Error, Result, Word};
pub use task_store as store;
