//! The migrations, embedded in the binary that runs them.

mod server;
mod statements;

use std::time::{Duration, Instant};

use sqlx::migrate::{Migrate as _, MigrateError, Migration, MigrationType};
use sqlx::{Executor as _, Row as _};
use tokio::time::sleep;

use crate::adopt::{self, Adoption, Found, Terms};
use crate::connections::Connection;
use crate::database::Database;
use crate::error::{Result, StoreError};

use statements::{created, statements};

/// How long to leave the way free for others after a lock of a table was waited for in vain, the first time.
const PAUSE: Duration = Duration::from_secs(1);
/// How long after many times.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Brings the database to this version's schema. Safe to call again and from several processes at once: they
/// wait for each other on a lock of the server. MySQL cannot undo a change of structure, so the database's bound of a
/// unit of work must be longer than the longest migration takes.
///
/// A database that has later migrations is as good: they only add (migrations/README.md), and a deployment that is
/// rolled back finds them.
pub async fn migrate(database: &Database) -> Result<()> {
    apply(database, &steps(), Terms::default()).await
}

/// Version, description and text of each migration, oldest first: written by build.rs.
#[expect(clippy::unreadable_literal, reason = "a version is a UTC stamp")]
const STEPS: &[(i64, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// Lists the embedded migrations, oldest first.
pub(crate) fn steps() -> Vec<Migration> {
    let step = |&(version, description, sql): &(i64, &'static str, &'static str)| {
        let kind = MigrationType::Simple;
        Migration::new(version, description.into(), kind, sql.into(), false)
    };
    STEPS.iter().map(step).collect()
}

/// Runs the steps that the database does not have yet.
pub(crate) async fn apply(database: &Database, steps: &[Migration], terms: Terms) -> Result<()> {
    let patience = database.bound() * 3 / 4;
    let end = Instant::now() + patience;
    database
        .run(async |c: &mut Connection| {
            server::check(c).await?;
            lock(c, patience).await?;
            // Whoever comes after a statement that waits for a table waits as well: a second at a time is bearable.
            c.execute("SET lock_wait_timeout = 1, innodb_lock_wait_timeout = 1")
                .await?;
            let mut open = open_steps(c, steps).await?;
            let adopted = original_table(c, &open).await?;
            refuse_foreign_tables(c, &open, adopted.is_some()).await?;
            if let Some((step, create)) = &adopted {
                let adoption = Adoption {
                    database,
                    create,
                    end,
                    terms,
                };
                adoption.run(c).await?;
                note_adopted(c, step).await?;
                open.retain(|open| open.version != step.version);
            }
            for step in open {
                run(c, step, end).await?;
            }
            c.execute("DO RELEASE_ALL_LOCKS()").await?;
            c.execute("SET lock_wait_timeout = 2, innodb_lock_wait_timeout = 2")
                .await?;
            Ok(())
        })
        .await
}

/// Waits for other processes that migrate this database. Closing the connection frees the lock.
async fn lock(connection: &mut Connection, patience: Duration) -> Result<()> {
    let seconds = patience.as_secs().max(1);
    let sql = format!(
        "SELECT GET_LOCK(CONCAT('migrate ', SHA2(DATABASE(), 224)), {seconds}) = 1 AS has_lock"
    );
    let row = connection.fetch_one(&*sql).await?;
    match row.try_get::<Option<i64>, _>("has_lock")? {
        Some(1) => Ok(()),
        _ => Err(StoreError::Migration(format!(
            "another process has been migrating this database for {seconds} s: run this again when it has ended"
        ))),
    }
}

/// The version of the first migration: earlier ones were never released.
const FIRST: i64 = 20_261_128_090_000;

/// Reads the steps that have not run here.
async fn open_steps<'s>(
    connection: &mut Connection,
    steps: &'s [Migration],
) -> Result<Vec<&'s Migration>> {
    connection
        .ensure_migrations_table()
        .await
        .map_err(unwrapped)?;
    if let Some(version) = connection.dirty_version().await.map_err(unwrapped)? {
        return Err(StoreError::Migration(format!(
            "migration {version} was begun and not ended: compare its file with the schema and complete it by hand, then \
             UPDATE _sqlx_migrations SET success = TRUE WHERE version = {version}, or DELETE that row when nothing of it is there"
        )));
    }
    let applied = connection
        .list_applied_migrations()
        .await
        .map_err(unwrapped)?;
    if let Some(old) = applied.iter().find(|applied| applied.version < FIRST) {
        return Err(StoreError::Migration(format!(
            "this database was made by a version before 0.1.0 (migration {}): create it anew, \
             a private local one by `make clean-data`; nothing was changed",
            old.version
        )));
    }
    let mut open = Vec::new();
    for step in steps {
        match applied
            .iter()
            .find(|applied| applied.version == step.version)
        {
            None => open.push(step),
            Some(applied) if applied.checksum == step.checksum => {}
            Some(_) => {
                return Err(StoreError::Migration(format!(
                    "migration {} was edited after it ran here: restore its file, and put the change into a new one",
                    step.version
                )));
            }
        }
    }
    Ok(open)
}

