//! The configuration of the page: how people sign in, how many orders a batch may hold, and which origins the page may ask.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::StationSource;
use crate::callers::Callers;
use crate::configuration::{ConfigurationError, Environment, FromEnvironment};
use crate::variables::{
    APP_TIME_ZONE, CONSOLE_CLIENT_ID, CONSOLE_CONNECT, CONSOLE_ISSUER, CONSOLE_SCOPES, MAX_ORDERS,
};

/// The settings of the page.
#[derive(Debug, Clone)]
pub struct ConsoleSettings {
    callers: Callers,
    zone: String,
    max_orders: u32,
    sign_in: Option<SignIn>,
    policy: String,
}

/// The client of the page at the issuer.
#[derive(Debug, Clone)]
struct SignIn {
    issuer: String,
    client_id: String,
    scopes: String,
}

impl ConsoleSettings {
    /// Returns the document that the page reads first. It holds no secret.
    #[must_use]
    pub fn document(&self, version: &str) -> Value {
        let is_local = self.callers.station_source == StationSource::Trusted;
        let sign_in = self.sign_in.as_ref().map(|client| {
            json!({"issuer": client.issuer, "client_id": client.client_id, "scopes": client.scopes})
        });
        let claims = json!({
            "station": self.callers.station,
            "operator": self.callers.operator,
            "name": self.callers.name,
        });
        json!({"version": version, "local": is_local, "time_zone": self.zone, "operator": is_local,
            "max_orders": self.max_orders, "claims": claims, "sign_in": sign_in})
    }

    /// Returns the content policy: files of the service itself, and calls to it and to the hosts that sign people in.
    #[must_use]
    pub fn policy(&self) -> &str {
        &self.policy
    }
}

impl FromEnvironment for ConsoleSettings {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let text = |variable: crate::variables::Variable| {
            environment.text(variable.name).unwrap_or(variable.default)
        };
        let sign_in = environment.text(CONSOLE_CLIENT_ID.name).map(|client_id| {
            Ok::<_, ConfigurationError>(SignIn {
                issuer: environment.required(CONSOLE_ISSUER.name)?.to_owned(),
                client_id: client_id.to_owned(),
                scopes: text(CONSOLE_SCOPES).to_owned(),
            })
        });
        let sign_in = sign_in.transpose()?;
        let mut connect = vec!["'self'".to_owned()];
        if let Some(client) = &sign_in {
            let wrong = |wrong| ConfigurationError::new(CONSOLE_ISSUER.name, wrong);
            connect.push(origin(&client.issuer).map_err(wrong)?);
        }
        let further = text(CONSOLE_CONNECT).split(',').map(str::trim);
        for host in further.filter(|host| !host.is_empty()) {
            let wrong = |wrong| ConfigurationError::new(CONSOLE_CONNECT.name, wrong);
            connect.push(origin(host).map_err(wrong)?);
        }
        // A zone that does not exist is refused here, not in a browser.
        TimeZone::from_environment(environment)?;
        Ok(Self {
            callers: Callers::from_environment(environment)?,
            zone: text(APP_TIME_ZONE).to_owned(),
            max_orders: environment.integer(MAX_ORDERS, 1..=100_000)?,
            sign_in,
            policy: policy(&connect.join(" ")),
        })
    }
}

fn policy(connect: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src {connect}; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

/// Returns scheme, host and port of a URL.
fn origin(url: &str) -> Result<String, String> {
    let wrong = || format!("must be https://host, or http:// on this machine, not {url:?}");
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    let host = rest.split('/').next().unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_here = ["127.0.0.1", "localhost", "[::1]"].contains(&name);
    let is_allowed = scheme == "https" || (scheme == "http" && is_here);
    let is_origin = is_allowed && !host.is_empty() && host.chars().all(is_plain);
    is_origin
        .then(|| format!("{scheme}://{host}"))
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: [(&str, &str); 4]) -> Result<ConsoleSettings, ConfigurationError> {
        ConsoleSettings::from_environment(&Environment::from(variables))
    }

    fn deployed(connect: &str) -> Result<ConsoleSettings, ConfigurationError> {
        settings([
            ("CONSOLE_ISSUER", "https://id.example.com/realms/staff"),
            ("CONSOLE_CLIENT_ID", "console"),
            ("CONSOLE_CONNECT", connect),
            ("STATION_SOURCE", "claim"),
        ])
    }

    #[test]
    fn a_deployed_page_signs_people_in_and_may_ask_the_issuer_and_the_hosts_named() {
        let settings =
            deployed("https://token.example.com, https://keys.example.com:8443/x").unwrap();
        let document = settings.document("1.2.3");
        let expected = json!({"version": "1.2.3", "local": false, "time_zone": "Asia/Shanghai", "operator": false,
            "max_orders": 10_000, "claims": {"station": "station_id", "operator": "operator", "name": "name"},
            "sign_in": {"issuer": "https://id.example.com/realms/staff", "client_id": "console", "scopes": "openid profile"}});
        assert_eq!(document, expected);
        let hosts = "connect-src 'self' https://id.example.com https://token.example.com https://keys.example.com:8443;";
        assert!(settings.policy().contains(hosts), "{}", settings.policy());
    }

    #[test]
    fn a_stack_that_trusts_its_callers_has_no_sign_in_and_every_caller_operates() {
        let local = settings([
            ("STATION_SOURCE", "trusted"),
            ("A", ""),
            ("B", ""),
            ("C", ""),
        ]);
        let document = local.unwrap().document("1");
        let facts = ["local", "operator", "sign_in"].map(|name| &document[name]);
        assert_eq!(facts, [&json!(true), &json!(true), &Value::Null]);
    }

    #[test]
    fn a_host_that_would_change_the_content_policy_stops_the_start() {
        for bad in [
            "*",
            "http://token.example.com",
            "https://a;script-src *",
            "https://",
            "https://a b",
            "x",
        ] {
            let error = deployed(bad).unwrap_err().to_string();
            assert!(error.contains("CONSOLE_CONNECT"), "{error}");
        }
        assert!(deployed("http://127.0.0.1:8080").is_ok());
    }

    #[test]
    fn a_client_without_an_issuer_stops_the_start() {
        let none = settings([
            ("CONSOLE_CLIENT_ID", "console"),
            ("A", ""),
            ("B", ""),
            ("C", ""),
        ]);
        assert!(none.unwrap_err().to_string().contains("CONSOLE_ISSUER"));
    }
}
