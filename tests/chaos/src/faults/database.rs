//! A database that dies, cannot be reached, is locked, refuses to write or is full.

use std::time::{Duration, Instant};

use fastrand::Rng;
use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Executor as _};

use super::{millis, queue};
use crate::stage::Stage;

pub(super) const KINDS: [&str; 9] = [
    "kill -9: mysqld",
    "link: black hole",
    "link: reset",
    "link: slow",
    "rows locked until 1205",
    "deadlock 1213",
    "deadlock 1213",
    "read-only 1290",
    "too many connections 1040",
];

/// Orders with the ids that are reserved for the first and the last item of open chunks, and for the first of chunks that
/// are still to come: making one of these must wait, closing its chunk, which comes before it, need not. What is held is
/// the row of an order, because an item that is made has no row of its own; a chunk that is in work may have it already.
const HOLD_ORDERS: &str = "INSERT IGNORE INTO tbl_order (id, station_id, task_id, order_key, address_id, time_config_id, \
         receive_begin, receive_end, total) \
     SELECT k.id, '-', 0, CONCAT('held:', k.id), '-', '-', NOW(), NOW(), 0 FROM ( \
         SELECT c.id * 1000 + e.last * (c.item_count - 1) AS id \
         FROM (SELECT c.id, c.item_count FROM tbl_work w JOIN tbl_batch_chunk c ON c.task_id = w.task_id AND c.run = w.run \
               AND c.chunk_no = w.part WHERE w.kind = 1 AND w.state <> 3 ORDER BY w.id LIMIT 500) c \
         JOIN (SELECT 0 AS last UNION ALL SELECT 1) e \
         UNION SELECT (newest.id + w.n) * 1000 \
         FROM (SELECT MAX(id) AS id FROM tbl_batch_chunk) newest JOIN weight w ON w.n <= 200) k";

/// The fewest connections that MariaDB can be limited to.
const FEW: usize = 10;

pub(super) async fn strike(stage: &Stage, kind: &'static str, rng: &mut Rng) {
    let happened = match kind {
        "kill -9: mysqld" => die(stage, rng).await,
        "link: black hole" => {
            stage.link.black_hole(millis(rng, 1000..9000)).await;
            Ok(true)
        }
        "link: reset" => {
            stage.link.cut().await;
            Ok(true)
        }
        "link: slow" => {
            let (delay, time) = (millis(rng, 5..150), millis(rng, 1000..4000));
            stage.link.slow(delay, time).await;
            Ok(true)
        }
        // They lose against a worker that stands still with its locks.
        "rows locked until 1205" => Ok(lock_rows(stage, rng).await.unwrap_or(false)),
        "deadlock 1213" => Ok(deadlock(stage).await.unwrap_or(false)),
        "read-only 1290" => read_only(stage, rng).await,
        _ => fill(stage, rng).await,
    };
    if happened.unwrap() {
        stage.tally.count(kind);
    }
}

async fn die(stage: &Stage, rng: &mut Rng) -> sqlx::Result<bool> {
    stage.mysql.kill().await.unwrap();
    tokio::time::sleep(millis(rng, 0..2000)).await;
    stage.mysql.restart().await.unwrap();
    Ok(true)
}

/// Holds open chunks and their tasks for longer than anybody may wait for a lock.
async fn lock_rows(stage: &Stage, rng: &mut Rng) -> sqlx::Result<bool> {
    let mut owner = stage.owner().await?;
    owner.execute("START TRANSACTION").await?;
    let sql = "SELECT w.id FROM tbl_work w JOIN tbl_async_task t ON t.id = w.task_id \
               WHERE w.kind = 1 ORDER BY w.id LIMIT 20 FOR UPDATE";
    let locked = owner.fetch_all(sql).await?;
    tokio::time::sleep(millis(rng, 5200..6500)).await;
    owner.execute("ROLLBACK").await?;
    Ok(!locked.is_empty())
}

/// Makes a worker lose a deadlock, within a few seconds.
async fn deadlock(stage: &Stage) -> sqlx::Result<bool> {
    let mut owner = stage.owner().await?;
    // Else reading the chunks would lock them, and nobody would get as far as to an order.
    owner
        .execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        .await?;
    let deadline = Instant::now() + Duration::from_secs(6);
    while Instant::now() < deadline {
        let before = deadlocks(&mut owner).await?;
        let got_the_rows = cross(stage, &mut owner).await;
        owner.execute("ROLLBACK").await?;
        if got_the_rows.unwrap_or(false) && deadlocks(&mut owner).await? > before {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(false)
}

/// Holds what a worker writes last, waits until one waits for it, and asks for what that one wrote first. Having changed
/// more rows, we are not the one who is sacrificed: then we get what we asked for. The caller undoes everything.
async fn cross(stage: &Stage, owner: &mut MySqlConnection) -> sqlx::Result<bool> {
    owner.execute("START TRANSACTION").await?;
    owner
        .execute("INSERT INTO weight WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 900) SELECT n FROM n")
        .await?;
    let held = owner.execute(HOLD_ORDERS).await?.rows_affected();
    if held == 0 {
        return Ok(false);
    }
    queue::wake(stage, 6).await;
    for _ in 0..60 {
        if somebody_waits(owner).await? {
            let chunks = "SELECT id FROM tbl_work WHERE kind = 1 ORDER BY id LIMIT 500 FOR UPDATE";
            return owner.fetch_all(chunks).await.map(|_| true);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(false)
}

async fn somebody_waits(owner: &mut MySqlConnection) -> sqlx::Result<bool> {
    let sql = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
    let waiting: i64 = sqlx::query_scalar(sql).fetch_one(owner).await?;
    Ok(waiting > 0)
}

/// How many deadlocks the server has seen.
async fn deadlocks(owner: &mut MySqlConnection) -> sqlx::Result<i64> {
    let sql = "SELECT CAST(count AS SIGNED) FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'";
    sqlx::query_scalar(sql).fetch_one(owner).await
}

async fn read_only(stage: &Stage, rng: &mut Rng) -> sqlx::Result<bool> {
    let mut owner = stage.owner().await?;
    owner.execute("SET GLOBAL read_only = 1").await?;
    tokio::time::sleep(millis(rng, 500..3000)).await;
    owner.execute("SET GLOBAL read_only = 0").await?;
    Ok(true)
}

/// Leaves no connection free for the functions.
async fn fill(stage: &Stage, rng: &mut Rng) -> sqlx::Result<bool> {
    let mut owner = stage.owner().await?;
    owner
        .execute(format!("SET GLOBAL max_connections = {FEW}").as_str())
        .await?;
    let mut others = Vec::new();
    for _ in 0..FEW {
        others.extend(stage.owner().await.ok());
    }
    stage.link.cut().await;
    let deadline = Instant::now() + millis(rng, 500..3000);
    while Instant::now() < deadline {
        // Whatever the functions gave up is taken at once.
        others.extend(stage.owner().await.ok());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    owner.execute("SET GLOBAL max_connections = 600").await?;
    for other in others {
        let _ = other.close().await;
    }
    Ok(true)
}
