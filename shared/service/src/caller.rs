//! The caller of a request and the tasks that it names.

use task_store::tasks::TaskSelector;
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
    /// Returns the station, where there is one.
    #[must_use]
    pub const fn station(&self) -> Option<&StationId> {
        match self {
            Self::Station(station) => Some(station),
            Self::Unbound => None,
        }
    }

    /// Returns the station.
    ///
    /// # Errors
    /// `PARAM_MISSING` for a trusted caller that named none.
    pub fn required_station(&self) -> Result<&StationId> {
        self.station().ok_or_else(|| Error::missing("station_id"))
    }

    /// Tells whether data of `station` may be seen or touched.
    #[must_use]
    pub fn may_access(&self, station: &StationId) -> bool {
        self.station().is_none_or(|own| own == station)
    }
}

/// The ids by which a call names a task: at least one. All of them must name the same row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskReference {
    /// The key.
    pub task_id: Option<TaskId>,
    /// The caller's own id.
    pub user_task_id: Option<UserTaskId>,
    /// The parameter `task_id` as the caller's own id: the front service takes both under this name.
    pub task_id_as_user: Option<UserTaskId>,
    /// The station the task must belong to, where the call names one.
    pub station_id: Option<StationId>,
}

impl TaskReference {
    /// Names the task for the store, bound to the caller's station; `None` when its ids contradict each other.
    pub(crate) fn named<'a>(&'a self, caller: &'a Caller) -> Option<TaskSelector<'a>> {
        let (key, own) = (self.task_id, self.user_task_id.as_ref());
        let named = match (&self.task_id_as_user, own) {
            // The caller's own id under both names: what key it may be does not matter.
            (Some(as_user), Some(own)) if as_user == own => Some(own.into()),
            (Some(as_user), None) => {
                Some(key.map_or_else(|| as_user.into(), |key| TaskSelector::either(key, as_user)))
            }
            (Some(_), Some(_)) if key.is_none() => None,
            _ => TaskSelector::new(key, own),
        };
        Some(named?.at(self.station_id.as_ref()).at(caller.station()))
    }
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
