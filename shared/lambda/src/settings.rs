//! The parts of a handler's state, each built from its environment variables.

use std::time::Duration;

use jiff::tz::TimeZone;
use task_engine::{Dispatcher, Settings};
use task_service::tasks::IdScope;
use task_service::{
    orders::OrderImport,
    prices::PriceChange,
    retention::RetentionDays,
    sqs::{QueueUrls, SqsQueue, TaskQueues},
    tasks::queues::SqsNames,
};
use task_store::{Database, DatabaseConfig, RowUser, UserTaskId, chunks::MAX_ITEMS};

use crate::configuration::{ConfigurationError, Environment, FromEnvironment};
use crate::variables::{
    APP_TIME_ZONE, CHUNK_SIZE, CLAIM_CONCURRENCY, DATABASE_CONNECTIONS, DATABASE_ROWS_URL,
    DATABASE_TIMEOUT_MS, DATABASE_URL, GM_TASK_QUEUE, LEASE_SECONDS, MAX_ORDERS, PUBLIC_BASE_URL,
    RESEND_SECONDS, RETENTION_DAYS, STATION_CHUNKS, STATION_SOURCE, TASK_QUEUE_URL, TASK_QUEUES,
    Variable,
};

/// `DATABASE_URL`, `DATABASE_CONNECTIONS` (the most this process holds at once) and `DATABASE_TIMEOUT_MS` (the bound
/// of one unit of work).
impl FromEnvironment for Database {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let url = environment.required(DATABASE_URL.name)?;
        let connections = environment.integer(DATABASE_CONNECTIONS, 1..=100)?;
        let timeout = environment.integer(DATABASE_TIMEOUT_MS, 100..=900_000)?;
        DatabaseConfig::parse(url, connections, Duration::from_millis(timeout))
            .map(Self::new)
            .map_err(|wrong| ConfigurationError::new(DATABASE_URL.name, wrong))
    }
}

/// `DATABASE_ROWS_URL`: the URL that the functions connect by, for the function that makes their user. None by default.
impl FromEnvironment for Option<RowUser> {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let url = DATABASE_ROWS_URL.name;
        let user = environment.text(url).map(RowUser::parse).transpose();
        user.map_err(|wrong| ConfigurationError::new(url, wrong))
    }
}

/// `GM_TASK_QUEUE`: a queue URL, or `job=url,job=url`.
impl FromEnvironment for SqsQueue {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let urls = GM_TASK_QUEUE.name;
        QueueUrls::parse(environment.required(urls)?)
            .map(Self::new)
            .map_err(|wrong| ConfigurationError::new(urls, wrong))
    }
}

/// `TASK_QUEUES`: the task queues that have an SQS queue.
impl FromEnvironment for SqsNames {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let names = environment.text(TASK_QUEUES.name).unwrap_or_default();
        Self::parse(names).map_err(|wrong| ConfigurationError::new(TASK_QUEUES.name, wrong))
    }
}

/// `TASK_QUEUES` and `TASK_QUEUE_URL`: their SQS queues.
impl FromEnvironment for TaskQueues {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let names = SqsNames::from_environment(environment)?;
        if names.is_empty() {
            return Ok(Self::default());
        }
        let url = environment.required(TASK_QUEUE_URL.name)?;
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            let wrong = "is not the beginning of a queue URL";
            return Err(ConfigurationError::new(TASK_QUEUE_URL.name, wrong));
        }
        Ok(Self::new(names, url))
    }
}

/// How many claims of workers may wait at once; `None`: any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimPlaces(pub Option<u8>);

/// `CLAIM_CONCURRENCY`: half of the instances may wait.
impl FromEnvironment for ClaimPlaces {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let instances: u32 = environment.integer(CLAIM_CONCURRENCY, 0..=10_000)?;
        let half = u8::try_from(instances.div_ceil(2)).unwrap_or(u8::MAX);
        Ok(Self((instances > 0).then_some(half)))
    }
}

/// `RETENTION_DAYS`: the days for which finished tasks are kept.
impl FromEnvironment for RetentionDays {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        environment.integer(RETENTION_DAYS, 0..=36_500).map(Self)
    }
}

/// `MAX_ORDERS`, `CHUNK_SIZE`, `LEASE_SECONDS`, `RESEND_SECONDS` and `STATION_CHUNKS`.
impl FromEnvironment for Settings {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        Ok(Self {
            max_items: environment.integer(MAX_ORDERS, 1..=100_000)?,
            chunk_items: environment.integer(CHUNK_SIZE, 1..=MAX_ITEMS)?,
            lease: environment.seconds(LEASE_SECONDS, 1..=43_200)?,
            resend: environment.seconds(RESEND_SECONDS, 1..=86_400)?,
            station_chunks: environment.integer(STATION_CHUNKS, 0..=1_000)?,
        })
    }
}

/// Everything that submitting and sweeping need.
impl FromEnvironment for Dispatcher<SqsQueue> {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let (database, queue, settings) = FromEnvironment::from_environment(environment)?;
        Ok(Self {
            database,
            queue,
            settings,
        })
    }
}

/// The job of a station's order lists.
impl FromEnvironment for OrderImport {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        FromEnvironment::from_environment(environment).map(|zone| Self { zone })
    }
}

/// The job of a station's price changes.
impl FromEnvironment for PriceChange {
    fn from_environment(_: &Environment) -> Result<Self, ConfigurationError> {
        Ok(Self)
    }
}

