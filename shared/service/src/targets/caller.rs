//! Calling a target by the text of its URL and the name of its secret.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::client::{ANSWER_TIME, Outcome, Refusal, SignedRequest, TargetClient};
use super::secrets::{SECRET_TIME, Secrets};
use super::signature::signature;
use super::url::TargetUrl;

/// The longest time from the beginning of a call to its outcome: the secret is read, the target answers.
pub const LONGEST_CALL: Duration = SECRET_TIME.saturating_add(ANSWER_TIME);

/// The body of a request as Standard Webhooks has it.
#[derive(Debug, Serialize)]
pub(crate) struct Envelope<'a, D> {
    pub(crate) r#type: &'a str,
    #[serde(serialize_with = "in_seconds")]
    pub(crate) timestamp: Timestamp,
    pub(crate) data: D,
}

fn in_seconds<S: serde::Serializer>(at: &Timestamp, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(&at.strftime("%Y-%m-%dT%H:%M:%SZ"))
}

/// Calls targets with signed requests.
#[derive(Debug)]
pub struct TargetCaller {
    client: TargetClient,
    secrets: Secrets,
}

impl TargetCaller {
    /// Makes a caller.
    #[must_use]
    pub const fn new(client: TargetClient, secrets: Secrets) -> Self {
        Self { client, secrets }
    }

    /// Signs a body with the secret of a target, and sends it once. The URL is checked as if it were new.
    pub(crate) async fn call<D: Serialize>(
        &self,
        (url, secret): (&str, &str),
        id: String,
        envelope: &Envelope<'_, D>,
    ) -> Outcome {
        let outcome = match self.signed((url, secret), &id, envelope).await {
            Ok((url, request)) => self.client.post(&url, &request, ANSWER_TIME).await,
            Err(refusal) => Outcome::Refused(refusal),
        };
        if let Outcome::Refused(Refusal { reason, cause, .. }) = &outcome {
            tracing::warn!(id, reason, cause, "a target was not called");
        }
        outcome
    }

    async fn signed<D: Serialize>(
        &self,
        (url, secret): (&str, &str),
        id: &str,
        envelope: &Envelope<'_, D>,
    ) -> Result<(TargetUrl, SignedRequest), Refusal> {
        let url = TargetUrl::parse(url, self.client.hosts())
            .map_err(|wrong| Refusal::new("its target's URL may not be called", wrong))?;
        let body = serde_json::to_string(envelope)
            .map_err(|fault| Refusal::new("its request cannot be written", fault.to_string()))?;
        let keys = self.secrets.keys(secret).await;
        let keys = keys.map_err(|fault| Refusal {
            passes: fault.passes,
            ..Refusal::new("its target's secret cannot be used", fault.reason)
        })?;
        let timestamp = Timestamp::now().as_second();
        let request = SignedRequest {
            signature: signature(&keys, id, timestamp, &body),
            id: id.to_owned(),
            timestamp,
            body,
        };
        Ok((url, request))
    }
}
