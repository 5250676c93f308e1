//! How to reach the database.

use std::str::FromStr;
use std::time::Duration;

use sqlx::mysql::MySqlConnectOptions;

/// How many prepared statements a connection keeps: more than one function uses.
const STATEMENT_CACHE: usize = 32;

/// Where the database is and how much of it this process may use.
#[derive(Clone)]
pub struct DatabaseConfig {
    pub(crate) options: MySqlConnectOptions,
    pub(crate) connections: usize,
    pub(crate) timeout: Duration,
}

impl DatabaseConfig {
    /// Reads a URL `mysql://user:password@host:port/database?ssl-mode=…`.
    ///
    /// `connections` is the most this process holds at once; `timeout` bounds one unit of work, connecting
    /// included. The error says what is wrong without repeating the URL, which holds a password.
    pub fn parse(url: &str, connections: usize, timeout: Duration) -> Result<Self, String> {
        let wrong = || "is not a URL like mysql://user:password@host:3306/database".to_owned();
        // sqlx takes any scheme for its own.
        if !url.starts_with("mysql://") {
            return Err(wrong());
        }
        let options = MySqlConnectOptions::from_str(url).map_err(|_| wrong())?;
        if options.get_database().is_none() {
            return Err("names no database: mysql://user:password@host:3306/DATABASE".to_owned());
        }
        if connections == 0 {
            return Err("allows no connection".to_owned());
        }
        // The session's settings are sent in one statement of our own, see `connections`.
        let options = options
            .statement_cache_capacity(STATEMENT_CACHE)
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .timezone(None)
            .set_names(false);
        Ok(Self {
            options,
            connections,
            timeout,
        })
    }
}

impl std::fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseConfig")
            .field("connections", &self.connections)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_url_is_named_without_its_password() {
        for url in [
            "",
            "mysql://u:secret@",
            "postgres://u:secret@h/d",
            "mysql://u:secret@h:3306",
        ] {
            let error = DatabaseConfig::parse(url, 1, Duration::from_secs(1))
                .err()
                .unwrap_or_default();
            assert!(
                !error.is_empty() && !error.contains("secret"),
                "{url}: {error}"
            );
        }
    }

    #[test]
    fn a_configuration_prints_no_secret() {
        let config = DatabaseConfig::parse("mysql://u:secret@h:3306/d", 1, Duration::from_secs(1));
        assert!(!format!("{config:?}").contains("secret"));
    }
}
