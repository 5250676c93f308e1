//! What calling targets, and waking who calls them, is built from.

use std::path::PathBuf;

use task_service::push::{PushQueue, Pusher};
use task_service::secrets::Role;
use task_service::targets::{SecretSource, Secrets, TargetCaller, TargetClient, TargetHosts};

use crate::variables::{PUSH_QUEUE_URL, TARGET_HOSTS, TARGET_SECRETS};
use crate::{ConfigurationError, Environment, FromEnvironment};

/// The role of the function, as Lambda puts it into the environment.
impl FromEnvironment for Role {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let region = environment.text("AWS_REGION");
        Ok(Self {
            region: region.unwrap_or("us-east-1").to_owned(),
            key: environment.required("AWS_ACCESS_KEY_ID")?.to_owned(),
            secret: environment.required("AWS_SECRET_ACCESS_KEY")?.to_owned(),
            token: environment.text("AWS_SESSION_TOKEN").map(str::to_owned),
        })
    }
}

/// Returns another place to ask than AWS's own.
pub(crate) fn endpoint<'e>(environment: &'e Environment, own: &str) -> Option<&'e str> {
    let own = environment.text(own);
    own.or_else(|| environment.text("AWS_ENDPOINT_URL"))
}

/// `PUSH_QUEUE_URL`; absent where the function wakes nobody.
impl FromEnvironment for Option<PushQueue> {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let Some(url) = environment.text(PUSH_QUEUE_URL.name) else {
            return Ok(None);
        };
        let wrong = || ConfigurationError::new(PUSH_QUEUE_URL.name, "is no queue URL");
        let host = url.split('/').take(3).collect::<Vec<_>>().join("/");
        let root = endpoint(environment, "AWS_ENDPOINT_URL_SQS").unwrap_or(&host);
        let root = format!("{}/", root.trim_end_matches('/'));
        if !url.starts_with("http") {
            return Err(wrong());
        }
        Ok(Some(PushQueue {
            url: url.to_owned(),
            endpoint: root.parse().map_err(|_| wrong())?,
            role: Role::from_environment(environment)?,
        }))
    }
}

/// `TARGET_HOSTS`.
impl FromEnvironment for TargetHosts {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let hosts = environment.text(TARGET_HOSTS.name).unwrap_or_default();
        Self::parse(hosts).map_err(|wrong| ConfigurationError::new(TARGET_HOSTS.name, wrong))
    }
}

/// A client for them.
impl FromEnvironment for TargetClient {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        TargetHosts::from_environment(environment).map(Self::new)
    }
}

/// `TARGET_SECRETS`.
impl FromEnvironment for Secrets {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let source = match environment.text(TARGET_SECRETS.name) {
            None => SecretSource::Nowhere,
            Some(place) => match place.strip_prefix("file:") {
                Some(path) => SecretSource::File(PathBuf::from(path)),
                None => SecretSource::Manager {
                    prefix: place.to_owned(),
                    endpoint: endpoint(environment, "AWS_ENDPOINT_URL_SECRETS_MANAGER")
                        .map(str::to_owned),
                    role: Role::from_environment(environment)?,
                },
            },
        };
        Ok(Self::new(source))
    }
}

/// Everything that calling targets needs.
impl FromEnvironment for Pusher {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let (database, client, secrets, zone) = FromEnvironment::from_environment(environment)?;
        Ok(Self {
            database,
            targets: TargetCaller::new(client, secrets),
            zone,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: [(&str, &str); 2] = [
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "hidden"),
    ];

    fn push(more: [(&str, &str); 2]) -> Result<Option<PushQueue>, ConfigurationError> {
        let [first, second] = ROLE;
        let [third, fourth] = more;
        Option::from_environment(&Environment::from([first, second, third, fourth]))
    }

    #[test]
    fn a_queue_is_reached_at_its_own_host_or_at_the_endpoint_given() {
        let url = "https://sqs.eu-west-1.amazonaws.com/123456789012/push";
        let own = push([("PUSH_QUEUE_URL", url), ("AWS_REGION", "eu-west-1")]);
        let own = own.unwrap().unwrap();
        assert_eq!(own.endpoint, "https://sqs.eu-west-1.amazonaws.com/");
        assert!(!format!("{own:?}").contains("hidden"));
        let local = push([
            ("PUSH_QUEUE_URL", url),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:7/"),
        ]);
        assert_eq!(local.unwrap().unwrap().endpoint, "http://127.0.0.1:7/");
        assert!(
            push([("PUSH_QUEUE_URL", ""), ("A", "b")])
                .unwrap()
                .is_none()
        );
        assert!(push([("PUSH_QUEUE_URL", "push"), ("A", "b")]).is_err());
    }

    #[test]
    fn a_bad_allow_list_stops_the_start() {
        let environment = Environment::from([("TARGET_HOSTS", "https://erp.example")]);
        let error = TargetHosts::from_environment(&environment).unwrap_err();
        assert!(error.to_string().contains("TARGET_HOSTS"), "{error}");
    }

    #[test]
    fn secrets_are_in_a_file_in_secrets_manager_or_nowhere() {
        let [first, second] = ROLE;
        for (place, kind) in [
            ("file:/s.json", "File"),
            ("shop/target/", "Manager"),
            ("", "Nowhere"),
        ] {
            let environment = Environment::from([first, second, ("TARGET_SECRETS", place)]);
            let secrets = Secrets::from_environment(&environment).unwrap();
            let shown = format!("{secrets:?}");
            assert!(shown.contains(kind) && !shown.contains("hidden"), "{shown}");
        }
    }
}