/// Finds the open step that creates the task table, and its statement, where that table is the original service's.
async fn original_table<'s>(
    connection: &mut Connection,
    open: &[&'s Migration],
) -> Result<Option<(&'s Migration, String)>> {
    let creates = |sql: &String| created(sql) == Some(adopt::TASKS);
    let step = open.iter().find_map(|step| {
        let create = statements(&step.sql).into_iter().find(creates)?;
        Some((*step, create))
    });
    match (step, adopt::find(connection).await?) {
        (Some(step), Found::Original | Found::Swapped) => Ok(Some(step)),
        _ => Ok(None),
    }
}

/// Notes that a step is done whose only statement creates the table that was adopted.
async fn note_adopted(connection: &mut Connection, step: &Migration) -> Result<()> {
    const NOTE: &str = "
        INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (?, ?, TRUE, ?, 0)";
    let noted = sqlx::query(NOTE)
        .bind(step.version)
        .bind(&*step.description)
        .bind(&*step.checksum);
    noted.execute(connection).await?;
    Ok(())
}

/// Refuses a database that has tables of these names which no migration has made: another application's.
async fn refuse_foreign_tables(
    connection: &mut Connection,
    open: &[&Migration],
    adopts: bool,
) -> Result<()> {
    for step in open {
        let texts = statements(&step.sql);
        let tables = texts.iter().filter_map(|sql| created(sql));
        for table in tables.filter(|table| !(adopts && *table == adopt::TASKS)) {
            let sql = "SELECT COUNT(*) AS found FROM information_schema.tables \
                       WHERE table_schema = DATABASE() AND table_name = ?";
            let row = sqlx::query(sql)
                .bind(table)
                .fetch_one(&mut *connection)
                .await?;
            if row.try_get_unchecked::<i64, _>("found")? > 0 {
                return Err(StoreError::Migration(format!(
                    "table {table} exists already and is neither ours nor the original task service's: \
                     name an empty schema in DATABASE_URL, or rename that table; nothing was changed"
                )));
            }
        }
    }
    Ok(())
}

/// Runs one step, statement by statement. It counts as begun until its last statement has succeeded.
async fn run(connection: &mut Connection, step: &Migration, end: Instant) -> Result<()> {
    let start = Instant::now();
    let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
               VALUES (?, ?, FALSE, ?, -1)";
    let begun = sqlx::query(sql)
        .bind(step.version)
        .bind(&*step.description)
        .bind(&*step.checksum);
    begun.execute(&mut *connection).await?;
    for (done, statement) in statements(&step.sql).iter().enumerate() {
        if let Err(fault) = patiently(connection, statement, end).await {
            if done == 0 {
                let sql = "DELETE FROM _sqlx_migrations WHERE version = ?";
                let forget = sqlx::query(sql).bind(step.version);
                let forgotten = forget.execute(&mut *connection).await.is_ok();
                tracing::debug!(forgotten, "nothing of the migration was done");
            }
            return Err(fault);
        }
    }
    let sql = "UPDATE _sqlx_migrations SET success = TRUE, execution_time = ? WHERE version = ?";
    let nanoseconds = i64::try_from(start.elapsed().as_nanos()).unwrap_or(i64::MAX);
    let ended = sqlx::query(sql).bind(nanoseconds).bind(step.version);
    ended.execute(connection).await?;
    Ok(())
}

/// Runs a statement again and again while its table is in use for longer than a second, with pauses in which the statements
/// that wait behind it go on.
async fn patiently(connection: &mut Connection, sql: &str, end: Instant) -> Result<()> {
    let mut pause = PAUSE;
    loop {
        let fault = match connection.execute(sql).await {
            Ok(_) => return Ok(()),
            Err(error) => StoreError::from(error),
        };
        if !fault.is_lost() {
            return Err(fault);
        }
        if Instant::now() + pause >= end {
            let line = sql.lines().next().unwrap_or_default();
            let oldest = adopt::oldest_transaction(connection).await;
            return Err(StoreError::Migration(format!(
                "a transaction that does not end keeps a table from being changed ({line}): \
                 end it (SHOW PROCESSLIST), then run this again{oldest}"
            )));
        }
        tracing::info!("a table is in use; its migration waits");
        sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

fn unwrapped(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(inner) | MigrateError::ExecuteMigration(inner, _) => inner.into(),
        other => sqlx::Error::Migrate(Box::new(other)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_that_creates_the_task_table_does_nothing_else() {
        let first = &steps()[0];
        let statements = statements(&first.sql);
        assert_eq!(statements.len(), 1);
        assert_eq!(created(&statements[0]), Some(adopt::TASKS));
    }

    #[test]
    fn every_statement_of_a_migration_begins_with_its_verb() {
        for step in steps() {
            for statement in statements(&step.sql) {
                let verb = statement.split(' ').next().unwrap_or_default();
                assert!(
                    [
                        "CREATE", "ALTER", "DROP", "RENAME", "INSERT", "UPDATE", "DELETE"
                    ]
                    .contains(&verb),
                    "{}: {statement}",
                    step.version
                );
            }
        }
    }
}
