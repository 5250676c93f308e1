//! Reading identifiers, and the "either id" rule: a task is named by its key, by the caller's own id, or by both.

use std::borrow::Cow;

use task_service::{
    Error, Result, Word,
    store::{StationId, TaskId, UserTaskId},
    tasks::TaskRef,
};

use super::{Parameter, Parameters, shown};
use crate::telemetry;

/// How a call to the front service names a task. At least one is there; both must name the same row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontTask<'p> {
    /// A key, or the caller's own id: looked up as a key first when it can be one.
    pub task_id: Option<Cow<'p, str>>,
    /// The caller's own id.
    pub user_task_id: Option<UserTaskId>,
}

impl<'p> Parameter<'p> {
    /// The key of a task.
    pub fn task_id(self) -> Result<TaskId> {
        let text = self.scalar()?;
        let id = TaskId::parse(&text).ok_or_else(|| {
            self.invalid(&format!(
                "must be a whole number from 1 to {}, not {}",
                i64::MAX,
                shown(&text)
            ))
        })?;
        telemetry::note_task(&id);
        Ok(id)
    }

    /// The caller's own id of a task.
    pub fn user_task_id(self) -> Result<UserTaskId> {
        let text = self.scalar()?;
        let id = UserTaskId::parse(&text).ok_or_else(|| {
            let max = UserTaskId::MAX;
            self.invalid(&format!(
                "must be 1 to {max} of the characters A-Z a-z 0-9 . _ : -, not {}",
                shown(&text)
            ))
        })?;
        telemetry::note_user_task(&id);
        Ok(id)
    }

    /// What the front service takes as `task_id`: a key or the caller's own id.
    pub fn front_task_id(self) -> Result<Cow<'p, str>> {
        // A key is made of characters that the caller's own id may have, too.
        self.user_task_id()?;
        let text = self.scalar()?;
        if let Some(id) = TaskId::parse(&text) {
            telemetry::note_task(&id);
        }
        Ok(text)
    }

    /// A station.
    pub fn station_id(self) -> Result<StationId> {
        let text = self.scalar()?;
        StationId::parse(&text).ok_or_else(|| {
            let max = StationId::MAX;
            self.invalid(&format!(
                "must be 1 to {max} characters without blanks, not {}",
                shown(&text)
            ))
        })
    }
}

impl Parameters<'_> {
    /// "Either id" as `/task/*` takes it: `task_id` is a key, `user_task_id` the caller's own id.
    pub fn task(&self) -> Result<TaskRef> {
        self.check_named()?;
        Ok(TaskRef {
            task_id: self.optional("task_id", Parameter::task_id)?,
            user_task_id: self.optional("user_task_id", Parameter::user_task_id)?,
        })
    }

    /// "Either id" as `/async_task/*` and `/station/*` take it: `task_id` may also hold the caller's own id.
    pub fn front_task(&self) -> Result<FrontTask<'_>> {
        self.check_named()?;
        Ok(FrontTask {
            task_id: self.optional("task_id", Parameter::front_task_id)?,
            user_task_id: self.optional("user_task_id", Parameter::user_task_id)?,
        })
    }

    fn check_named(&self) -> Result<()> {
        let named = self.has("task_id") || self.has("user_task_id");
        named.then_some(()).ok_or_else(|| {
            Error::refused(
                Word::ParamMissing,
                "parameter task_id or user_task_id is missing",
            )
        })
    }
}
