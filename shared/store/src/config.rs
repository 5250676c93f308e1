//! How to reach the database.

use std::str::FromStr;
use std::time::Duration;

use sqlx::mysql::MySqlConnectOptions;

/// The number of prepared statements that a connection keeps, more than any function uses.
pub const STATEMENT_CACHE: usize = 32;

const SHAPE: &str = "is not a URL like mysql://user:password@host:3306/database";
const ENCODE: &str = "in user and password, characters other than letters and digits must be percent-encoded, \
    @ as %40, / as %2F, # as %23, : as %3A, ? as %3F, % as %25";

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
        // sqlx takes any scheme for its own.
        let Some(rest) = url.strip_prefix("mysql://") else {
            return Err(SHAPE.to_owned());
        };
        if is_unencoded(rest) {
            return Err(format!("{SHAPE}: {ENCODE}"));
        }
        let options =
            MySqlConnectOptions::from_str(url).map_err(|_| format!("{SHAPE}; {ENCODE}"))?;
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

    /// Returns host and port, for people who look for a server that cannot be reached.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.options.get_host(), self.options.get_port())
    }
}

/// Tells whether a character that ends a part of a URL stands in the user or the password. Options come after the last
/// `?`, and may hold one.
fn is_unencoded(rest: &str) -> bool {
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let address = match rest.rsplit_once('?') {
        Some((address, options))
            if options
                .split_once('=')
                .is_some_and(|(name, _)| is_name(name)) =>
        {
            address
        }
        _ => rest,
    };
    let user = address.rsplit_once('@').map(|(user, _)| user);
    user.is_some_and(|user| user.contains(['@', '/', '#', '?']))
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

    fn wrong(url: &str) -> Option<String> {
        DatabaseConfig::parse(url, 1, Duration::from_secs(1)).err()
    }

    #[test]
    fn a_password_that_is_not_percent_encoded_is_answered_with_how_to_write_it() {
        for password in ["p@ss/w#rd", "s@cret", "s/ecret", "s#cret", "s?cret"] {
            let url = format!("mysql://u:{password}@h:3306/d?ssl-mode=disabled");
            let error = wrong(&url).unwrap_or_default();
            assert!(
                error.contains("percent-encoded") && error.contains("%40"),
                "{url}: {error}"
            );
            assert!(!error.contains(password), "{error}");
        }
        for good in [
            "mysql://u:p%40ss%2Fw%23rd@h:3306/d",
            "mysql://u@h/d?ssl-ca=/a@b.pem",
            "mysql://h/d",
        ] {
            assert_eq!(wrong(good), None, "{good}");
        }
    }

    #[test]
    fn a_configuration_prints_no_secret() {
        let config = DatabaseConfig::parse("mysql://u:secret@h:3306/d", 1, Duration::from_secs(1));
        assert!(!format!("{config:?}").contains("secret"));
    }
}
