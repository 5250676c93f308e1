//! MySQL data access: the only SQL of the project, the migrations and the connection guard.
//!
//! Knows nothing of AWS or Lambda. Every function takes a connection and runs one statement or a few that belong
//! together; transactions are opened by the service.

pub mod adopt;
pub mod again;
mod arguments;
pub mod batches;
pub mod call_places;
pub mod callbacks;
pub mod chunks;
pub mod codes;
mod compressed;
mod config;
mod connections;
mod database;
pub mod dead_letters;
pub mod deferrals;
mod error;
mod grant;
pub mod health;
mod ids;
pub mod inbox;
pub mod invocation;
pub mod items;
pub mod json;
pub mod keep;
pub mod made;
mod migrate;
pub mod order_head;
pub mod orders;
pub mod outbox;
pub mod overview;
pub mod parts;
pub mod payloads;
pub mod purge;
pub mod reference;
pub mod rework;
mod row;
pub mod schedules;
pub mod task_queues;
pub mod tasks;
#[cfg(feature = "testing")]
#[expect(
    clippy::expect_used,
    reason = "a test that cannot start should say so at once"
)]
pub mod testing;
mod time;
pub mod work;

pub use compressed::CompressedText;
pub use config::{DatabaseConfig, STATEMENT_CACHE};
pub use connections::Connection;
pub use database::{Database, UnitError};
pub use error::{Result, StoreError};
pub use grant::{RowUser, grant_rows};
pub use ids::{StationId, TaskId, UserTaskId};
pub use migrate::migrate;
pub use time::Moment;
