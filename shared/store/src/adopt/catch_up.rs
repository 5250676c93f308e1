//! The changes of the original's rows since the adoption began.

use std::collections::{BTreeSet, HashMap};

use sqlx::mysql::MySqlRow;
use sqlx::{Executor as _, QueryBuilder, Row as _};

use super::copy::{displace, holders, keys, trimmed};
use super::names::{ADOPTED, CHANGES, SHADOW, TASKS};
use super::original::{self, Original};
use crate::connections::Connection;
use crate::error::Result;

/// The most changes of one step.
pub(super) const STEP: usize = 500;

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
/// The transaction that changed a row wrote the log line, too: whoever reads the line finds the row as this change left it, or as
/// a later change did, whose own line follows. Rows after `copied_to` are left to the copy.
pub(super) async fn within(connection: &mut Connection, original: &Original) -> Result<usize> {
    let mut changes = read(connection).await?;
    if changes.lines.is_empty() {
        return Ok(0);
    }
    if !changes.ids.is_empty() {
        refresh(connection, original, &mut changes).await?;
    }
    give(connection, &changes.own_ids).await?;
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
        note_own_ids(connection, table, &which, changes).await?;
        let old = format!("DELETE FROM {table} WHERE {which}");
        connection.execute(&*old).await?;
    }
    original::insert(connection, "NULL", &which).await?;
    let listed = format!(
        "INSERT INTO {ADOPTED} (id, user_task_id) SELECT id, user_task_id FROM {TASKS} WHERE {which} AND user_task_id <> ''"
    );
    connection.execute(&*listed).await?;
    note_own_ids(connection, ADOPTED, &which, changes).await
}

/// Notes the ids that rows of one of our tables have.
async fn note_own_ids(
    connection: &mut Connection,
    table: &str,
    which: &str,
    changes: &mut Changes,
) -> Result<()> {
    let sql =
        format!("SELECT user_task_id FROM {table} WHERE {which} AND user_task_id IS NOT NULL");
    for row in connection.fetch_all(&*sql).await? {
        changes
            .own_ids
            .insert(row.try_get_unchecked("user_task_id")?);
    }
    Ok(())
}

/// Gives each id to the newest of the rows that have it in the original.
async fn give(connection: &mut Connection, own_ids: &BTreeSet<String>) -> Result<()> {
    let newest = newest(connection, own_ids).await?;
    let mut holders = holders(connection, newest.keys().map(String::as_str)).await?;
    let mut receivers = newest;
    holders.retain(|(holder, own_id)| {
        let own_id = trimmed(own_id);
        let is_older = receivers.get(own_id).is_some_and(|id| holder < id);
        if !is_older {
            receivers.remove(own_id);
        }
        is_older
    });
    displace(connection, &holders).await?;
    if receivers.is_empty() {
        return Ok(());
    }
    let which = keys(receivers.into_values());
    let given = format!(
        "UPDATE {SHADOW} JOIN {ADOPTED} ON {ADOPTED}.id = {SHADOW}.id \
         SET {SHADOW}.user_task_id = {ADOPTED}.user_task_id WHERE {SHADOW}.id IN ({which})"
    );
    connection.execute(&*given).await?;
    // A row that went between two statements stays listed: its line of the log comes.
    let unlisted = format!(
        "DELETE {ADOPTED} FROM {ADOPTED} JOIN {SHADOW} ON {SHADOW}.id = {ADOPTED}.id \
         WHERE {ADOPTED}.id IN ({which}) AND {SHADOW}.user_task_id IS NOT NULL"
    );
    connection.execute(&*unlisted).await?;
    Ok(())
}

/// Reads for each id the newest of the listed rows that had it.
async fn newest(
    connection: &mut Connection,
    own_ids: &BTreeSet<String>,
) -> Result<HashMap<String, i64>> {
    if own_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut sql = QueryBuilder::new(format!(
        "SELECT MAX(user_task_id) AS own_id, MAX(id) AS id FROM {ADOPTED} WHERE user_task_id IN ("
    ));
    let mut names = sql.separated(", ");
    for own_id in own_ids {
        names.push_bind(own_id);
    }
    sql.push(") GROUP BY user_task_id");
    let rows = sql.build().persistent(false).fetch_all(connection).await?;
    let pair = |row: &MySqlRow| {
        let own_id: String = row.try_get_unchecked("own_id")?;
        Ok((trimmed(&own_id).to_owned(), row.try_get("id")?))
    };
    rows.iter().map(pair).collect()
}
