//! `/task/callback/set`: sets the URL, the secret and the events of a callback.

use serde::Serialize;
use task_store::Database;
use task_store::callbacks::{self, Callback, CallbackChange, CallbackName};

use super::undeclared;
use crate::error::{Error, Result};
use crate::targets::{SecretName, TargetHosts, TargetUrl};

/// The members of a callback that a call sets.
#[derive(Debug, Clone, Default)]
pub struct CallbackRequest {
    /// What is called.
    pub url: Option<String>,
    /// The name of the secret that its requests are signed with.
    pub secret: Option<SecretName>,
    /// What it is told.
    pub events: Option<Vec<&'static str>>,
    /// Whether it is told anything.
    pub enabled: Option<bool>,
}

/// Declares a callback, or changes the members given; answers it as it is then.
///
/// # Errors
/// `PARAM_INVALID` for a URL that may not be called; `PARAM_MISSING` for a new one without URL or secret.
pub async fn set(
    database: &Database,
    hosts: &TargetHosts,
    name: &CallbackName,
    request: &CallbackRequest,
) -> Result<CallbackView> {
    if let Some(url) = &request.url {
        TargetUrl::parse(url, hosts).map_err(|wrong| Error::invalid("url", &wrong))?;
    }
    let events = request.events.as_ref().map(|events| events.join(","));
    let change = CallbackChange {
        url: request.url.as_deref(),
        secret: request.secret.as_ref().map(SecretName::as_str),
        events: events.as_deref(),
        enabled: request.enabled,
    };
    let write = async |c: &mut _| {
        if callbacks::find(c, name.as_str()).await?.is_none() {
            change.url.ok_or_else(|| Error::missing("url"))?;
            change.secret.ok_or_else(|| Error::missing("secret"))?;
        }
        callbacks::set(c, name, &change).await?;
        let set = callbacks::find(c, name.as_str()).await?;
        set.ok_or_else(|| undeclared(name.as_str()))
    };
    Ok(database.transaction(write).await?.into())
}

/// A callback as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallbackView {
    name: String,
    url: String,
    secret: String,
    events: Vec<String>,
    enabled: bool,
    disabled_reason: Option<String>,
}

impl From<Callback> for CallbackView {
    fn from(callback: Callback) -> Self {
        Self {
            name: callback.name,
            url: callback.url,
            secret: callback.secret,
            events: callback.events.split(',').map(str::to_owned).collect(),
            enabled: callback.disabled_at.is_none(),
            disabled_reason: callback.disabled_reason,
        }
    }
}
