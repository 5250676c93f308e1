//! The end of a run: no more faults; every unanswered submit is sent again until it is answered; then every batch must
//! come to its end by itself, one after the other without a standstill.

use std::time::{Duration, Instant};

use sqlx::mysql::MySqlConnection;

use crate::ledger::End;
use crate::load::{Client, OPEN, Submitted, Watch};
use crate::stage::Stage;

/// How long an unanswered submit is sent again.
const LIMIT: Duration = Duration::from_secs(200);
/// How long nothing at all may come to its end. Announcements are put off at most 8-fold, which is 32 seconds here; what
/// is only slow, on a busy machine, goes on.
const STANDSTILL: Duration = Duration::from_mins(2);
const PAUSE: Duration = Duration::from_millis(100);

/// Brings a run to its end and looks at every batch once more.
pub(crate) async fn quiesce(stage: &Stage, batches: Vec<(String, Vec<Submitted>)>) {
    let deadline = Instant::now() + LIMIT;
    let mut watch = Watch::new(stage);
    let mut clients = Vec::new();
    for (station, batches) in &batches {
        let client = Client::new(stage, station);
        for batch in batches.iter().filter(|batch| batch.end == End::Unknown) {
            // Hundreds at once would stand in the queue while each is announced again.
            while watch.open_of(station).await >= Some(OPEN) && Instant::now() < deadline {
                tokio::time::sleep(PAUSE).await;
            }
            resolve(&client, batch, deadline).await;
        }
        clients.push((client, batches));
    }
    let mut owner = stage.owner().await.unwrap();
    until_nothing_moves(&mut owner).await;
    for (client, batches) in clients {
        for batch in batches {
            watch.look(&client, &batch.task).await;
        }
    }
}

/// Waits until everything has come to its end, or nothing does any more.
async fn until_nothing_moves(owner: &mut MySqlConnection) {
    let (mut left, mut moved) = (i64::MAX, Instant::now());
    while left > 0 && moved.elapsed() < STANDSTILL {
        tokio::time::sleep(PAUSE).await;
        let now = open(owner).await;
        if now < left {
            (left, moved) = (now, Instant::now());
        }
    }
}

/// Sends a batch again until its fate is known. In flight with other content, it has to wait.
async fn resolve(client: &Client<'_>, batch: &Submitted, deadline: Instant) {
    while client.submit(&batch.task, &batch.payload).await != End::Done && Instant::now() < deadline
    {
        tokio::time::sleep(PAUSE * 5).await;
    }
}

/// How much is still to be done: unfinished batches and open chunks.
async fn open(owner: &mut MySqlConnection) -> i64 {
    let sql = "SELECT (SELECT COUNT(*) FROM tbl_async_task t JOIN tbl_batch b ON b.task_id = t.id WHERE t.status <> 3) \
             + (SELECT COUNT(*) FROM tbl_work WHERE kind = 1)";
    sqlx::query_scalar(sql).fetch_one(owner).await.unwrap()
}
