//! Who says which person calls: the deployment's word on stations, and the names of the claims in its tokens.

use crate::StationSource;
use crate::configuration::{ConfigurationError, Environment, FromEnvironment};
use crate::variables::{NAME_CLAIM, OPERATOR_CLAIM, STATION_CLAIM, Variable};

/// The source of a call's station and person (`STATION_SOURCE`, `STATION_CLAIM`, `OPERATOR_CLAIM` and `NAME_CLAIM`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callers {
    /// Who says which station calls.
    pub station_source: StationSource,
    /// The claim with the person's station.
    pub station: String,
    /// The claim that makes a person an operator: `true`.
    pub operator: String,
    /// The claim with the person's name.
    pub name: String,
}

impl FromEnvironment for Callers {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let claim = |Variable { name, default }| {
            let claim = environment.text(name).unwrap_or(default);
            let is_plain = claim.len() <= 128 && claim.chars().all(|c| c.is_ascii_graphic());
            let wrong =
                || ConfigurationError::new(name, format!("is no name of a claim: {claim:?}"));
            is_plain.then(|| claim.to_owned()).ok_or_else(wrong)
        };
        Ok(Self {
            station_source: StationSource::from_environment(environment)?,
            station: claim(STATION_CLAIM)?,
            operator: claim(OPERATOR_CLAIM)?,
            name: claim(NAME_CLAIM)?,
        })
    }
}

#[cfg(test)]
impl Callers {
    /// Makes the callers of a deployment whose claims have their default names.
    pub(crate) fn of(station_source: StationSource) -> Self {
        let callers = Self::from_environment(&Environment::default());
        Self {
            station_source,
            ..callers.unwrap()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_have_names_of_their_own_where_the_deployment_gives_them() {
        let environment =
            Environment::from([("STATION_CLAIM", "custom:station"), ("NAME_CLAIM", "")]);
        let callers = Callers::from_environment(&environment).unwrap();
        let names = [&callers.station, &callers.operator, &callers.name];
        assert_eq!(names, ["custom:station", "operator", "name"]);
        let bad =
            Callers::from_environment(&Environment::from([("OPERATOR_CLAIM", "is operator")]));
        assert!(bad.unwrap_err().to_string().contains("OPERATOR_CLAIM"));
    }
}
