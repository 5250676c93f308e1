//! Calling a target by the text of its URL and the name of its secret.

use jiff::Timestamp;

use super::client::{ANSWER_TIME, Outcome, SignedRequest, TargetClient};
use super::secrets::Secrets;
use super::signature::signature;
use super::url::TargetUrl;

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
    pub(crate) async fn call(
        &self,
        (url, secret): (&str, &str),
        id: String,
        body: String,
    ) -> Outcome {
        let url = match TargetUrl::parse(url, self.client.hosts()) {
            Ok(url) => url,
            Err(wrong) => return Outcome::Refused(format!("its url {wrong}")),
        };
        let keys = match self.secrets.keys(secret).await {
            Ok(keys) => keys,
            Err(wrong) => return Outcome::Refused(wrong),
        };
        let timestamp = Timestamp::now().as_second();
        let request = SignedRequest {
            signature: signature(&keys, &id, timestamp, &body),
            id,
            timestamp,
            body,
        };
        self.client.post(&url, &request, ANSWER_TIME).await
    }
}
