//! Reading identifiers, and the "either id" rule: a task is named by its key, by the caller's own id, or by both.

use task_service::{Error, ErrorCode, Result, tasks::TaskReference};
use task_store::{StationId, TaskId, UserTaskId};

use super::{Parameter, Parameters, shown};
use crate::telemetry;

impl Parameter<'_> {
    /// Reads the key of a task.
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

    /// Reads the caller's own id of a task.
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

    /// Reads a list of ids.
    fn identifiers(self, max: usize) -> Result<Vec<UserTaskId>> {
        let wrong = |text: &str| self.invalid(&format!("holds {}, which is no id", shown(text)));
        let items = self.items(max)?;
        items
            .iter()
            .map(|text| UserTaskId::parse(text).ok_or_else(|| wrong(text)))
            .collect()
    }

    /// Reads a station.
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
    /// Reads either id as `/task/*` takes it: `task_id` is a key, `user_task_id` the caller's own id, of a station where
    /// `station_id` is there.
    pub fn task(&self) -> Result<TaskReference> {
        self.check_named()?;
        Ok(TaskReference {
            task_id: self.optional("task_id", Parameter::task_id)?,
            user_task_id: self.optional("user_task_id", Parameter::user_task_id)?,
            task_id_as_user: None,
            station_id: self.optional("station_id", Parameter::station_id)?,
        })
    }

    /// Reads either id as `/async_task/*` and `/station/*` take it: `task_id` may also hold the caller's own id.
    pub fn front_task(&self) -> Result<TaskReference> {
        self.check_named()?;
        let user_task_id = self.optional("user_task_id", Parameter::user_task_id)?;
        // A key is made of characters that the caller's own id may have, too.
        let task_id_as_user = self.optional("task_id", Parameter::user_task_id)?;
        let task_id = task_id_as_user
            .as_ref()
            .and_then(|id| TaskId::parse(id.as_str()));
        if let Some(id) = &task_id {
            telemetry::note_task(id);
        }
        Ok(TaskReference {
            task_id,
            user_task_id,
            task_id_as_user,
            station_id: None,
        })
    }

    /// Reads several tasks: `task_ids` and `user_task_ids`, lists of at most `max` each, beside or instead
    /// of the single ids.
    pub fn front_tasks(&self, max: usize) -> Result<Vec<TaskReference>> {
        let list = |name| self.optional(name, |ids: Parameter<'_>| ids.identifiers(max));
        let keys = list("task_ids")?.unwrap_or_default();
        let own = list("user_task_ids")?.unwrap_or_default();
        let by_either = keys.into_iter().map(|id| TaskReference {
            task_id: TaskId::parse(id.as_str()),
            task_id_as_user: Some(id),
            ..TaskReference::default()
        });
        let by_own = own.into_iter().map(|id| TaskReference {
            user_task_id: Some(id),
            ..TaskReference::default()
        });
        let mut tasks: Vec<_> = by_either.chain(by_own).collect();
        if tasks.is_empty() || self.has("task_id") || self.has("user_task_id") {
            tasks.push(self.front_task()?);
        }
        Ok(tasks)
    }

    fn check_named(&self) -> Result<()> {
        let named = self.has("task_id") || self.has("user_task_id");
        named.then_some(()).ok_or_else(|| {
            Error::refused(
                ErrorCode::ParamMissing,
                "parameter task_id or user_task_id is missing",
            )
        })
    }
}
