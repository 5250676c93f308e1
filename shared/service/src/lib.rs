//! The use-cases: tasks, the batch engine and its jobs, and the queue that wakes the workers. No Lambda in here.

pub mod async_tasks;
pub mod batch;
mod caller;
mod error;
pub mod failpoints;
pub mod jobs;
pub mod metrics;
pub mod orders;
pub mod prices;
pub mod queue;
pub mod reference;
pub mod secrets;
pub mod sqs;
pub mod tasks;
pub mod trace;

pub use caller::{Caller, TaskReference};
pub use error::{Error, ErrorCode, Result};
