//! The migrations, on databases that have none of them yet.

use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use sqlx::{Connection as _, Executor as _, Row as _};
use task_store::testing::{TestDatabase, migrate_by, with_database};
use task_store::{Connection, Database, DatabaseConfig, StoreError, migrate};
use tokio::time::sleep;

use crate::support::{done, execute, read, read_number};

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
async fn every_column_says_in_a_comment_what_it_holds() {
    with_database(async |fresh| {
        let silent = "SELECT GROUP_CONCAT(CONCAT(table_name, '.', column_name)) FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND table_name LIKE 'tbl%' AND column_comment = ''";
        assert_eq!(read(fresh, silent).await, None);
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
        assert!(
            fault.to_string().contains("was edited after it ran"),
            "{fault}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_database_of_before_the_first_release_is_to_be_created_anew() {
    with_database(async |fresh| {
        let old = "UPDATE _sqlx_migrations SET version = 20261122090000 LIMIT 1";
        execute(fresh, old).await;
        let fault = migrate(&fresh.database).await.unwrap_err().to_string();
        assert!(fault.contains("20261122090000"), "{fault}");
        assert!(fault.contains("`make clean-data`"), "{fault}");
    })
    .await;
}

/// Reads a row every 20 ms until a number of milliseconds is over; answers the longest time that a read took.
async fn slowest_read(database: &Database, milliseconds: u64) -> Duration {
    let (start, mut slowest) = (Instant::now(), Duration::ZERO);
    while start.elapsed() < Duration::from_millis(milliseconds) {
        let read = Instant::now();
        done(database, async |c| {
            c.fetch_one("SELECT COUNT(*) FROM tbl_async_task").await?;
            Ok(())
        })
        .await;
        slowest = slowest.max(read.elapsed());
        sleep(Duration::from_millis(20)).await;
    }
    slowest
}

#[tokio::test]
async fn a_migration_that_waits_behind_a_long_read_stops_no_traffic_and_succeeds_in_the_end() {
    with_database(async |fresh| {
        let reader = fresh.database.transaction(async |c: &mut Connection| {
            c.fetch_one("SELECT COUNT(*) FROM tbl_async_task").await?;
            let other = fresh.another(1);
            Ok::<_, StoreError>(slowest_read(&other, 5_500).await)
        });
        let migrator = async {
            sleep(Duration::from_millis(300)).await;
            migrate_by(
                &fresh.database,
                29_991_231_235_959,
                "ALTER TABLE tbl_async_task ADD COLUMN added INT NULL;\n",
            )
            .await
        };
        let (slowest, migrated) = join(reader, migrator).await;
        migrated.unwrap();
        let slowest = slowest.unwrap();
        assert!(slowest < Duration::from_secs(4), "{slowest:?}");
        execute(fresh, "SELECT added FROM tbl_async_task").await;
        assert_eq!(
            read_number(fresh, "SELECT MIN(success) FROM _sqlx_migrations").await,
            1
        );
    })
    .await;
}

#[tokio::test]
async fn a_migration_that_never_gets_its_table_says_so_and_can_be_run_again() {
    with_database(async |fresh| {
        let sql = "ALTER TABLE tbl_async_task ADD COLUMN added INT NULL;\n";
        let hasty = fresh.another_bounded(1, Duration::from_secs(4));
        let holder = fresh.database.transaction(async |c: &mut Connection| {
            c.fetch_one("SELECT COUNT(*) FROM tbl_async_task").await?;
            Ok::<_, StoreError>(migrate_by(&hasty, 29_991_231_235_959, sql).await)
        });
        let fault = holder.await.unwrap().unwrap_err().to_string();
        assert!(fault.contains("a transaction that does not end"), "{fault}");
        migrate_by(&fresh.database, 29_991_231_235_959, sql)
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_process_that_waits_in_vain_for_another_one_that_migrates_says_so() {
    with_database(async |fresh| {
        let mut other = Connection::connect(&fresh.url).await.unwrap();
        let lock = "DO GET_LOCK(CONCAT('migrate ', SHA2(DATABASE(), 224)), 0)";
        other.execute(lock).await.unwrap();
        let hasty = fresh.another_bounded(1, Duration::from_secs(2));
        let fault = migrate(&hasty).await.unwrap_err().to_string();
        assert_eq!(
            fault,
            "migrations: another process has been migrating this database for 1 s: run this again when it has ended"
        );
    })
    .await;
}

#[tokio::test]
async fn a_foreign_task_table_is_named_and_nothing_is_changed() {
    with_database(async |fresh| {
        execute(fresh, "CREATE TABLE theirs (id INT)").await;
        let sql = "CREATE TABLE ours (id INT);\nCREATE TABLE theirs (id INT);\n";
        for _ in 0..2 {
            let fault = migrate_by(&fresh.database, 29_991_231_235_959, sql)
                .await
                .unwrap_err();
            assert!(!fault.is_retryable());
            let text = fault.to_string();
            assert!(
                text.contains("table theirs exists already") && text.contains("DATABASE_URL"),
                "{text}"
            );
        }
        execute(fresh, "DROP TABLE theirs").await;
        migrate_by(&fresh.database, 29_991_231_235_959, sql)
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_migration_that_died_half_way_is_named_with_what_to_do() {
    with_database(async |fresh| {
        execute(
            fresh,
            "UPDATE _sqlx_migrations SET success = FALSE ORDER BY version DESC LIMIT 1",
        )
        .await;
        let fault = migrate(&fresh.database).await.unwrap_err().to_string();
        assert!(fault.contains("was begun and not ended"), "{fault}");
    })
    .await;
}
