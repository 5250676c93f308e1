//! The local development stack: the real functions behind a real Lambda runtime API, real MySQL and an SQS
//! emulator, on one machine, without Docker, root or an AWS account. Nothing of it is deployed.
//!
//! `make run` and the black-box tests start the same [`Stack`].

mod api;
mod baskets;
mod commands;
mod config;
mod consumer;
pub mod database;
mod dates;
mod documentation;
mod error;
mod event_source;
mod front;
mod guard;
mod import;
mod instance;
mod invoker;
mod parts;
mod pool;
mod process;
mod progress;
mod project;
mod queue;
mod queue_urls;
mod stack;
mod table;
mod target_secrets;
mod wait;

pub use commands::{dispatch, import_demo};
pub use config::{StackConfig, built_programs, project_root};
pub use consumer::TaskQueue;
pub use error::{LocalError, Result};
pub use pool::Pool;
pub use project::{Project, Queue, Route};
pub use queue::QueueDepth;
pub use stack::Stack;
