//! On whose behalf a call is made.

use task_store::StationId;

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

    /// Whether data of `station` may be seen or touched.
    #[must_use]
    pub fn may_access(&self, station: &StationId) -> bool {
        self.station().is_none_or(|own| own == station)
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
