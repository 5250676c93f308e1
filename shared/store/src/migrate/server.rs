//! The server that a migration meets: refused, before anything is changed, when this version cannot work on it.

use sqlx::{Executor as _, Row as _};

use crate::connections::Connection;
use crate::error::{Result, StoreError};

/// The smallest `max_allowed_packet`: a batch of the most orders is stored with statements of up to this size.
const PACKET: u64 = 16 << 20;
/// The oldest versions whose statements are those that the tests run.
const MYSQL: [u32; 3] = [8, 0, 28];
const MARIADB: [u32; 3] = [10, 6, 0];

/// Refuses a server that is too old, or takes packets that are too small.
pub(super) async fn check(connection: &mut Connection) -> Result<()> {
    const READ: &str = "
        SELECT VERSION() AS version, CAST(@@GLOBAL.max_allowed_packet AS UNSIGNED) AS packet";
    let row = connection.fetch_one(READ).await?;
    let version: String = row.try_get_unchecked("version")?;
    let packet: u64 = row.try_get_unchecked("packet")?;
    match obstacle(&version, packet) {
        Some(words) => Err(StoreError::Migration(format!(
            "{words}; nothing was changed"
        ))),
        None => Ok(()),
    }
}

/// Says why this version cannot work on a server.
fn obstacle(version: &str, packet: u64) -> Option<String> {
    let oldest = if version.contains("MariaDB") {
        MARIADB
    } else {
        MYSQL
    };
    if numbers(version) < oldest {
        return Some(format!(
            "the server is {version}: MySQL 8.0.28, Aurora MySQL 3, MariaDB 10.6 or later ones are needed"
        ));
    }
    (packet < PACKET).then(|| {
        format!(
            "max_allowed_packet of the server is {packet}: set it to {PACKET} or more (in RDS: in the parameter group)"
        )
    })
}

/// Reads the three numbers that a version begins with. MariaDB may say `5.5.5-` before its own.
fn numbers(version: &str) -> [u32; 3] {
    let own = version.strip_prefix("5.5.5-").unwrap_or(version);
    let end = own.find(|c: char| !c.is_ascii_digit() && c != '.');
    let mut parts = own[..end.unwrap_or(own.len())].split('.');
    std::array::from_fn(|_| parts.next().and_then(|part| part.parse().ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_too_old_or_takes_too_small_packets_is_named() {
        for good in [
            "8.0.28",
            "8.0.39",
            "8.4.3",
            "9.7.4",
            "8.0.36-0ubuntu0.22.04.1",
            "10.6.18-MariaDB-log",
            "10.11.6-MariaDB-0+deb12u1",
            "5.5.5-10.11.6-MariaDB",
            "11.8.3-MariaDB-0+deb13u1 from Debian",
        ] {
            assert_eq!(obstacle(good, PACKET), None, "{good}");
        }
        for bad in ["5.7.44-log", "8.0.27", "8.0.23", "10.5.29-MariaDB", ""] {
            let words = obstacle(bad, PACKET).unwrap();
            assert!(words.contains(bad) && words.contains("8.0.28"), "{words}");
        }
        let words = obstacle("9.7.4", PACKET - 1).unwrap();
        assert!(words.contains("max_allowed_packet"), "{words}");
        assert!(words.contains("16777216"), "{words}");
    }
}
