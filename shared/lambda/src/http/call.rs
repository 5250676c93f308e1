//! One call as a handler gets it: its parameters, who calls, and its id.

use task_service::{Caller, Error, ErrorCode, Result, tasks::IdScope};
use task_store::StationId;

use super::event::{Claim, Event};
use super::{body, station};
use crate::{Callers, Parameter, Parameters, StationSource, telemetry};

/// One HTTP call.
#[derive(Debug)]
pub struct Call {
    request_id: String,
    content_type: Option<String>,
    query: String,
    body: String,
    /// The rest of the event.
    event: Event,
    station_source: StationSource,
    station_claim: Option<Claim>,
    operator_claim: String,
    is_operator: bool,
    user_name: Option<String>,
}

impl Call {
    /// Takes over an event.
    ///
    /// # Errors
    /// `PARAM_INVALID` when the body is too large, is encoded in another way than it says, or is no UTF-8.
    pub(super) fn new(mut event: Event, request_id: &str, callers: &Callers) -> Result<Self> {
        let body = event.take_body();
        let body = body.map_err(|wrong| body::refused(&format!("is no text: {wrong}")))?;
        let headers = body::Headers {
            content_type: event.header("content-type"),
            content_encoding: event.header("content-encoding"),
        };
        let body = body::text(body, event.is_base64_encoded(), headers)?;
        Ok(Self {
            request_id: request_id.to_owned(),
            content_type: headers.inner_type().map(ToOwned::to_owned),
            station_claim: event.claim(&callers.station),
            operator_claim: callers.operator.clone(),
            is_operator: event
                .claim(&callers.operator)
                .is_some_and(|claim| claim.is_true()),
            user_name: event.claim(&callers.name).and_then(Claim::name),
            query: event.take_query(),
            body,
            event,
            station_source: callers.station_source,
        })
    }

    /// Merges query string and body.
    ///
    /// # Errors
    /// `PARAM_INVALID` when one of them does not parse.
    pub fn parameters(&self) -> Result<Parameters<'_>> {
        Parameters::parse(&self.query, self.content_type.as_deref(), &self.body)
    }

    /// Reads a handler's parameters and its caller, and lets go of the call: once a body of megabytes is cut, it need not
    /// be there twice.
    ///
    /// # Errors
    /// The errors of [`Call::parameters`], [`Call::caller`] and `read`.
    pub fn read<T>(
        self,
        read: impl FnOnce(&Self, &Parameters<'_>) -> Result<T>,
    ) -> Result<(T, Caller)> {
        let parameters = self.parameters()?;
        Ok((read(&self, &parameters)?, self.caller(&parameters)?))
    }

    /// Tells on whose behalf the call is made. An operator who names no station is bound to the own one or, without one, to none.
    ///
    /// # Errors
    /// `FORBIDDEN` when the deployment wants a claim and there is none; `PARAM_INVALID` when the header and the
    /// parameter name two stations.
    pub fn caller(&self, parameters: &Parameters<'_>) -> Result<Caller> {
        let caller = match station::claimed(self.station_claim.as_ref()) {
            _ if self.is_operator => self.operators_station(parameters)?,
            Err(refusal) => return Err(refusal),
            Ok(Some(station)) => Caller::Station(station),
            Ok(None) => self.named_station(self.station_source, parameters)?,
        };
        if let Some(station) = caller.station() {
            telemetry::note_station(station);
        }
        Ok(caller)
    }

    /// Returns the station whose entries a list shows; `None`: those of all stations.
    ///
    /// # Errors
    /// The errors of [`Call::caller`]; `FORBIDDEN` when a person of a station asks for all; `PARAM_MISSING` when a trusted
    /// caller names neither a station nor all.
    pub fn station_or_all(&self, parameters: &Parameters<'_>) -> Result<Option<StationId>> {
        let all = parameters.optional("all_stations", Parameter::flag)?;
        if all == Some(true) {
            self.operator()?;
            return Ok(None);
        }
        match self.caller(parameters)? {
            Caller::Station(station) => Ok(Some(station)),
            Caller::Unbound if self.is_operator => Ok(None),
            Caller::Unbound => Err(Error::refused(
                ErrorCode::ParamMissing,
                "parameter station_id is missing: name a station, or send all_stations=true",
            )),
        }
    }

    /// Checks that the caller is an operator. Where the deployment trusts its callers, a caller without a
    /// station claim counts as one.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub fn operator(&self) -> Result<()> {
        let is_trusted =
            self.station_source == StationSource::Trusted && self.station_claim.is_none();
        if self.is_operator || is_trusted {
            return Ok(());
        }
        let claim = &self.operator_claim;
        Err(Error::refused(
            ErrorCode::Forbidden,
            format!(
                "only operators may do this: the caller's token has no claim {claim} that is true"
            ),
        ))
    }

    /// Returns the station that an operator names by header or parameter; `None`: none, which means all.
    ///
    /// # Errors
    /// `FORBIDDEN` for anybody else.
    pub fn named_by_operator(&self, parameters: &Parameters<'_>) -> Result<Option<StationId>> {
        self.operator()?;
        let named = self.named_station(StationSource::Trusted, parameters)?;
        Ok(named.station().cloned())
    }

    fn operators_station(&self, parameters: &Parameters<'_>) -> Result<Caller> {
        let named = self.named_station(StationSource::Trusted, parameters)?;
        let own = || station::claimed(self.station_claim.as_ref()).ok().flatten();
        Ok(match named {
            Caller::Unbound => own().map_or(Caller::Unbound, Caller::Station),
            named @ Caller::Station(_) => named,
        })
    }

    fn named_station(&self, source: StationSource, parameters: &Parameters<'_>) -> Result<Caller> {
        station::named(source, self.header("x-station-id"), || {
            parameters.optional("station_id", Parameter::station_id)
        })
    }

    /// Returns another system as the caller, which is bound to no station.
    ///
    /// # Errors
    /// `FORBIDDEN` when the deployment trusts the gateway only and that has not checked a signature.
    pub fn system(&self) -> Result<Caller> {
        if self.station_source == StationSource::Claim && !self.event.is_signed() {
            return Err(Error::refused(
                ErrorCode::Forbidden,
                "only other systems may call this, by signed requests",
            ));
        }
        Ok(Caller::Unbound)
    }

    /// Returns the scope in which callers' ids are unique: everywhere, if calls may name no station.
    #[must_use]
    pub const fn id_scope(&self) -> IdScope {
        self.station_source.id_scope()
    }

    /// Returns the name of the person whose token it is, where it has one.
    #[must_use]
    pub fn user_name(&self) -> Option<&str> {
        self.user_name.as_deref()
    }

    /// Returns a header, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.event.header(name)
    }

    /// Returns the path that was called.
    #[must_use]
    pub fn path(&self) -> &str {
        self.event.path()
    }

    /// Returns the body as it came, gzip undone: the document of a route that takes one.
    ///
    /// # Errors
    /// `PARAM_MISSING` when there is none.
    pub fn document(&self) -> Result<&str> {
        let text = self.body.trim_start_matches('\u{feff}');
        if text.trim().is_empty() {
            let missing = "the request body is missing: it is the document itself";
            return Err(Error::refused(ErrorCode::ParamMissing, missing));
        }
        Ok(text)
    }

    /// Returns the id that links the answer to the log.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }
}