/// The time zone that times are printed in (`APP_TIME_ZONE`, an IANA name).
impl FromEnvironment for TimeZone {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let Variable { name, default } = APP_TIME_ZONE;
        let zone = environment.text(name).unwrap_or(default);
        TimeZone::get(zone)
            .map_err(|_| ConfigurationError::new(name, format!("is no IANA time zone: {zone:?}")))
    }
}

/// The beginning of the urls in answers (`PUBLIC_BASE_URL`): empty, or scheme and host without a final slash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicBaseUrl(String);

impl PublicBaseUrl {
    /// Returns the url of a task, which its caller polls.
    #[must_use]
    pub fn task(&self, id: &UserTaskId) -> String {
        format!("{}/async_task/get?user_task_id={id}", self.0)
    }
}

impl FromEnvironment for PublicBaseUrl {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let Some(url) = environment.text(PUBLIC_BASE_URL.name) else {
            return Ok(Self::default());
        };
        let host = ["https://", "http://"]
            .iter()
            .find_map(|scheme| url.strip_prefix(scheme));
        let is_plain = |host: &str| {
            !host.is_empty()
                && !host.ends_with('/')
                && !host
                    .contains(|c: char| c.is_whitespace() || c.is_control() || "?#=@".contains(c))
        };
        if !host.is_some_and(is_plain) {
            return Err(ConfigurationError::new(
                PUBLIC_BASE_URL.name,
                "must be https://host or http://host, with a path at most and no final slash",
            ));
        }
        Ok(Self(url.to_owned()))
    }
}

/// Who says which station calls (`STATION_SOURCE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StationSource {
    /// Only the authorizer at the gateway.
    Claim,
    /// The authorizer, else the caller itself.
    Trusted,
}

impl StationSource {
    /// Returns the scope in which callers' ids are unique: everywhere, if calls may name no station.
    #[must_use]
    pub const fn id_scope(self) -> IdScope {
        match self {
            Self::Trusted => IdScope::Everywhere,
            Self::Claim => IdScope::Station,
        }
    }
}

impl FromEnvironment for StationSource {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        environment.word(
            STATION_SOURCE,
            &[("claim", Self::Claim), ("trusted", Self::Trusted)],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build<T: FromEnvironment>(variable: &str, value: &str) -> Result<T, ConfigurationError> {
        T::from_environment(&Environment::from([(variable, value)]))
    }

    #[test]
    fn the_station_comes_from_the_claim_unless_the_deployment_trusts_its_callers() {
        assert_eq!(build("STATION_SOURCE", ""), Ok(StationSource::Claim));
        assert_eq!(
            build("STATION_SOURCE", "trusted"),
            Ok(StationSource::Trusted)
        );
        assert!(build::<StationSource>("STATION_SOURCE", "none").is_err());
    }

    #[test]
    fn an_unknown_time_zone_stops_the_start() {
        let zone: TimeZone = build("APP_TIME_ZONE", "").unwrap();
        assert_eq!(zone.iana_name(), Some("Asia/Shanghai"));
        let error = build::<TimeZone>("APP_TIME_ZONE", "Asia/Nowhere").unwrap_err();
        assert!(error.to_string().contains("APP_TIME_ZONE"), "{error}");
    }

    #[test]
    fn a_public_url_has_a_host_and_no_final_slash_query_or_password() {
        let url: PublicBaseUrl = build("PUBLIC_BASE_URL", "https://api.example.com/v1").unwrap();
        let task = url.task(&UserTaskId::parse("b-1").unwrap());
        assert_eq!(
            task,
            "https://api.example.com/v1/async_task/get?user_task_id=b-1"
        );
        for bad in [
            "api.example.com",
            "ftp://a",
            "https://",
            "https://a/",
            "http://a?b=c",
            "http://u:p@a",
        ] {
            let error = build::<PublicBaseUrl>("PUBLIC_BASE_URL", bad).unwrap_err();
            assert!(!error.to_string().contains("u:p"), "{error}");
        }
    }

    #[test]
    fn the_engine_has_defaults_and_bounds() {
        let settings: Settings = build("MAX_ORDERS", "").unwrap();
        assert_eq!(
            format!("{settings:?}"),
            format!("{:?}", Settings::default())
        );
        for (variable, bad) in [
            ("MAX_ORDERS", "0"),
            ("CHUNK_SIZE", "1001"),
            ("LEASE_SECONDS", "1.5"),
        ] {
            let error = build::<Settings>(variable, bad)
                .err()
                .map(|error| error.to_string());
            assert!(error.is_some_and(|error| error.contains(variable)));
        }
    }

    #[test]
    fn a_bad_database_or_queue_is_named_and_no_password_is_shown() {
        for url in [
            "",
            "postgres://u:secret@host/tasks",
            "mysql://u:secret@host",
        ] {
            let error = build::<Database>("DATABASE_URL", url)
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("DATABASE_URL") && !error.contains("secret"),
                "{error}"
            );
        }
        assert!(build::<Database>("DATABASE_URL", "mysql://u:secret@host/tasks").is_ok());
        let error = build::<SqsQueue>("GM_TASK_QUEUE", "orders").unwrap_err();
        assert!(error.to_string().contains("GM_TASK_QUEUE"), "{error}");
    }
}
