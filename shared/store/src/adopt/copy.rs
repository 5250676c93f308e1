//! The copy of the original's rows, in the order of their keys.

use std::collections::HashMap;

use sqlx::{Executor as _, QueryBuilder, Row as _};

use super::names::{ADOPTED, SHADOW};
use super::original::{self, Original, Sighted};
use super::progress::{self, Progress};
use crate::connections::Connection;
use crate::error::{Result, StoreError};

/// The most bytes of texts in one step; a row that has more is a step of its own.
const STEP_BYTES: u64 = 4 << 20;
/// How often a step is tried whose rows change between its statements.
const TRIES: u32 = 5;

/// A row and the `user_task_id` that it loses to a newer one.
pub(super) type Loser = (i64, String);

/// Copies the next rows, in one transaction.
pub(super) async fn step(
    connection: &mut Connection,
    original: &Original,
    rows: u32,
    progress: &mut Progress,
) -> Result<()> {
    let mut attempt = 1;
    loop {
        connection.execute("START TRANSACTION").await?;
        match copied(connection, original, rows, progress).await {
            Ok(next) => {
                connection.execute("COMMIT").await?;
                *progress = next;
                return Ok(());
            }
            // A row that was changed after it was looked at has taken another's id, or cannot be kept any more.
            Err(fault) if fault.is_of_a_value() && attempt < TRIES => {
                connection.execute("ROLLBACK").await?;
                attempt += 1;
            }
            Err(fault) => return Err(fault),
        }
    }
}

async fn copied(
    connection: &mut Connection,
    original: &Original,
    rows: u32,
    progress: &Progress,
) -> Result<Progress> {
    let after = progress.copied_to;
    let which = format!("id > {after} ORDER BY id LIMIT {rows}");
    let mut found = original.sight(connection, &which).await?;
    let fits = fitting(&found);
    // A row that is committed after this has a line in the log that no step has read yet.
    let is_end = fits == found.len() && found.len() < rows as usize;
    found.truncate(fits);
    let Some(last) = found.last().map(|row| row.id) else {
        let end = Progress {
            copied_to: i64::MAX,
            rows: progress.rows,
        };
        progress::note(connection, &end).await?;
        return Ok(end);
    };
    let (owners, losers) = judge(&found);
    let holders = holders(connection, owners.keys().copied()).await?;
    displace(connection, &holders).await?;
    list(connection, &losers).await?;
    let which = format!("id > {after} AND id <= {last}");
    let inserted = original::insert(connection, &own_id(&losers), &which).await?;
    let next = Progress {
        copied_to: if is_end { i64::MAX } else { last },
        rows: progress.rows.saturating_add_unsigned(inserted),
    };
    progress::note(connection, &next).await?;
    Ok(next)
}

/// Counts rows from the front that are no more than a step; at least one.
fn fitting(rows: &[Sighted]) -> usize {
    let mut bytes = 0;
    let fits = rows.iter().take_while(|row| {
        bytes += row.bytes;
        bytes <= STEP_BYTES
    });
    fits.count().max(1)
}

/// Returns what the server compares of a `user_task_id`: trailing blanks do not count.
pub(super) fn trimmed(own_id: &str) -> &str {
    own_id.trim_end_matches(' ')
}

/// Returns for each `user_task_id` its newest row, and the older rows of the same id.
fn judge(rows: &[Sighted]) -> (HashMap<&str, i64>, Vec<Loser>) {
    let (mut owners, mut losers) = (HashMap::new(), Vec::new());
    for row in rows {
        let Some(own_id) = row.own_id.as_deref() else {
            continue;
        };
        if let Some(older) = owners.insert(trimmed(own_id), row.id) {
            losers.push((older, own_id.to_owned()));
        }
    }
    (owners, losers)
}

/// The SQL expression of a row's `user_task_id`: NULL for one that a newer row has.
fn own_id(losers: &[Loser]) -> String {
    if losers.is_empty() {
        return "NULLIF(user_task_id, '')".to_owned();
    }
    let keys = keys(losers.iter().map(|(id, _)| *id));
    format!("IF(id IN ({keys}), NULL, NULLIF(user_task_id, ''))")
}

/// Writes keys as a list of SQL.
pub(super) fn keys(ids: impl Iterator<Item = i64>) -> String {
    let texts: Vec<String> = ids.map(|id| id.to_string()).collect();
    texts.join(", ")
}

/// Reads which rows of the new table have these ids.
pub(super) async fn holders(
    connection: &mut Connection,
    own_ids: impl Iterator<Item = &str>,
) -> Result<Vec<Loser>> {
    let mut sql = QueryBuilder::new(format!(
        "SELECT id, user_task_id FROM {SHADOW} WHERE id_scope = '' AND user_task_id IN ("
    ));
    let mut names = sql.separated(", ");
    let mut count = 0;
    for own_id in own_ids {
        names.push_bind(own_id.to_owned());
        count += 1;
    }
    if count == 0 {
        return Ok(Vec::new());
    }
    sql.push(")");
    let rows = sql.build().persistent(false).fetch_all(connection).await?;
    let pair = |row: &sqlx::mysql::MySqlRow| {
        Ok::<_, StoreError>((row.try_get("id")?, row.try_get_unchecked("user_task_id")?))
    };
    rows.iter().map(pair).collect()
}

/// Takes the ids of rows of the new table away, and lists them.
pub(super) async fn displace(connection: &mut Connection, losers: &[Loser]) -> Result<()> {
    if losers.is_empty() {
        return Ok(());
    }
    let keys = keys(losers.iter().map(|(id, _)| *id));
    let clear = format!("UPDATE {SHADOW} SET user_task_id = NULL WHERE id IN ({keys})");
    connection.execute(&*clear).await?;
    list(connection, losers).await
}

/// Lists rows that have lost their id.
async fn list(connection: &mut Connection, losers: &[Loser]) -> Result<()> {
    if losers.is_empty() {
        return Ok(());
    }
    let mut sql = QueryBuilder::new(format!("INSERT INTO {ADOPTED} (id, user_task_id) "));
    sql.push_values(losers, |mut row, (id, own_id)| {
        row.push_bind(*id).push_bind(own_id);
    });
    sql.build().persistent(false).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, own_id: Option<&str>, bytes: u64) -> Sighted {
        let own_id = own_id.map(str::to_owned);
        Sighted { id, own_id, bytes }
    }

    #[test]
    fn of_rows_with_one_id_the_newest_keeps_it_and_the_others_lose_it() {
        let rows = [
            row(1, Some("a"), 0),
            row(2, None, 0),
            row(3, Some("a "), 0),
            row(4, Some("b"), 0),
            row(5, Some("a"), 0),
        ];
        let (owners, losers) = judge(&rows);
        assert_eq!((owners["a"], owners["b"], owners.len()), (5, 4, 2));
        assert_eq!(losers, [(1, "a ".to_owned()), (3, "a".to_owned())]);
        assert_eq!(
            own_id(&losers),
            "IF(id IN (1, 3), NULL, NULLIF(user_task_id, ''))"
        );
    }

    #[test]
    fn a_step_has_few_bytes_and_at_least_one_row() {
        let large = |id| row(id, None, STEP_BYTES / 2);
        assert_eq!(fitting(&[large(1), large(2), large(3)]), 2);
        assert_eq!(fitting(&[row(1, None, STEP_BYTES * 2), large(2)]), 1);
    }
}
