//! Reads the parameters of `/task/callback/set`, `list` and `resend`, and of `/async_task/callback/list` and `resend`.

use task_service::async_tasks::{DeliveriesOf, DeliveryListRequest};
use task_service::callbacks::{CallbackRequest, ListRequest, Resend};
use task_service::targets::SecretName;
use task_service::{Error, ErrorCode, Result};
use task_store::callbacks::DeliveryState;

use super::{Parameter, Parameters, shown};

/// What a callback may be told.
const EVENTS: [&str; 3] = ["task.finished", "batch.finished", "batch.changed"];
/// Where a delivery may be.
const STATES: [(&str, DeliveryState); 4] = [
    ("open", DeliveryState::Open),
    ("delivered", DeliveryState::Delivered),
    ("given_up", DeliveryState::GivenUp),
    ("held_back", DeliveryState::HeldBack),
];

impl Parameter<'_> {
    /// Reads the name of a secret.
    pub(super) fn secret(self) -> Result<SecretName> {
        let text = self.scalar()?;
        SecretName::parse(&text).ok_or_else(|| {
            let max = SecretName::MAX;
            self.invalid(&format!(
                "must be the name of a secret, 1 to {max} of the characters a-z 0-9 -, and never the secret itself"
            ))
        })
    }

    /// Reads events, each of which is one of three.
    fn events(self) -> Result<Vec<&'static str>> {
        let words = self.items(EVENTS.len())?;
        let events: Vec<_> = EVENTS
            .into_iter()
            .filter(|event| words.iter().any(|word| *word == *event))
            .collect();
        let unknown = words.iter().find(|word| !EVENTS.contains(&&***word));
        match unknown {
            None if events.is_empty() => {
                Err(self.invalid("is an empty list: enabled=false is what stops a callback"))
            }
            Some(bad) => Err(self.invalid(&format!(
                "holds {}, known are {}",
                shown(bad),
                EVENTS.join(", ")
            ))),
            None => Ok(events),
        }
    }
}

impl Parameters<'_> {
    /// Reads the members of a callback that are to be set.
    pub fn callback_request(&self) -> Result<CallbackRequest> {
        let url = self.optional("url", |url| url.text(1_000))?;
        Ok(CallbackRequest {
            url: url.map(std::borrow::Cow::into_owned),
            secret: self.optional("secret", Parameter::secret)?,
            events: self.optional("events", Parameter::events)?,
            enabled: self.optional("enabled", Parameter::flag)?,
        })
    }

    /// Reads which callbacks and deliveries are to be shown.
    pub fn callback_list(&self) -> Result<ListRequest> {
        let limit = self.optional("limit", |limit| limit.integer(1..=100))?;
        Ok(ListRequest {
            name: self.optional("name", Parameter::callback)?,
            state: self.optional("state", |word| word.one_of(&STATES))?,
            task: self.optional("task_id", Parameter::task_id)?,
            before: self.optional("before", |id| id.integer(1..=i64::MAX))?,
            limit: limit.unwrap_or(20),
        })
    }

    /// Reads the request for a list of deliveries.
    pub fn delivery_list(&self, of: DeliveriesOf) -> Result<DeliveryListRequest> {
        let filter = ["name", "state"].into_iter().find(|name| self.has(name));
        if let (DeliveriesOf::Station(Some(_)), Some(filter)) = (&of, filter) {
            let wrong = "cannot be combined with a station: no index has both, leave it out or send all_stations=true instead";
            return Err(Error::invalid(filter, wrong));
        }
        Ok(DeliveryListRequest {
            of,
            callback: self.optional("name", Parameter::callback)?,
            state: self.optional("state", |word| word.one_of(&STATES))?,
            page: self.keyset(20, 100)?,
        })
    }

    /// Reads which deliveries are to be sent again: `delivery_ids`, or those of a callback in a state.
    pub fn callback_resend(&self) -> Result<Resend> {
        let ids = self.optional("delivery_ids", |ids| ids.integers(&(1..=i64::MAX), 100))?;
        let name = self.optional("name", Parameter::callback)?;
        let state = self.optional("state", |word| word.one_of(&STATES))?;
        match (ids, name, state) {
            (Some(ids), None, None) => Ok(Resend::Ids(ids)),
            (Some(_), ..) => {
                let wrong = "cannot be given with name or state";
                Err(Error::invalid("delivery_ids", wrong))
            }
            (None, Some(_), Some(DeliveryState::Open)) => Err(Error::invalid(
                "state",
                "open: these deliveries are still being tried",
            )),
            (None, Some(name), state) => {
                Ok(Resend::Of(name, state.unwrap_or(DeliveryState::GivenUp)))
            }
            (None, None, _) => Err(Error::refused(
                ErrorCode::ParamMissing,
                "parameter delivery_ids or name is missing",
            )),
        }
    }
}
