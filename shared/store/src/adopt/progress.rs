//! `tbl_adoption`: how far an adoption is.

use sqlx::{Executor as _, Row as _};

use super::tables::{self, TRIGGERS};
use super::{names, number};
use crate::connections::Connection;
use crate::error::Result;

/// How far the copy is.
#[derive(Debug)]
pub(super) struct Progress {
    /// The largest key that is copied.
    pub(super) copied_to: i64,
    /// Rows copied.
    pub(super) rows: i64,
}

impl Progress {
    /// Tells whether the end of the original's table was reached: every later change is in the log.
    pub(super) const fn is_copied(&self) -> bool {
        self.copied_to == i64::MAX
    }
}

/// Finds an adoption that died. An adoption without its triggers has missed changes, and one of another version has another
/// table: neither goes on.
pub(super) async fn left(connection: &mut Connection, create: &str) -> Result<Option<Progress>> {
    const READ: &str = "
        SELECT copied_to, row_count FROM tbl_adoption
        WHERE id = 1 AND schema_hash = SHA2(?, 256)";
    for table in [
        names::PROGRESS,
        names::SHADOW,
        names::CHANGES,
        names::ADOPTED,
    ] {
        if !tables::exists(connection, table).await? {
            return Ok(None);
        }
    }
    let triggers = format!(
        "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = DATABASE() \
         AND event_object_table = '{}' AND trigger_name IN ('{}')",
        names::TASKS,
        TRIGGERS.join("', '")
    );
    if number(connection, &triggers).await? < 3 {
        return Ok(None);
    }
    let row = sqlx::query(READ).bind(create);
    let row = row.fetch_optional(connection).await?;
    row.map(|row| {
        Ok(Progress {
            copied_to: row.try_get("copied_to")?,
            rows: row.try_get("row_count")?,
        })
    })
    .transpose()
}

/// Begins the copy. From here on no change is missed.
pub(super) async fn begin(connection: &mut Connection, create: &str) -> Result<Progress> {
    const BEGIN: &str = "
        INSERT INTO tbl_adoption (id, copied_to, row_count, schema_hash, begun_at)
        VALUES (1, ?, 0, SHA2(?, 256), NOW(3))";
    let begin = -i64::MAX;
    let stored = sqlx::query(BEGIN).bind(begin).bind(create);
    stored.execute(connection).await?;
    Ok(Progress {
        copied_to: begin,
        rows: 0,
    })
}

/// Stores how far the copy is.
pub(super) async fn note(connection: &mut Connection, progress: &Progress) -> Result<()> {
    const NOTE: &str = "
        UPDATE tbl_adoption SET copied_to = ?, row_count = ? WHERE id = 1";
    let noted = sqlx::query(NOTE)
        .bind(progress.copied_to)
        .bind(progress.rows);
    noted.execute(connection).await?;
    Ok(())
}

/// Counts the rows that are copied; 0 before the copy begins.
pub(super) async fn rows(connection: &mut Connection) -> Result<i64> {
    if !tables::exists(connection, names::PROGRESS).await? {
        return Ok(0);
    }
    let row = connection
        .fetch_one("SELECT COALESCE(MAX(row_count), 0) FROM tbl_adoption")
        .await?;
    Ok(row.try_get_unchecked(0)?)
}
