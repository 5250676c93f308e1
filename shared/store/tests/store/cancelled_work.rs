//! Work whose future is dropped at any moment: acknowledged work is stored, nothing is
//! stored by halves, and no connection is left with half
//! an answer on the wire.

use std::collections::HashSet;
use std::time::Duration;

use fastrand::Rng;
use futures_util::future::join_all;
use sqlx::mysql::MySqlRow;
use sqlx::{Executor as _, Row as _};
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, Database, Result, StoreError};
use tokio::time::timeout;

use crate::support::{done, execute, read_number};

/// Futures that must be dropped before they were done.
const DROPS: usize = 10_000;
const WORKERS: u32 = 8;
const CONNECTIONS: usize = 4;

/// Transactions of which only a part was stored.
const HALVES: &str = "SELECT COUNT(DISTINCT a.id) FROM written a LEFT JOIN written b ON b.id = a.id AND b.part = 3 - a.part \
     WHERE a.part > 0 AND b.id IS NULL";

/// The ends of one worker's futures.
#[derive(Default)]
struct Tally {
    acknowledged: Vec<u64>,
    dropped: usize,
    faults: Vec<StoreError>,
}

async fn write(c: &mut Connection, id: u64, part: u8) -> Result<()> {
    let sql = "INSERT INTO written (id, part) VALUES (?, ?)";
    sqlx::query(sql).bind(id).bind(part).execute(c).await?;
    Ok(())
}

/// Reads a number of its own back: half an answer of somebody else's would show.
async fn echo(c: &mut Connection, id: u64) -> Result<()> {
    let row = sqlx::query("SELECT CAST(? AS UNSIGNED)")
        .bind(id)
        .fetch_one(c)
        .await?;
    assert_eq!(row.try_get_unchecked::<u64, _>(0)?, id);
    Ok(())
}

async fn unit(database: &Database, id: u64, transaction: bool) -> Result<()> {
    if transaction {
        let work = database.transaction(async |c: &mut Connection| {
            write(c, id, 1).await?;
            echo(c, id).await?;
            write(c, id, 2).await
        });
        work.await
    } else {
        database
            .run(async |c: &mut Connection| write(c, id, 0).await)
            .await
    }
}

async fn worker(fresh: &TestDatabase, database: &Database, seed: u32) -> Tally {
    let mut rng = Rng::with_seed(seed.into());
    let mut tally = Tally::default();
    while tally.dropped < DROPS / WORKERS as usize + 1 {
        let id = u64::from(seed) << 32 | (tally.dropped + tally.acknowledged.len()) as u64;
        // Now and then long enough for any machine, so that some work is always acknowledged.
        let longest = if rng.u8(..16) == 0 { 500_000 } else { 2000 };
        let patience = Duration::from_micros(rng.u64(0..=longest));
        match timeout(patience, unit(database, id, rng.bool())).await {
            Ok(Ok(())) => tally.acknowledged.push(id),
            Ok(Err(fault)) => {
                tally.faults.push(fault);
                break;
            }
            Err(_) => {
                tally.dropped += 1;
                if tally.dropped % 4 == 0 {
                    let_sessions_end(&fresh.database).await;
                }
            }
        }
    }
    tally
}

#[tokio::test]
async fn ten_thousand_dropped_units_lose_and_halve_nothing_and_wedge_no_connection() {
    with_database(async |fresh| {
        execute(
            fresh,
            "CREATE TABLE written (id BIGINT UNSIGNED, part TINYINT, PRIMARY KEY (id, part))",
        )
        .await;
        let database = fresh.another(CONNECTIONS);
        let tallies = join_all((1..=WORKERS).map(|seed| worker(fresh, &database, seed))).await;
        let dropped: usize = tallies.iter().map(|tally| tally.dropped).sum();
        let faults: Vec<_> = tallies.iter().flat_map(|tally| &tally.faults).collect();
        assert!(
            dropped >= DROPS && faults.is_empty(),
            "{dropped} {faults:?}"
        );
        let stored = stored(fresh).await;
        let acknowledged: Vec<_> = tallies
            .iter()
            .flat_map(|tally| &tally.acknowledged)
            .collect();
        let lost = acknowledged
            .iter()
            .filter(|id| !stored.contains(id))
            .count();
        println!("{dropped} dropped, {} acknowledged", acknowledged.len());
        assert!(lost == 0 && !acknowledged.is_empty(), "{lost} lost");
        assert_eq!(read_number(fresh, HALVES).await, 0);
        for _ in 0..3 {
            serves_all_at_once(&database).await;
        }
    })
    .await;
}

async fn stored(fresh: &TestDatabase) -> HashSet<u64> {
    let rows = done(&fresh.database, async |c| {
        Ok(c.fetch_all("SELECT DISTINCT id FROM written").await?)
    });
    let id = |row: &MySqlRow| row.try_get_unchecked(0).unwrap();
    rows.await.iter().map(id).collect()
}

/// Waits for the server to notice closed connections: a busy one would run out of them for other tests.
async fn let_sessions_end(database: &Database) {
    for _ in 0..500 {
        let sql = "SHOW GLOBAL STATUS LIKE 'Threads_connected'";
        let row = done(database, async |c| Ok(c.fetch_one(sql).await?)).await;
        let sessions: String = row.try_get_unchecked(1).unwrap();
        if sessions.parse::<u32>().unwrap() < 50 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// As many units as connections, all at once: each holds its own until all have one.
async fn serves_all_at_once(database: &Database) {
    let all = tokio::sync::Barrier::new(CONNECTIONS);
    let units = (0..CONNECTIONS as u64).map(|id| {
        let all = &all;
        database.transaction(async move |c: &mut Connection| {
            all.wait().await;
            echo(c, id).await
        })
    });
    assert!(join_all(units).await.iter().all(Result::is_ok));
}
