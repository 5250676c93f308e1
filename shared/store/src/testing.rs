//! For tests: an empty, migrated database each, on the server that `TEST_DATABASE_URL` names.

mod shelf;

use std::time::Duration;

use sqlx::{Connection as _, Executor as _};

pub use self::shelf::Shelved;
pub use crate::adopt::{Stop, Terms};
use crate::{Connection, Database, DatabaseConfig, Result, RowUser, grant_rows};

/// A database of a test's own.
#[derive(Debug)]
pub struct TestDatabase {
    /// Connected to it, with room for some concurrent work.
    pub database: Database,
    /// Its URL, for other processes and connections.
    pub url: String,
}

impl TestDatabase {
    /// Opens another set of connections to the same database, as another process would.
    #[must_use]
    pub fn another(&self, connections: usize) -> Database {
        Database::new(config(&self.url, connections))
    }

    /// Opens the same database as a user who may work with rows only.
    ///
    /// # Panics
    /// When the user of `TEST_DATABASE_URL` may not create users.
    pub async fn by_rows_only(&self) -> Self {
        let (_, address) = self.url.split_once('@').expect("a URL with a user");
        let name = self.name();
        let url = format!("mysql://{name}:{name}@{address}");
        let user = RowUser::parse(&url).expect("a plain user");
        let granted = grant_rows(&self.database, &user).await;
        granted.expect("the user of TEST_DATABASE_URL may create users");
        Self {
            database: Database::new(config(&url, 8)),
            url,
        }
    }

    /// Opens the same database as a user.
    ///
    /// # Panics
    /// When this database's own URL has no user, which cannot be.
    #[must_use]
    pub fn by(&self, user: &str, password: &str) -> Database {
        let (_, address) = self.url.split_once('@').expect("a URL with a user");
        let url = format!("mysql://{user}:{password}@{address}");
        Database::new(config(&url, 1))
    }

    /// Returns the database's name, and its row user's.
    fn name(&self) -> &str {
        let path = self.url.rsplit('/').next().unwrap_or_default();
        path.split('?').next().unwrap_or_default()
    }

    /// Opens another set of connections whose units may take as long as `bound`.
    ///
    /// # Panics
    /// When this database's own URL is none, which cannot be.
    #[must_use]
    pub fn another_bounded(&self, connections: usize, bound: Duration) -> Database {
        let config = DatabaseConfig::parse(&self.url, connections, bound);
        Database::new(config.expect("the URL of this database"))
    }
}

/// Runs a test as [`with_database`] does, but as a user who has the rights of a deployed function: on rows, and no others.
pub async fn with_rows_only<T>(test: impl AsyncFnOnce(&TestDatabase) -> T) -> T {
    with_database(async |owned| test(&owned.by_rows_only().await).await).await
}

/// Runs a migration of the test's own.
pub async fn migrate_by(database: &Database, version: i64, sql: &'static str) -> Result<()> {
    let kind = sqlx::migrate::MigrationType::Simple;
    let step = sqlx::migrate::Migration::new(version, "of a test".into(), kind, sql.into(), false);
    crate::migrate::apply(database, &[step], Terms::default()).await
}

/// Migrates as [`migrate()`](crate::migrate()) does, adopting a table of the original in steps of the test's own, and dying where it says.
pub async fn migrate_in_steps(database: &Database, terms: Terms) -> Result<()> {
    crate::migrate::apply(database, &crate::migrate::steps(), terms).await
}

/// Makes the session of a connection of the test's own one of ours, whatever it was before.
pub async fn begin_session(connection: &mut Connection) -> Result<()> {
    crate::connections::begin_session(connection)
        .await
        .map(drop)
}

/// Runs a test with a database of its own in which nothing is, not even a table. It is dropped when the test passes.
///
/// # Panics
/// As [`with_database`].
pub async fn with_empty_database<T>(test: impl AsyncFnOnce(&TestDatabase) -> T) -> T {
    let server = server();
    let name = format!("test_{:016x}", fastrand::u64(..));
    run(
        &server,
        &format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"),
    )
    .await;
    let fresh = opened(&url_of(&server, &name));
    let end = test(&fresh).await;
    drop(fresh);
    run(
        &server,
        &format!("DROP DATABASE {name}; DROP USER IF EXISTS '{name}'@'%'"),
    )
    .await;
    end
}

/// Runs a test with a migrated, empty database that no other test has meanwhile.
///
/// # Panics
/// When `TEST_DATABASE_URL` names no server, or a user that may not create databases: `make test` sets it.
pub async fn with_database<T>(test: impl AsyncFnOnce(&TestDatabase) -> T) -> T {
    let shelved = Shelved::take().await;
    let fresh = opened(shelved.url());
    let end = test(&fresh).await;
    drop(fresh);
    shelved.give_back().await;
    end
}

/// Returns the URL of the server with the tests' databases.
fn server() -> String {
    std::env::var("TEST_DATABASE_URL").expect("TEST_DATABASE_URL: run the tests with `make test`")
}

/// Returns the URL of a database of a server.
fn url_of(server: &str, name: &str) -> String {
    let (base, options) = server.split_once('?').unwrap_or((server, ""));
    let base = base.trim_end_matches(|c| c != '/');
    format!("{base}{name}?{options}")
}

fn opened(url: &str) -> TestDatabase {
    TestDatabase {
        database: Database::new(config(url, 8)),
        url: url.to_owned(),
    }
}

fn config(url: &str, connections: usize) -> DatabaseConfig {
    DatabaseConfig::parse(url, connections, Duration::from_mins(1)).expect("a database URL")
}

async fn run(server: &str, sql: &str) {
    let mut connection = Connection::connect(server)
        .await
        .expect("the server of TEST_DATABASE_URL answers");
    connection
        .execute(sql)
        .await
        .expect("the user of TEST_DATABASE_URL may create databases");
}
