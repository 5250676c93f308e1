//! Sessions: set by us, whatever the server's own settings are.

use sqlx::{Connection as _, Executor as _, Row as _};
use task_store::testing::{TestDatabase, begin_session, with_database};
use task_store::{Connection, Database};

use crate::support::{done, read};

async fn setting(database: &Database, name: &str) -> String {
    let sql = format!("SELECT CAST(@@SESSION.{name} AS CHAR)");
    done(database, async |c| {
        let row = c.fetch_one(&*sql).await?;
        Ok(row.try_get_unchecked::<String, _>(0)?)
    })
    .await
}

async fn is_mariadb(fresh: &TestDatabase) -> bool {
    read(fresh, "SELECT VERSION()")
        .await
        .is_some_and(|version| version.contains("MariaDB"))
}

#[tokio::test]
async fn a_session_is_strict_in_utc_in_utf8_and_does_not_wait_long_for_locks() {
    with_database(async |fresh| {
        let mode = setting(&fresh.database, "sql_mode").await;
        assert!(
            mode.contains("STRICT_ALL_TABLES") && mode.contains("NO_ENGINE_SUBSTITUTION"),
            "{mode}"
        );
        assert!(
            !mode.contains("ANSI_QUOTES") && !mode.contains("PIPES_AS_CONCAT"),
            "{mode}"
        );
        for (name, expected) in [
            ("time_zone", "+00:00"),
            ("innodb_lock_wait_timeout", "2"),
            ("lock_wait_timeout", "2"),
            ("character_set_client", "utf8mb4"),
            ("character_set_connection", "utf8mb4"),
            ("character_set_results", "utf8mb4"),
        ] {
            assert_eq!(setting(&fresh.database, name).await, expected, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_whose_process_is_lost_holds_its_rows_for_a_minute_at_most() {
    with_database(async |fresh| {
        for (name, most) in [
            ("wait_timeout", 60),
            ("net_read_timeout", 30),
            ("net_write_timeout", 30),
        ] {
            let seconds: u32 = setting(&fresh.database, name).await.parse().unwrap();
            assert!(seconds <= most, "{name}: {seconds}");
        }
    })
    .await;
}

/// Settings that would change the meaning of our statements. A server gives its own to every session it begins; here only one has them,
/// because other tests use the same server.
const HOSTILE: [(&str, &str); 6] = [
    ("autocommit", "0"),
    ("completion_type", "2"),
    ("wait_timeout", "20000"),
    ("innodb_lock_wait_timeout", "300"),
    ("sql_mode", "'ANSI_QUOTES,PIPES_AS_CONCAT'"),
    ("time_zone", "'+09:00'"),
];

#[tokio::test]
async fn a_session_does_not_take_over_a_hostile_servers_settings() {
    with_database(async |fresh| {
        let limit = if is_mariadb(fresh).await {
            ("max_statement_time", "30")
        } else {
            ("max_execution_time", "30000")
        };
        let mut late = Connection::connect(&fresh.url).await.unwrap();
        for (name, value) in HOSTILE.iter().chain([&limit]) {
            let sql = format!("SET SESSION {name} = {value}");
            late.execute(&*sql).await.unwrap();
        }
        begin_session(&mut late).await.unwrap();
        let mut setting = async |name: &str| {
            let sql = format!("SELECT CAST(@@SESSION.{name} AS CHAR)");
            let row = late.fetch_one(&*sql).await.unwrap();
            row.try_get_unchecked::<String, _>(0).unwrap()
        };
        let mode = setting("sql_mode").await;
        assert!(!mode.contains("ANSI_QUOTES"), "{mode}");
        for (name, expected) in [
            // MariaDB says ON where MySQL says 1.
            ("autocommit + 0", "1"),
            ("completion_type", "NO_CHAIN"),
            ("wait_timeout", "60"),
            ("innodb_lock_wait_timeout", "2"),
            ("time_zone", "+00:00"),
        ] {
            assert_eq!(setting(name).await, expected, "{name}");
        }
        assert!(setting(limit.0).await.starts_with('0'));
    })
    .await;
}
