//! The swap: the original's table and this version's change their names at once.
//!
//! MariaDB renames no table under `LOCK TABLES`, so two connections work together. One locks the original and makes its last
//! changes; the other asks for the renaming meanwhile and waits. A waiting renaming goes before every waiting writer. When the
//! first connection dies, the renaming must not happen: until everything is caught up, a guard, a table of the name that the
//! original is to get, is in its way.

use std::time::{Duration, Instant};

use sqlx::Executor as _;
use tokio::time::sleep;

use super::names::{ADOPTED, CHANGES, KEPT, PROGRESS, SHADOW, TASKS};
use super::original::{self, Original};
use super::{Adoption, Found, Stop, catch_up, find, wait};
use crate::connections::Connection;
use crate::error::{Result, StoreError};

/// How long the original may be locked before the renaming.
pub(super) const LONGEST_LOCK: Duration = Duration::from_millis(300);
/// The only column of a guard.
const GUARD: &str = "guard_of_the_swap";

/// Removes a guard that an earlier try has left.
pub(super) async fn remove_guard(connection: &mut Connection) -> Result<()> {
    let columns = original::column_names(connection, KEPT).await?;
    if columns == [GUARD] {
        connection.execute(&*format!("DROP TABLE {KEPT}")).await?;
    }
    Ok(())
}

impl Adoption<'_> {
    /// Swaps the tables; `false` when the original was in use for too long, and nothing was changed.
    pub(super) async fn swap(
        &self,
        connection: &mut Connection,
        original: &Original,
    ) -> Result<bool> {
        remove_guard(connection).await?;
        let guard = format!("CREATE TABLE {KEPT} ({GUARD} TINYINT NULL)");
        connection.execute(&*guard).await?;
        let mut renamer = self.database.open_apart().await?;
        let id = wait::connection_id(&mut renamer).await?;
        connection.execute("SET autocommit = 0").await?;
        let tables = [TASKS, SHADOW, CHANGES, ADOPTED, PROGRESS, KEPT];
        let lock = format!("LOCK TABLES {} WRITE", tables.join(" WRITE, "));
        if wait::briefly(self.database, connection, &lock).await? {
            let renaming = tokio::spawn(async move {
                let sql = format!("RENAME TABLE {TASKS} TO {KEPT}, {SHADOW} TO {TASKS}");
                renamer.execute(&*sql).await.map(drop)
            });
            let released = self.caught_up(connection, original, id).await;
            self.die_locked(&released)?;
            if released.is_err() {
                // The end of the lock would commit it.
                connection.execute("ROLLBACK").await?;
            }
            connection.execute("UNLOCK TABLES").await?;
            let is_done = renaming.await.is_ok_and(|end| end.is_ok());
            tracing::debug!(is_done, "the renaming has ended");
            released?;
        }
        connection.execute("SET autocommit = 1").await?;
        Ok(find(connection).await? == Found::Swapped)
    }

    /// Makes the last changes under the lock and, once the renaming waits, takes its guard away; `false` when that takes too long.
    async fn caught_up(
        &self,
        connection: &mut Connection,
        original: &Original,
        renamer: u64,
    ) -> Result<bool> {
        let begin = Instant::now();
        while catch_up::within(connection, original).await? > 0 {
            if begin.elapsed() > LONGEST_LOCK {
                connection.execute("ROLLBACK").await?;
                return Ok(false);
            }
        }
        connection.execute("COMMIT").await?;
        while !wait::waits_for_table(connection, renamer).await? {
            if begin.elapsed() > LONGEST_LOCK {
                return Ok(false);
            }
            sleep(Duration::from_millis(2)).await;
        }
        self.stop_at(Stop::Locked)?;
        connection.execute(&*format!("DROP TABLE {KEPT}")).await?;
        self.stop_at(Stop::Released)?;
        Ok(true)
    }

    /// Lets a test die without a word to the server.
    fn die_locked(&self, released: &Result<bool>) -> Result<()> {
        match (self.terms.stop, released) {
            (Some(Stop::Locked | Stop::Released), Err(fault)) => {
                Err(StoreError::Migration(fault.to_string()))
            }
            _ => Ok(()),
        }
    }
}
