//! Holding a claimed chunk, and giving it back.

use std::time::Duration;

use super::{Claimed, ISOLATED_FROM};
use crate::connections::Connection;
use crate::error::Result;

/// Holds a claimed chunk for one more write and renews its lease; `false` when the claim was lost to another attempt or the
/// task was closed, and everything the transaction wrote must be undone. The write is progress: the attempts that stalled
/// before count no further than to [`ISOLATED_FROM`], so that a chunk that is worked item by item stays so, and is not given
/// up.
pub async fn hold(connection: &mut Connection, claim: &Claimed, lease: Duration) -> Result<bool> {
    let done = sqlx::query(HOLD)
        .bind(lease.as_secs())
        .bind(lease.as_secs())
        .bind(ISOLATED_FROM)
        .bind(claim.unit)
        .bind(claim.attempt)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

const HOLD: &str = "\
    UPDATE tbl_work
    SET state       = 3, -- leased
        lease_until = NOW(3) + INTERVAL ? SECOND,
        due_at      = NOW(3) + INTERVAL ? SECOND,
        stalls      = LEAST(stalls, ?)
    WHERE id = ?
      AND attempt = ?";

/// Gives a claimed chunk back at once, so that its next message need not wait for the lease to run out, and notes the kind
/// of fault that ended the attempt. After a fault that is not the chunk's own (`faultless`) the attempt is no stall.
pub async fn release(
    connection: &mut Connection,
    claim: &Claimed,
    faultless: bool,
    error: &str,
) -> Result<()> {
    sqlx::query(RELEASE)
        .bind(faultless)
        .bind(error)
        .bind(claim.unit)
        .bind(claim.attempt)
        .execute(connection)
        .await?;
    Ok(())
}

const RELEASE: &str = "\
    UPDATE tbl_work
    SET state       = IF(state = 3, 0, state), -- leased, ready
        lease_until = NULL,
        stalls      = IF(? AND stalls > 0, stalls - 1, stalls),
        last_error  = LEFT(CONCAT('attempt ', attempt, ': ', ?), 255)
    WHERE id = ?
      AND attempt = ?";

/// Gives a claimed chunk back half-done and due at once, because its worker has no time left: that is no stall.
pub async fn put_back(connection: &mut Connection, claim: &Claimed) -> Result<()> {
    sqlx::query(PUT_BACK)
        .bind(claim.unit)
        .bind(claim.attempt)
        .execute(connection)
        .await?;
    Ok(())
}

const PUT_BACK: &str = "\
    UPDATE tbl_work
    SET state       = IF(state = 3, 0, state), -- leased, ready
        lease_until = NULL,
        due_at      = NOW(3),
        stalls      = IF(stalls > 0, stalls - 1, 0)
    WHERE id = ?
      AND attempt = ?";
