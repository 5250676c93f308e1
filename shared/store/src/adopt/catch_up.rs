//! The changes of the original's rows since the adoption began.

use std::collections::BTreeSet;

use sqlx::mysql::MySqlRow;
use sqlx::{Executor as _, Row as _};

use super::copy::{displace, holders, keys};
use super::names::{ADOPTED, CHANGES, SHADOW, TASKS};
use super::original::{self, Original};
use crate::connections::Connection;
use crate::error::Result;

/// The most changes of one step.
const STEP: usize = 200;

/// Lines of the log.
#[derive(Debug, Default)]
struct Changes {
    lines: Vec<i64>,
    ids: BTreeSet<i64>,
    own_ids: BTreeSet<String>,
}

/// Makes the oldest changes in the new table, in one transaction; answers how many.
pub(super) async fn step(connection: &mut Connection, original: &Original) -> Result<usize> {
    connection.execute("START TRANSACTION").await?;
    let count = within(connection, original).await?;
    connection.execute("COMMIT").await?;
    Ok(count)
}

/// Makes the oldest changes in the transaction of the caller.
///
/// A line of the log that is seen is committed, and so is its row: what is read of the row is this change or a later one,
/// which has a line of its own. Rows that are not copied yet are left to the copy.
pub(super) async fn within(connection: &mut Connection, original: &Original) -> Result<usize> {
    let mut changes = read(connection).await?;
    if changes.lines.is_empty() {
        return Ok(0);
    }
    if !changes.ids.is_empty() {
        refresh(connection, original, &mut changes).await?;
    }
    for own_id in &changes.own_ids {
        give(connection, own_id).await?;
    }
    let lines = keys(changes.lines.iter().copied());
    let made = format!("DELETE FROM {CHANGES} WHERE seq IN ({lines})");
    connection.execute(&*made).await?;
    Ok(changes.lines.len())
}

async fn read(connection: &mut Connection) -> Result<Changes> {
    let row = connection
        .fetch_one("SELECT copied_to FROM tbl_adoption WHERE id = 1")
        .await?;
    let copied_to: i64 = row.try_get("copied_to")?;
    let sql = format!(
        "SELECT seq, old_id, new_id, NULLIF(old_own_id, '') AS old_own_id, NULLIF(new_own_id, '') AS new_own_id \
         FROM {CHANGES} ORDER BY seq LIMIT {STEP}"
    );
    let mut changes = Changes::default();
    for row in connection.fetch_all(&*sql).await? {
        changes.lines.push(row.try_get("seq")?);
        for column in ["old_id", "new_id"] {
            let id: Option<i64> = row.try_get(column)?;
            changes.ids.extend(id.filter(|id| *id <= copied_to));
        }
        for column in ["old_own_id", "new_own_id"] {
            let own_id: Option<String> = row.try_get_unchecked(column)?;
            changes.own_ids.extend(own_id);
        }
    }
    Ok(changes)
}

/// Copies rows again as they are now, or are no more. Each is listed as if it had lost its id: [`give`] decides.
async fn refresh(
    connection: &mut Connection,
    original: &Original,
    changes: &mut Changes,
) -> Result<()> {
    let which = format!("id IN ({})", keys(changes.ids.iter().copied()));
    original.sight(connection, &which).await?;
    for table in [SHADOW, ADOPTED] {
        let sql =
            format!("SELECT user_task_id FROM {table} WHERE {which} AND user_task_id IS NOT NULL");
        let rows = connection.fetch_all(&*sql).await?;
        let own_id = |row: &MySqlRow| row.try_get_unchecked::<String, _>("user_task_id");
        for row in &rows {
            changes.own_ids.insert(own_id(row)?);
        }
        let old = format!("DELETE FROM {table} WHERE {which}");
        connection.execute(&*old).await?;
    }
    original::insert(connection, "NULL", &which).await?;
    let listed = format!(
        "INSERT INTO {ADOPTED} (id, user_task_id) SELECT id, user_task_id FROM {TASKS} WHERE {which} AND user_task_id <> ''"
    );
    connection.execute(&*listed).await?;
    Ok(())
}

/// Gives an id to the newest of the rows that have it in the original.
async fn give(connection: &mut Connection, own_id: &str) -> Result<()> {
    let sql = format!("SELECT MAX(id) AS newest FROM {ADOPTED} WHERE user_task_id = ?");
    let row = sqlx::query(&sql).bind(own_id);
    let row = row.fetch_one(&mut *connection).await?;
    let Some(newest) = row.try_get::<Option<i64>, _>("newest")? else {
        return Ok(());
    };
    let holders = holders(connection, std::iter::once(own_id)).await?;
    if holders.iter().any(|(holder, _)| *holder > newest) {
        return Ok(());
    }
    displace(connection, &holders).await?;
    let sql = format!(
        "UPDATE {SHADOW} SET user_task_id = (SELECT user_task_id FROM {ADOPTED} WHERE id = ?) WHERE id = ?"
    );
    let given = sqlx::query(&sql).bind(newest).bind(newest);
    // A row that went between two statements: its line of the log comes.
    if given.execute(&mut *connection).await?.rows_affected() == 1 {
        let sql = format!("DELETE FROM {ADOPTED} WHERE id = ?");
        sqlx::query(&sql).bind(newest).execute(connection).await?;
    }
    Ok(())
}
