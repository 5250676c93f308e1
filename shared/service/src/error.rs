//! The error of a use-case, and the error codes of the contract.

use serde_json::value::{RawValue, to_raw_value};
use task_engine::SubmitError;
use task_store::{StoreError, UnitError};

/// The stable code of a refusal (`error` in the envelope). Clients switch on them: never rename one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// A mandatory parameter is absent.
    ParamMissing,
    /// A parameter has the wrong shape, length or value.
    ParamInvalid,
    /// The task does not exist, or is another station's.
    TaskNotFound,
    /// The same `user_task_id` with other content.
    TaskConflict,
    /// The task is finished and not repeatable.
    TaskNotRepeatable,
    /// The task is finished.
    TaskFinished,
    /// A worker holds the task.
    TaskHeld,
    /// The task may not run yet: delayed, paused, or at its queue's cap.
    TaskNotDue,
    /// Another run of the task has begun since, or the run named was never there.
    RunStale,
    /// The change would make the result larger than it may be.
    ResultTooLarge,
    /// `field` names something that may not be updated.
    FieldNotAllowed,
    /// The JSON path does not parse.
    PathInvalid,
    /// The JSON path leads nowhere in the document.
    PathNotFound,
    /// More items than one batch may have.
    BatchTooLarge,
    /// A batch with no item.
    BatchEmpty,
    /// The operating cycle does not exist, or is another station's.
    CycleNotFound,
    /// The operating cycle takes no orders now.
    CycleClosed,
    /// The batch has no (failed) order of this number or index.
    OrderNotFound,
    /// The caller may not do this.
    Forbidden,
    /// A temporary fault on our side.
    SystemBusy,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 20] = [
        Self::ParamMissing,
        Self::ParamInvalid,
        Self::TaskNotFound,
        Self::TaskConflict,
        Self::TaskNotRepeatable,
        Self::TaskFinished,
        Self::TaskHeld,
        Self::TaskNotDue,
        Self::RunStale,
        Self::ResultTooLarge,
        Self::FieldNotAllowed,
        Self::PathInvalid,
        Self::PathNotFound,
        Self::BatchTooLarge,
        Self::BatchEmpty,
        Self::CycleNotFound,
        Self::CycleClosed,
        Self::OrderNotFound,
        Self::Forbidden,
        Self::SystemBusy,
    ];

    /// Returns its word in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ParamMissing => "PARAM_MISSING",
            Self::ParamInvalid => "PARAM_INVALID",
            Self::TaskNotFound => "TASK_NOT_FOUND",
            Self::TaskConflict => "TASK_CONFLICT",
            Self::TaskNotRepeatable => "TASK_NOT_REPEATABLE",
            Self::TaskFinished => "TASK_FINISHED",
            Self::TaskHeld => "TASK_HELD",
            Self::TaskNotDue => "TASK_NOT_DUE",
            Self::RunStale => "RUN_STALE",
            Self::ResultTooLarge => "RESULT_TOO_LARGE",
            Self::FieldNotAllowed => "FIELD_NOT_ALLOWED",
            Self::PathInvalid => "PATH_INVALID",
            Self::PathNotFound => "PATH_NOT_FOUND",
            Self::BatchTooLarge => "BATCH_TOO_LARGE",
            Self::BatchEmpty => "BATCH_EMPTY",
            Self::CycleNotFound => "CYCLE_NOT_FOUND",
            Self::CycleClosed => "CYCLE_CLOSED",
            Self::OrderNotFound => "ORDER_NOT_FOUND",
            Self::Forbidden => "FORBIDDEN",
            Self::SystemBusy => "SYSTEM_BUSY",
        }
    }

    /// Returns the envelope's `code`: 1 refused, 2 try again later.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::SystemBusy => 2,
            _ => 1,
        }
    }
}

/// The reason why a use-case did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request was refused; nothing was changed.
    #[error("{}: {message}", code.as_str())]
    Refused {
        /// The code.
        code: ErrorCode,
        /// A sentence a person can act on: names the parameter, the limit, the value seen.
        message: String,
        /// Data that the caller may need all the same (the row of a finished task).
        data: Option<Box<RawValue>>,
    },
    /// The database failed, or refuses a value; nothing was half-done.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// Makes a refusal without data.
    pub fn refused(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Refused {
            code,
            message: message.into(),
            data: None,
        }
    }

    /// Returns the text that a log may hold: of a database's fault its kind, which names no value.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Store(fault) => fault.kind(),
            Self::Refused { .. } => self.to_string(),
        }
    }

    /// Makes a refusal with data that the caller may need all the same.
    pub fn with_data(
        code: ErrorCode,
        message: impl Into<String>,
        data: &impl serde::Serialize,
    ) -> Self {
        Self::Refused {
            code,
            message: message.into(),
            data: to_raw_value(data).ok(),
        }
    }

    /// Returns `PARAM_MISSING` for a parameter.
    #[must_use]
    pub fn missing(parameter: &str) -> Self {
        Self::refused(
            ErrorCode::ParamMissing,
            format!("parameter {parameter} is missing"),
        )
    }

    /// Returns `PARAM_INVALID` for a parameter, with the rule that it breaks.
    #[must_use]
    pub fn invalid(parameter: &str, wrong: &str) -> Self {
        Self::refused(
            ErrorCode::ParamInvalid,
            format!("parameter {parameter} {wrong}"),
        )
    }

    /// Returns the code of the answer.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Refused { code, .. } => *code,
            Self::Store(fault) if fault.is_of_a_value() && !fault.is_duplicate_key() => {
                ErrorCode::ParamInvalid
            }
            Self::Store(_) => ErrorCode::SystemBusy,
        }
    }
}

impl From<SubmitError> for Error {
    fn from(refused: SubmitError) -> Self {
        let code = match &refused {
            SubmitError::Empty => ErrorCode::BatchEmpty,
            SubmitError::TooLarge { .. } => ErrorCode::BatchTooLarge,
            SubmitError::IdTaken(_)
            | SubmitError::IdTakenElsewhere(_)
            | SubmitError::IdPurged(_)
            | SubmitError::InFlight { .. } => ErrorCode::TaskConflict,
            SubmitError::Closed(_) => ErrorCode::CycleClosed,
            SubmitError::Store(_) => ErrorCode::SystemBusy,
        };
        match refused {
            SubmitError::Store(fault) => Self::Store(fault),
            refused => Self::refused(code, refused.to_string()),
        }
    }
}

impl UnitError for Error {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(fault) => Some(fault),
            Self::Refused { .. } => None,
        }
    }

    fn map_store(self, change: impl FnOnce(StoreError) -> StoreError) -> Self {
        match self {
            Self::Store(fault) => Self::Store(change(fault)),
            refused @ Self::Refused { .. } => refused,
        }
    }
}

/// The result of a use-case.
pub type Result<T> = std::result::Result<T, Error>;
