//! Adoption of the original service's `tbl_async_task`: a shadow table of this version is filled in key order beside the
//! running original, caught up by a log that triggers write, and swapped by one `RENAME`. docs/ADOPTING.md has it for people.
//!
//! The process may die at any moment: `tbl_adoption` holds how far the copy is, and the next run continues from that row.

mod catch_up;
mod copy;
mod names;
mod original;
mod progress;
mod swap;
mod tables;
mod wait;

use std::time::{Duration, Instant};

use sqlx::{Executor as _, Row as _};
use tokio::time::sleep;

use crate::connections::Connection;
use crate::database::Database;
use crate::error::{Result, StoreError};

use original::Original;
use progress::Progress;

pub(crate) use names::TASKS;
pub(crate) use wait::oldest_transaction;

/// The pause after a try that found the table in use: its users go on meanwhile.
const PAUSE: Duration = Duration::from_secs(1);
/// Changes that may be left when the table is locked for the swap, however long they took.
const FEW: usize = 50;

/// The point at which a test lets an adoption die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Tables and triggers exist; nothing is copied.
    Prepared,
    /// This number of steps was copied by this run.
    Copied(u32),
    /// The original is locked and caught up; the renaming waits.
    Locked,
    /// The renaming is free to go, the lock is still held.
    Released,
    /// The tables are swapped; nothing is cleared up.
    Swapped,
}

/// How an adoption is done.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The most rows of one step.
    pub rows: u32,
    /// Where it dies; for tests.
    pub stop: Option<Stop>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            rows: 1000,
            stop: None,
        }
    }
}

/// One run of an adoption.
pub(crate) struct Adoption<'a> {
    pub(crate) database: &'a Database,
    /// The statement that creates this version's table.
    pub(crate) create: &'a str,
    /// When it gives up until it is run again.
    pub(crate) end: Instant,
    pub(crate) terms: Terms,
}

/// What a database has under the name of the task table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// No table.
    Nothing,
    /// The original's table.
    Original,
    /// This version's table, swapped in by an adoption that has not ended.
    Swapped,
    /// A table of somebody else.
    Foreign,
}

/// Looks for a table to adopt.
pub(crate) async fn find(connection: &mut Connection) -> Result<Found> {
    let names = original::column_names(connection, names::TASKS).await?;
    if names.is_empty() {
        return Ok(Found::Nothing);
    }
    if names.iter().any(|name| name == "id_scope") {
        let swapped = tables::exists(connection, names::PROGRESS).await?;
        return Ok(if swapped {
            Found::Swapped
        } else {
            Found::Foreign
        });
    }
    let is_named_alike = original::COLUMNS
        .iter()
        .all(|column| names.iter().any(|name| name == column.name));
    Ok(if is_named_alike {
        Found::Original
    } else {
        Found::Foreign
    })
}

impl Adoption<'_> {
    /// Brings the original's table to this version's schema: every row, under the same key.
    pub(crate) async fn run(&self, connection: &mut Connection) -> Result<()> {
        if find(connection).await? == Found::Original {
            swap::remove_guard(connection).await?;
            let original = Original::read(connection).await?;
            let mut progress = self.prepared(connection).await?;
            self.stop_at(Stop::Prepared)?;
            self.copy_all(connection, &original, &mut progress).await?;
            self.swap_all(connection, &original).await?;
            tracing::info!(rows = progress.rows, "adopted the original's table");
            self.stop_at(Stop::Swapped)?;
        }
        tables::clear_up(connection).await
    }

    /// Finds what an earlier run has left, or begins.
    async fn prepared(&self, connection: &mut Connection) -> Result<Progress> {
        if let Some(progress) = progress::left(connection, self.create).await? {
            tracing::info!(rows = progress.rows, "goes on with an adoption");
            return Ok(progress);
        }
        for trigger in tables::TRIGGERS {
            let drop = format!("DROP TRIGGER IF EXISTS {trigger}");
            self.patiently(connection, &drop).await?;
        }
        tables::create_all(connection, self.create).await?;
        for sql in tables::logging() {
            self.patiently(connection, &sql).await?;
        }
        progress::begin(connection, self.create).await
    }

    async fn copy_all(
        &self,
        connection: &mut Connection,
        original: &Original,
        progress: &mut Progress,
    ) -> Result<()> {
        let mut steps = 0;
        while !progress.is_copied() {
            self.check_time(connection).await?;
            copy::step(connection, original, self.terms.rows, progress).await?;
            catch_up::step(connection, original).await?;
            steps += 1;
            if steps % 100 == 0 {
                tracing::info!(rows = progress.rows, "copies the original's table");
            }
            self.stop_at(Stop::Copied(steps))?;
        }
        Ok(())
    }

    /// Catches up until little is left, and swaps; again until the table is free for it.
    async fn swap_all(&self, connection: &mut Connection, original: &Original) -> Result<()> {
        tables::create_bridge(connection).await?;
        loop {
            while !is_nearly_caught_up(connection, original).await? {
                self.check_time(connection).await?;
            }
            if self.swap(connection, original).await? {
                return Ok(());
            }
            self.check_time(connection).await?;
            tracing::info!("the original's table is in use; its swap waits");
            sleep(PAUSE).await;
        }
    }

    /// Runs a statement that needs the table for itself, again and again, each time for so short that nobody waits long.
    async fn patiently(&self, connection: &mut Connection, sql: &str) -> Result<()> {
        while !wait::briefly(self.database, connection, sql)
            .await
            .map_err(explained)?
        {
            self.check_time(connection).await?;
            tracing::info!("the original's table is in use; its adoption waits");
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Gives up when the time is over, saying how far it is and who was in the way.
    async fn check_time(&self, connection: &mut Connection) -> Result<()> {
        if Instant::now() < self.end {
            return Ok(());
        }
        let rows = progress::rows(connection).await?;
        let oldest = wait::oldest_transaction(connection).await;
        Err(StoreError::Migration(format!(
            "the adoption of the original's {} has not ended in its time: {rows} rows are copied{oldest}. The original goes on \
             working; run this again, it goes on from there",
            names::TASKS
        )))
    }

    fn stop_at(&self, point: Stop) -> Result<()> {
        if self.terms.stop == Some(point) {
            return Err(StoreError::Migration(format!("stopped at {point:?}")));
        }
        Ok(())
    }
}

/// Makes a step of the changes; tells whether so little is left that it can be made under the lock: about as much as came during
/// this step. Writers that are quicker than a step is short would be chased for ever otherwise.
async fn is_nearly_caught_up(connection: &mut Connection, original: &Original) -> Result<bool> {
    let begin = Instant::now();
    let made = catch_up::step(connection, original).await?;
    let is_short = made < catch_up::STEP && begin.elapsed() < swap::LONGEST_LOCK / 2;
    Ok(made <= FEW || is_short)
}

/// Says what to do where the server does not let us make triggers.
fn explained(fault: StoreError) -> StoreError {
    match fault.number() {
        Some(1419) => StoreError::Migration(
            "the server writes a binary log and lets no user without SUPER make triggers, which adopting the original's table \
             needs: set log_bin_trust_function_creators to 1 (in RDS: in the parameter group), then run this again"
                .to_owned(),
        ),
        Some(1142 | 1227) => StoreError::Migration(format!(
            "adopting the original's table needs the right TRIGGER on this schema ({fault}): grant it, then run this again"
        )),
        _ => fault,
    }
}

/// Reads the number that a query answers.
async fn number(connection: &mut Connection, sql: &str) -> Result<i64> {
    let row = connection.fetch_one(sql).await?;
    Ok(row.try_get_unchecked(0)?)
}
