//! A batch as it is submitted, and why it may be refused.

use task_store::tasks::{IdScope, Labels};
use task_store::{StationId, StoreError, UnitError, UserTaskId};

use super::payload::Payload;

/// A batch as it was submitted.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// The caller's id for this batch: the idempotency key.
    pub user_task_id: &'a UserTaskId,
    /// The station whose batch it is.
    pub station: &'a StationId,
    /// The job's parameters, JSON text; kept with the batch.
    pub params: &'a str,
    /// The items.
    pub payload: &'a Payload,
    /// Labels of its task. A batch that is submitted again keeps those of its first submit; callback and days change where the new
    /// submit names them.
    pub labels: Labels<'a>,
    /// Where the caller's id is unique.
    pub scope: IdScope,
    /// The same items as before are asked to be worked again, all of them.
    pub rerun: bool,
    /// Why no batch is taken now, where that is so. A batch that was taken before is not refused for coming again.
    pub closed: Option<&'a str>,
}

/// Why a batch was not stored.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// It has no item.
    #[error("the list is empty: a batch has at least 1 item")]
    Empty,
    /// It has more items than a batch may have.
    #[error("the list has {count} items, a batch has at most {limit}: split it")]
    TooLarge {
        /// The items it has.
        count: u32,
        /// The most items of a batch.
        limit: u32,
    },
    /// Another task has the id.
    #[error("task_id {0} is taken by another task: choose another id")]
    IdTaken(UserTaskId),
    /// A task of another station has the id, where ids are unique over all stations.
    #[error("user_task_id {0} is taken by a task of another station: choose another id")]
    IdTakenElsewhere(UserTaskId),
    /// A task that was purged had the id.
    #[error(
        "task_id {0} was that of a task which has ended and was purged: nothing is made twice, choose another id"
    )]
    IdPurged(UserTaskId),
    /// The batch with the id is open and has other content.
    #[error(
        "task_id {id} is in flight with other content (status {status}): wait until it is finished, or choose another id"
    )]
    InFlight {
        /// The caller's id.
        id: UserTaskId,
        /// The task's status.
        status: u8,
    },
    /// No batch is taken now.
    #[error("{0}")]
    Closed(String),
    /// The database failed; nothing was half-done.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl UnitError for SubmitError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(fault) => Some(fault),
            _ => None,
        }
    }

    fn map_store(self, change: impl FnOnce(StoreError) -> StoreError) -> Self {
        match self {
            Self::Store(fault) => Self::Store(change(fault)),
            refused => refused,
        }
    }
}
