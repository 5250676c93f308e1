//! Which station a call belongs to.
//!
//! The authorizer's claim decides wherever there is one. Without it, a deployment that trusts its callers takes the
//! header `X-Station-Id` or the parameter `station_id`; any other refuses, whatever the call names.

use task_service::{Caller, Error, ErrorCode, Result};
use task_store::StationId;

use super::event::Claim;
use crate::{StationSource, parameters::shown};

/// Returns the station of the authorizer's claim. One that is no station id is worth as little as none, but never
/// "unbound".
pub(super) fn claimed(claim: Option<&Claim>) -> Result<Option<StationId>> {
    let station = |claim: &Claim| match claim {
        Claim::Text(text) => StationId::parse(text),
        Claim::True | Claim::Other => None,
    };
    claim
        .map(|claim| station(claim).ok_or_else(forbidden))
        .transpose()
}

/// Returns the station of a call without a claim.
pub(super) fn named(
    source: StationSource,
    header: Option<&str>,
    parameter: impl FnOnce() -> Result<Option<StationId>>,
) -> Result<Caller> {
    if source == StationSource::Claim {
        return Err(forbidden());
    }
    let header = header.map(|header| {
        StationId::parse(header).ok_or_else(|| {
            Error::refused(
                ErrorCode::ParamInvalid,
                format!("header X-Station-Id is no station: {}", shown(header)),
            )
        })
    });
    match (header.transpose()?, parameter()?) {
        (Some(header), Some(parameter)) if header != parameter => Err(Error::invalid(
            "station_id",
            &format!("is {parameter}, but header X-Station-Id is {header}"),
        )),
        (Some(station), _) | (None, Some(station)) => Ok(Caller::Station(station)),
        (None, None) => Ok(Caller::Unbound),
    }
}

fn forbidden() -> Error {
    Error::refused(ErrorCode::Forbidden, "the caller's token names no station")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted(header: Option<&str>, parameter: Option<&str>) -> Result<Caller> {
        named(StationSource::Trusted, header, || {
            Ok(parameter.and_then(StationId::parse))
        })
    }

    fn station(id: &str) -> Caller {
        Caller::Station(StationId::parse(id).unwrap())
    }

    #[test]
    fn without_a_claim_a_call_is_refused_whatever_it_names() {
        let outcome = named(StationSource::Claim, Some("T1"), || {
            Ok(StationId::parse("T1"))
        });
        assert_eq!(outcome.unwrap_err().code(), ErrorCode::Forbidden);
    }

    #[test]
    fn a_claim_that_is_no_station_is_refused_and_never_unbound() {
        let texts = ["", "a b", &"x".repeat(17)].map(|text| Claim::Text(text.to_owned()));
        for claim in texts.iter().chain([&Claim::Other]) {
            assert_eq!(
                claimed(Some(claim)).unwrap_err().code(),
                ErrorCode::Forbidden,
                "{claim:?}"
            );
        }
        assert_eq!(claimed(None).unwrap(), None);
    }

    #[test]
    fn a_trusted_caller_names_its_station_by_header_or_parameter_or_not_at_all() {
        assert_eq!(trusted(Some("T1"), None).unwrap(), station("T1"));
        assert_eq!(trusted(None, Some("T1")).unwrap(), station("T1"));
        assert_eq!(trusted(Some("T1"), Some("T1")).unwrap(), station("T1"));
        assert_eq!(trusted(None, None).unwrap(), Caller::Unbound);
    }

    #[test]
    fn naming_two_stations_is_refused_and_both_are_shown() {
        let error = trusted(Some("T1"), Some("T2")).unwrap_err();
        assert_eq!(error.code(), ErrorCode::ParamInvalid);
        assert!(
            error.to_string().contains("T1") && error.to_string().contains("T2"),
            "{error}"
        );
    }

    #[test]
    fn a_header_that_is_no_station_is_refused() {
        assert_eq!(
            trusted(Some("a b"), None).unwrap_err().code(),
            ErrorCode::ParamInvalid
        );
    }
}
