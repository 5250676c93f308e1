//! The use-cases: tasks, the jobs that the batch engine works, and the queue that wakes the workers. No Lambda in here.

pub mod async_tasks;
pub mod batches;
pub mod callbacks;
mod caller;
mod error;
pub mod housekeeping;
mod https;
pub mod items;
pub mod jobs;
pub mod orders;
pub mod prices;
pub mod push;
pub mod reference;
pub mod retention;
pub mod secrets;
mod signed;
pub mod sqs;
pub mod sweep;
pub mod targets;
pub mod tasks;
pub mod trace;

pub use caller::{Caller, TaskReference};
pub use error::{Error, ErrorCode, Result};
