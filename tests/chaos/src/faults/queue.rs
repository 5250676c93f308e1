//! A queue that dies, and messages that are doubled, lost, late, out of order, or given up.

use fastrand::Rng;
use sqlx::Row as _;

use super::millis;
use crate::ledger::Entry;
use crate::stage::{QUEUE, Stage};

pub(super) const KINDS: [&str; 6] = [
    "kill -9: queue, its messages lost",
    "messages: doubled",
    "messages: dropped",
    "messages: delayed",
    "messages: reordered",
    "messages: dead letter",
];

pub(super) async fn strike(stage: &Stage, kind: &'static str, rng: &mut Rng) {
    let happened = match kind {
        "messages: doubled" => double(stage, rng).await,
        "messages: dropped" => Some(!taken(stage, rng).await.is_empty()),
        "messages: delayed" => late(stage, rng, false).await,
        "messages: reordered" => late(stage, rng, true).await,
        "messages: dead letter" => give_up(stage, rng).await,
        _ => die(stage, rng).await,
    };
    if happened == Some(true) {
        stage.tally.count(kind);
    }
}

async fn die(stage: &Stage, rng: &mut Rng) -> Option<bool> {
    stage.stack.kill_queue().await.ok()?;
    tokio::time::sleep(millis(rng, 100..2500)).await;
    // A busy machine may need more time than one start is given.
    for _ in 0..3 {
        if stage.stack.start_queue().await.is_ok() {
            return Some(true);
        }
    }
    panic!("the queue does not start any more");
}

/// Messages that some chunks, whatever their state, have had before.
async fn double(stage: &Stage, rng: &mut Rng) -> Option<bool> {
    let chunks = chunks(stage, NEWEST).await?;
    for _ in 0..rng.usize(5..40).min(chunks.len()) {
        let (task, run, chunk) = chunks[rng.usize(..chunks.len())];
        stage
            .stack
            .send(QUEUE, &body(task, run, chunk))
            .await
            .ok()?;
    }
    Some(!chunks.is_empty())
}

/// Announces open chunks that nobody holds: the oldest of the newest ones.
pub(super) async fn wake(stage: &Stage, count: usize) -> Option<()> {
    let chunks = chunks(stage, IDLE).await?;
    for (task, run, chunk) in chunks.into_iter().rev().take(count) {
        let body = body(task, run, chunk);
        stage.stack.send(QUEUE, &body).await.ok()?;
    }
    Some(())
}

/// Messages that are there but once.
async fn taken(stage: &Stage, rng: &mut Rng) -> Vec<String> {
    let mut bodies = Vec::new();
    // There may be none just now.
    for _ in 0..rng.usize(20..60) {
        bodies.extend(stage.stack.take(QUEUE).await.unwrap_or_default());
        if bodies.len() >= 10 {
            break;
        }
        tokio::time::sleep(millis(rng, 20..50)).await;
    }
    bodies
}

async fn late(stage: &Stage, rng: &mut Rng, shuffled: bool) -> Option<bool> {
    let mut bodies = taken(stage, rng).await;
    if shuffled {
        rng.shuffle(&mut bodies);
    }
    tokio::time::sleep(millis(rng, 500..4000)).await;
    for body in &bodies {
        stage.stack.send(QUEUE, body).await.ok()?;
    }
    Some(!bodies.is_empty())
}

/// An open chunk whose message ends in the dead-letter queue. Half of them look as if they had stalled their workers:
/// these are given up, the others are announced again.
async fn give_up(stage: &Stage, rng: &mut Rng) -> Option<bool> {
    for _ in 0..50 {
        let open = chunks(stage, OPEN).await?;
        if !open.is_empty() {
            let (task_id, run, chunk) = open[rng.usize(..open.len())];
            stage.ledger.write(&Entry::DeadLetter {
                task_id,
                run,
                chunk,
            });
            if rng.bool() {
                stall(stage, task_id, run, chunk).await?;
            }
            let queue = format!("{QUEUE}-dead-letter");
            let body = body(task_id, run, chunk);
            return Some(stage.stack.send(&queue, &body).await.is_ok());
        }
        tokio::time::sleep(millis(rng, 50..100)).await;
    }
    Some(false)
}

async fn stall(stage: &Stage, task: i64, run: u32, chunk: u32) -> Option<()> {
    let sql =
        "UPDATE tbl_work SET stalls = 5 WHERE task_id = ? AND kind = 1 AND run = ? AND part = ?";
    let mut owner = stage.owner().await.ok()?;
    let stall = sqlx::query(sql).bind(task).bind(run).bind(chunk);
    stall.execute(&mut owner).await.ok().map(drop)
}

/// The newest chunks, whatever their state.
const NEWEST: &str =
    "SELECT task_id, run, chunk_no FROM tbl_batch_chunk ORDER BY id DESC LIMIT 200";
/// The newest open chunks.
const OPEN: &str =
    "SELECT task_id, run, part FROM tbl_work WHERE kind = 1 ORDER BY id DESC LIMIT 200";
/// The newest open chunks that nobody holds.
const IDLE: &str = "SELECT task_id, run, part FROM tbl_work WHERE kind = 1 \
     AND (lease_until IS NULL OR lease_until < NOW(3)) ORDER BY id DESC LIMIT 200";

/// Reads chunks; `None` when the database does not answer just now.
async fn chunks(stage: &Stage, sql: &'static str) -> Option<Vec<(i64, u32, u32)>> {
    let mut owner = stage.owner().await.ok()?;
    let rows = sqlx::query(sql).fetch_all(&mut owner).await.ok()?;
    Some(
        rows.iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            .collect(),
    )
}

fn body(task: i64, run: u32, chunk: u32) -> String {
    format!(r#"{{"version":1,"task_id":{task},"run":{run},"chunk":{chunk}}}"#)
}
