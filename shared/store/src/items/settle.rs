//! Storing outcomes, and counting the tries of items that are worked by themselves.

use super::Outcome;
use crate::arguments::json;
use crate::chunks::Claimed;
use crate::connections::Connection;
use crate::error::Result;

/// The most bytes of outcomes in one statement, well under every server's packet limit.
const STATEMENT_BYTES: usize = 2 << 20;

/// Stores the outcomes of a claimed chunk's items; one that has an outcome, or was corrected and is worked in
/// another chunk, keeps its own.
pub async fn settle(
    connection: &mut Connection,
    claim: &Claimed,
    outcomes: &[Outcome],
) -> Result<()> {
    let mut rest = outcomes;
    while !rest.is_empty() {
        let (part, later) = rest.split_at(fitting(rest));
        settle_part(connection, claim, part).await?;
        rest = later;
    }
    Ok(())
}

/// Counts outcomes from the front that fit one statement; at least one.
fn fitting(outcomes: &[Outcome]) -> usize {
    let mut bytes = 0;
    let fits = outcomes.iter().take_while(|outcome| {
        // An escape or two a byte: the errors are JSON inside JSON.
        bytes += 64 + outcome.errors.as_ref().map_or(0, |errors| errors.len() * 2);
        bytes <= STATEMENT_BYTES
    });
    fits.count().max(1)
}

async fn settle_part(
    connection: &mut Connection,
    claim: &Claimed,
    outcomes: &[Outcome],
) -> Result<()> {
    let rows: Vec<_> = outcomes
        .iter()
        .map(|o| {
            let (code, errors) = (o.code.as_deref(), o.errors.as_deref());
            (
                o.index,
                o.status as u8,
                o.made_id,
                o.error_count,
                code,
                errors,
            )
        })
        .collect();
    sqlx::query(SETTLE)
        .bind(claim.key.task.get())
        .bind(claim.key.run)
        .bind(claim.id)
        .bind(json(&rows)?)
        .execute(connection)
        .await?;
    Ok(())
}

macro_rules! unless_settled {
    ($column:literal) => {
        concat!(
            $column,
            " = IF(tbl_batch_item.status = 0 AND tbl_batch_item.chunk_id = VALUES(chunk_id), VALUES(",
            $column,
            "), tbl_batch_item.",
            $column,
            ")"
        )
    };
}

/// Assignments see the ones before them: the status, which the others depend on, comes last.
const SETTLE: &str = concat!(
    "INSERT INTO tbl_batch_item
       (task_id, run, item_index, chunk_id, status, made_id, error_count, code, errors)
     SELECT ?, ?, o.item_index, ?, o.status, o.made_id, o.error_count, o.code, o.errors
     FROM JSON_TABLE(?, '$[*]' COLUMNS
       (item_index INT PATH '$[0]', status TINYINT PATH '$[1]', made_id BIGINT PATH '$[2]',
        error_count INT PATH '$[3]', code VARCHAR(255) PATH '$[4]', errors LONGTEXT PATH '$[5]')) o
     ON DUPLICATE KEY UPDATE ",
    unless_settled!("made_id"),
    ", ",
    unless_settled!("error_count"),
    ", ",
    unless_settled!("code"),
    ", ",
    unless_settled!("errors"),
    ", ",
    unless_settled!("status")
);

/// Counts one more try of an item that is worked by itself, before the try, if the claim still holds; `false` when it does
/// not, and nothing is counted. The unit's row is locked meanwhile: a close comes before or after it.
pub async fn count_try(connection: &mut Connection, claim: &Claimed, index: u32) -> Result<bool> {
    let done = sqlx::query(COUNT_TRY)
        .bind(index)
        .bind(claim.id)
        .bind(claim.unit)
        .bind(claim.attempt)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

const COUNT_TRY: &str = "\
    INSERT INTO tbl_batch_item
      (task_id, run, item_index, chunk_id, status, attempts)
    SELECT w.task_id, w.run, ?, ?, 0, 1 -- pending
    FROM tbl_work w
    WHERE w.id = ?
      AND w.attempt = ?
    FOR UPDATE
    ON DUPLICATE KEY UPDATE attempts = tbl_batch_item.attempts + (tbl_batch_item.status = 0)";

/// Takes back the count of a try that ended for no fault of the item, if the claim still holds.
pub async fn forget_try(connection: &mut Connection, claim: &Claimed, index: u32) -> Result<()> {
    sqlx::query(FORGET_TRY)
        .bind(index)
        .bind(claim.unit)
        .bind(claim.attempt)
        .execute(connection)
        .await?;
    Ok(())
}

const FORGET_TRY: &str = "\
    UPDATE tbl_work w
    STRAIGHT_JOIN tbl_batch_item i ON i.task_id = w.task_id AND i.run = w.run AND i.item_index = ?
    SET i.attempts = i.attempts - 1
    WHERE w.id = ?
      AND w.attempt = ?
      AND i.status = 0 -- pending
      AND i.attempts > 0";
