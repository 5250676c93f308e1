//! The migrations, on databases that have none of them yet.

use futures_util::future::join_all;
use sqlx::{Connection as _, Executor as _, Row as _};
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, Database, DatabaseConfig, migrate};

use crate::support::{execute, read, read_number};

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    with_database(async |fresh| {
        let applied = "SELECT GROUP_CONCAT(version, installed_on, success ORDER BY version) FROM _sqlx_migrations";
        let before = read(fresh, applied).await;
        migrate(&fresh.database).await.unwrap();
        assert_eq!(read(fresh, applied).await, before);
        assert_eq!(read_number(fresh, "SELECT MIN(success) FROM _sqlx_migrations").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_version_that_is_rolled_back_to_stands_the_migrations_of_a_later_one() {
    with_database(async |fresh| {
        execute(
            fresh,
            "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
             VALUES (29991231235959, 'of a later version', NOW(), TRUE, X'00', 1)",
        )
        .await;
        migrate(&fresh.database).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn four_processes_that_migrate_at_once_wait_for_each_other() {
    with_database(async |fresh| {
        let name = format!("test_{:016x}", fastrand::u64(..));
        execute(
            fresh,
            &format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"),
        )
        .await;
        let old = read(fresh, "SELECT DATABASE()").await.unwrap();
        let url = fresh.url.replace(&old, &name);
        let process = || {
            let config = DatabaseConfig::parse(&url, 1, std::time::Duration::from_mins(1));
            Database::new(config.unwrap())
        };
        let processes = [process(), process(), process(), process()];
        for end in join_all(processes.iter().map(migrate)).await {
            end.unwrap();
        }
        let (expected, found) = (tables(&fresh.url).await, tables(&url).await);
        execute(fresh, &format!("DROP DATABASE {name}")).await;
        assert_eq!(found, expected);
    })
    .await;
}

async fn tables(url: &str) -> Vec<String> {
    let mut connection = Connection::connect(url).await.unwrap();
    let sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1";
    let rows = connection.fetch_all(sql).await.unwrap();
    rows.iter()
        .map(|row| row.try_get_unchecked(0).unwrap())
        .collect()
}

#[tokio::test]
async fn the_task_table_has_every_column_of_the_original_under_its_own_name() {
    with_database(async |fresh| {
        for (name, kind, nullable) in [
            ("id", "bigint", "NO"),
            ("user_task_id", "varchar(64)", "YES"),
            ("name", "varchar(64)", "NO"),
            ("station_id", "varchar(16)", "NO"),
            ("input", "longtext", "YES"),
            // MariaDB's JSON is a longtext with a check.
            ("result", "json", "YES"),
            ("status", "tinyint", "NO"),
            ("repeat", "tinyint(1)", "NO"),
            ("message_show", "tinyint(1)", "NO"),
            ("run_count", "int", "NO"),
            ("type", "int", "NO"),
            ("creat_time", "datetime(3)", "NO"),
            ("modify_time", "datetime(3)", "NO"),
            ("start_time", "datetime(3)", "YES"),
            ("end_time", "datetime(3)", "YES"),
        ] {
            let (found, null) = column(fresh, name).await;
            let fits = found.starts_with(kind) || (kind, &*found) == ("json", "longtext");
            assert!(fits && null == nullable, "{name}: {found} {null}");
        }
    })
    .await;
}

async fn column(fresh: &TestDatabase, name: &str) -> (String, String) {
    let sql = format!(
        "SELECT CONCAT(column_type, '/', is_nullable) FROM information_schema.columns \
         WHERE table_schema = DATABASE() AND table_name = 'tbl_async_task' AND column_name = '{name}'"
    );
    let described = read(fresh, &sql).await.unwrap();
    let (kind, nullable) = described.split_once('/').unwrap();
    (kind.to_owned(), nullable.to_owned())
}

#[tokio::test]
async fn a_migration_that_was_edited_after_it_ran_is_refused() {
    with_database(async |fresh| {
        execute(
            fresh,
            "UPDATE _sqlx_migrations SET checksum = 'another' LIMIT 1",
        )
        .await;
        let fault = migrate(&fresh.database).await.unwrap_err();
        assert!(!fault.is_retryable());
    })
    .await;
}
