//! The migrations, embedded in the binary that runs them.

use sqlx::migrate::Migrator;
use sqlx::{Executor as _, Row as _};

use crate::connections::Connection;
use crate::database::Database;
use crate::error::{Result, StoreError};

/// This version's migrations. A database that has later ones is as good: they only add (migrations/README.md), and a
/// deployment that is rolled back finds them.
fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("../../migrations");
    migrator.set_ignore_missing(true);
    migrator
}

/// Brings the database to this version's schema. Safe to call again and from several processes at once: they
/// wait for each other on a lock of the server. MySQL cannot undo a change of structure, so the database's bound of a
/// unit of work must be longer than the longest migration takes.
pub async fn migrate(database: &Database) -> Result<()> {
    database
        .run(async |connection: &mut Connection| {
            lock(connection).await?;
            let migrating = migrator();
            migrating.run_direct(connection).await.map_err(unwrapped)?;
            connection.execute("DO RELEASE_ALL_LOCKS()").await?;
            Ok(())
        })
        .await
}

/// Waits for other processes that migrate this database. sqlx does so too, with a time that MariaDB takes for no
/// time at all. Closing the connection frees the lock.
async fn lock(connection: &mut Connection) -> Result<()> {
    let row = connection
        .fetch_one("SELECT GET_LOCK(CONCAT('migrate ', SHA2(DATABASE(), 224)), 3600) = 1")
        .await?;
    match row.try_get::<Option<i64>, _>(0)? {
        Some(1) => Ok(()),
        _ => Err(StoreError::Unreadable("the migrations' lock")),
    }
}

fn unwrapped(error: sqlx::migrate::MigrateError) -> StoreError {
    match error {
        sqlx::migrate::MigrateError::Execute(inner)
        | sqlx::migrate::MigrateError::ExecuteMigration(inner, _) => inner.into(),
        other => sqlx::Error::Migrate(Box::new(other)).into(),
    }
}
