//! What a call says about itself: on whose behalf it is made, and which task it names.

use task_store::{StationId, TaskId, UserTaskId};

use crate::error::{Error, Result};

/// The station a call is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Only this station's data may be seen or touched.
    Station(StationId),
    /// A trusted caller that named no station: the task, or the operating cycle, decides.
    Unbound,
}

impl Caller {
    /// The station, where there is one.
    #[must_use]
    pub const fn station(&self) -> Option<&StationId> {
        match self {
            Self::Station(station) => Some(station),
            Self::Unbound => None,
        }
    }

    /// The station.
    ///
    /// # Errors
    /// `PARAM_MISSING` for a trusted caller that named none.
    pub fn required_station(&self) -> Result<&StationId> {
        self.station().ok_or_else(|| Error::missing("station_id"))
    }

    /// Whether data of `station` may be seen or touched.
    #[must_use]
    pub fn may_access(&self, station: &StationId) -> bool {
        self.station().is_none_or(|own| own == station)
    }
}

/// How a call names one task. At least one of the ids is there; those that are must all name the same row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskReference {
    /// The key.
    pub task_id: Option<TaskId>,
    /// The caller's own id.
    pub user_task_id: Option<UserTaskId>,
    /// What the parameter `task_id` is read as when no task has it as its key, or when it is no key at all: the
    /// front service takes the caller's own id under this name too.
    pub task_id_as_user: Option<UserTaskId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_station_may_access_only_its_own_data_and_an_unbound_caller_any() {
        let [one, other] = ["T1", "T2"].map(|id| StationId::parse(id).unwrap());
        assert!(Caller::Station(one.clone()).may_access(&one));
        assert!(!Caller::Station(one).may_access(&other));
        assert!(Caller::Unbound.may_access(&other));
    }
}
