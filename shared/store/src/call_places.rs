//! `tbl_call_place`: the calls to a target that may be open at once, and the claims that may wait at once.
//!
//! A place is taken by the transaction that begins a call and given back by the one that writes its end. Both skip what others
//! lock, so that nobody waits.

use sqlx::Row as _;

use crate::arguments::json;
use crate::connections::Connection;
use crate::error::Result;

/// Bounds the calls to one target that are open at once.
pub const PLACES: u8 = 10;

/// The target under which waiting claims take places. No queue and no callback has this name.
const CLAIMS: &str = "(claims)";

/// A place for a call, as its holder knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its number within the target.
    pub no: u8,
    /// How often it was taken: the fence of its holder.
    pub calls: u32,
}

/// Makes the places of a target that has none yet.
pub async fn declare(connection: &mut Connection, target: &str) -> Result<()> {
    declare_places(connection, target, PLACES).await
}

async fn declare_places(connection: &mut Connection, target: &str, places: u8) -> Result<()> {
    const DECLARE: &str = "
        INSERT INTO tbl_call_place (target, no, until)
        SELECT p.target, k.no, TIMESTAMP('1970-01-01')
        FROM (SELECT ? AS target) p
        STRAIGHT_JOIN JSON_TABLE(?, '$[*]' COLUMNS (no INT PATH '$')) k
        WHERE TRUE
        ON DUPLICATE KEY UPDATE no = VALUES(no)";
    let numbers: Vec<_> = (1..=places).collect();
    let declared = sqlx::query(DECLARE).bind(target).bind(json(&numbers)?);
    declared.execute(connection).await?;
    Ok(())
}

/// Takes a place of a target for some seconds; `None`: its calls take all of them.
///
/// Runs in a transaction.
pub async fn take(
    connection: &mut Connection,
    target: &str,
    seconds: u32,
) -> Result<Option<Place>> {
    take_of(connection, target, PLACES, seconds).await
}

/// Takes one of `places` places for a claim that is about to wait some seconds; `None`: as many wait as may.
///
/// Runs in a transaction.
pub async fn take_for_claim(
    connection: &mut Connection,
    places: u8,
    seconds: u32,
) -> Result<Option<Place>> {
    const MADE: &str = "SELECT COUNT(*) AS made FROM tbl_call_place WHERE target = ? AND no <= ?";
    let free = take_of(connection, CLAIMS, places, seconds).await?;
    if free.is_some() {
        return Ok(free);
    }
    let made = sqlx::query(MADE).bind(CLAIMS).bind(places);
    let made: i64 = made.fetch_one(&mut *connection).await?.try_get("made")?;
    if made >= i64::from(places) {
        return Ok(None);
    }
    declare_places(connection, CLAIMS, places).await?;
    take_of(connection, CLAIMS, places, seconds).await
}

/// Gives the place of a claim back that waits no longer.
pub async fn give_back_of_claim(connection: &mut Connection, place: Place) -> Result<()> {
    give_back(connection, CLAIMS, place).await
}

async fn take_of(
    connection: &mut Connection,
    target: &str,
    places: u8,
    seconds: u32,
) -> Result<Option<Place>> {
    const FREE: &str = "
        SELECT no, calls FROM tbl_call_place
        WHERE target = ? AND no <= ? AND until <= NOW(3)
        ORDER BY no LIMIT 1 FOR UPDATE SKIP LOCKED";
    const TAKE: &str = "
        UPDATE tbl_call_place SET calls = ?, until = NOW(3) + INTERVAL ? SECOND
        WHERE target = ? AND no = ?";
    let row = sqlx::query(FREE).bind(target).bind(places);
    let Some(row) = row.fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    let calls: u32 = row.try_get("calls")?;
    let place = Place {
        no: row.try_get("no")?,
        calls: calls.wrapping_add(1),
    };
    sqlx::query(TAKE)
        .bind(place.calls)
        .bind(seconds)
        .bind(target)
        .bind(place.no)
        .execute(connection)
        .await?;
    Ok(Some(place))
}

/// Gives a place back, unless another call has taken it since.
pub async fn give_back(connection: &mut Connection, target: &str, place: Place) -> Result<()> {
    const GIVE_BACK: &str =
        "UPDATE tbl_call_place SET until = NOW(3) WHERE target = ? AND no = ? AND calls = ?";
    let given = sqlx::query(GIVE_BACK).bind(target).bind(place.no);
    given.bind(place.calls).execute(connection).await?;
    Ok(())
}
