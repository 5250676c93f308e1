//! MySQL data access: the only SQL of the project, the migrations and the connection guard.
//!
//! Knows nothing of AWS or Lambda. Every function takes a connection and runs one statement or a few that belong
//! together; transactions are opened by the service.

mod error;
mod ids;

pub use error::{Result, StoreError};
pub use ids::{StationId, TaskId, UserTaskId};
