//! One call as a handler gets it: its parameters, who calls, and its id.

use task_service::{Caller, Error, ErrorCode, Result, tasks::IdScope};

use super::event::{Claim, Event};
use super::{body, station};
use crate::{Parameter, Parameters, StationSource, telemetry};

/// One HTTP call.
#[derive(Debug)]
pub struct Call {
    request_id: String,
    content_type: Option<String>,
    query: String,
    body: String,
    is_signed: bool,
    station_source: StationSource,
    station_claim: Option<Claim>,
    station_header: Option<String>,
    user_name: Option<String>,
}

impl Call {
    /// Takes over an event.
    ///
    /// # Errors
    /// `PARAM_INVALID` when the body is too large, is encoded in another way than it says, or is no UTF-8.
    pub(super) fn new(mut event: Event, request_id: &str, source: StationSource) -> Result<Self> {
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
            is_signed: event.is_signed(),
            station_claim: event.claim("station_id"),
            user_name: event.claim("name").and_then(Claim::name),
            station_header: event.header("x-station-id").map(ToOwned::to_owned),
            query: event.take_query(),
            body,
            station_source: source,
        })
    }

    /// Query string and body, merged.
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

    /// On whose behalf the call is made.
    ///
    /// # Errors
    /// `FORBIDDEN` when the deployment wants a claim and there is none; `PARAM_INVALID` when the header and the
    /// parameter name two stations.
    pub fn caller(&self, parameters: &Parameters<'_>) -> Result<Caller> {
        let caller = match station::claimed(self.station_claim.as_ref())? {
            Some(station) => Caller::Station(station),
            None => station::named(self.station_source, self.station_header.as_deref(), || {
                parameters.optional("station_id", Parameter::station_id)
            })?,
        };
        if let Some(station) = caller.station() {
            telemetry::note_station(station);
        }
        Ok(caller)
    }

    /// Returns another system as the caller, which is bound to no station.
    ///
    /// # Errors
    /// `FORBIDDEN` when the deployment trusts the gateway only and that has not checked a signature.
    pub fn system(&self) -> Result<Caller> {
        if self.station_source == StationSource::Claim && !self.is_signed {
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

    /// Returns the id that links the answer to the log.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }
}
