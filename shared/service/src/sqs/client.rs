//! The SDK's client.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};

use super::http_client;

/// How long one request may take, all its tries included. A queue that failed one gets no further ones in this send,
/// so that the answer to a submit waits for hardly longer than this; the sweeper sends the rest.
pub(super) const SEND_TIMEOUT: Duration = Duration::from_secs(2);

/// Makes a client from the environment of a function: `AWS_REGION`, the credentials of its role and, locally,
/// `AWS_ENDPOINT_URL`.
pub(super) fn client() -> Client {
    let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let credentials = Credentials::new(
        var("AWS_ACCESS_KEY_ID").unwrap_or_default(),
        var("AWS_SECRET_ACCESS_KEY").unwrap_or_default(),
        var("AWS_SESSION_TOKEN"),
        None,
        "environment",
    );
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(SEND_TIMEOUT)
        .build();
    let mut config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(credentials)
        .region(Region::new(
            var("AWS_REGION").unwrap_or_else(|| "us-east-1".to_owned()),
        ))
        .timeout_config(timeouts)
        .http_client(http_client());
    config.set_endpoint_url(var("AWS_ENDPOINT_URL_SQS").or_else(|| var("AWS_ENDPOINT_URL")));
    Client::from_conf(config.build())
}
