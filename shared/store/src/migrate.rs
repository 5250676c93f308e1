//! The migrations, embedded in the binary that runs them.

use sqlx::migrate::{Migrate, Migrator};

use crate::database::{Connection, Database};
use crate::error::{Result, StoreError};

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// Brings the database to this version's schema. Safe to call again and from several processes at once: they
/// wait for each other on a lock of the server.
pub async fn migrate(database: &Database) -> Result<()> {
    database
        .run(async |connection: &mut Connection| {
            connection
                .ensure_migrations_table()
                .await
                .map_err(unwrapped)?;
            MIGRATOR.run_direct(connection).await.map_err(unwrapped)
        })
        .await
}

fn unwrapped(error: sqlx::migrate::MigrateError) -> StoreError {
    match error {
        sqlx::migrate::MigrateError::Execute(inner)
        | sqlx::migrate::MigrateError::ExecuteMigration(inner, _) => inner.into(),
        other => sqlx::Error::Migrate(Box::new(other)).into(),
    }
}
