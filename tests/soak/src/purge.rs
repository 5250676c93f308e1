//! `PURGE=n`: the run begins with n old tasks in the table. In its second half the housekeeper purges them, one round after the other.
//! Calls of `/task/get` at a steady pace go beside the submits, and the report compares the latencies of both halves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Executor as _};
use tokio::task::JoinSet;

use crate::ledger::Ledger;
use crate::stage::{HOUSEKEEPER, Stage};
use crate::watch::Signals;

/// Tasks of one statement that fills the table.
const STEP: u32 = 100_000;
/// From one read to the next.
const PACE: Duration = Duration::from_millis(20);
/// The days after which a task is purged, and the age of those that lie in the table.
pub(crate) const DAYS: u32 = 90;
const AGE: u32 = 91;

/// What a run beside a purge has seen.
#[derive(Debug, Default)]
pub(crate) struct Purge {
    /// When each read was meant to be sent, and how long it took from then.
    reads: Mutex<Vec<(Duration, Duration)>>,
    failed: AtomicUsize,
}

/// What became of the old tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Purged {
    /// Old tasks at the start.
    pub(crate) tasks: i64,
    /// Those that are left.
    pub(crate) left: i64,
    /// Tombstones of those that are gone.
    pub(crate) tombstones: i64,
}

/// Adds finished tasks that are older than they are kept.
pub(crate) async fn fill(url: &str, tasks: u32) {
    let connection = MySqlConnection::connect(url).await;
    let mut connection = connection.expect("the database answers");
    for first in (0..tasks).step_by(STEP as usize) {
        let last = first.saturating_add(STEP).min(tasks);
        let sql = fill_statement(first, last);
        connection
            .execute(sql.as_str())
            .await
            .expect("old tasks are added");
        // Each statement's log is as large as its rows.
        let _ = connection.execute("PURGE BINARY LOGS BEFORE NOW()").await;
    }
    let analyze = connection.execute("ANALYZE TABLE tbl_async_task").await;
    analyze.expect("statistics are taken");
}

fn fill_statement(first: u32, last: u32) -> String {
    format!(
        "INSERT INTO tbl_async_task (id, user_task_id, name, station_id, input, status, run_count, outcome, result, creat_time, start_time, end_time) \
         SELECT id, CONCAT('old-', LPAD(id, 9, '0')), '导出', CONCAT('S', LPAD(id % 40, 2, '0')), '{{}}', 3, 1, 'success', '{{\"msg\": \"好\"}}', \
           NOW(3) - INTERVAL {AGE} DAY, NOW(3) - INTERVAL {AGE} DAY, NOW(3) - INTERVAL {AGE} DAY \
         FROM (WITH RECURSIVE digits AS (SELECT 0 AS d UNION ALL SELECT d + 1 FROM digits WHERE d < 9) \
           SELECT {first} + 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS id \
           FROM digits a, digits b, digits c, digits e, digits f) ids WHERE id <= {last}"
    )
}

impl Purge {
    /// Keeps house without a pause from `half` on, until the load has ended.
    pub(crate) async fn keep_house(
        &self,
        stage: &Stage,
        ledger: &Ledger,
        signals: &Signals,
        half: Duration,
    ) {
        tokio::time::sleep(half.saturating_sub(ledger.now())).await;
        while !signals.is_sent.load(Ordering::Relaxed) {
            let kept = stage.stack.invoke(HOUSEKEEPER, json!({})).await;
            match kept {
                Ok(kept) if kept["purged"] == 0 && kept["marked"] == 0 => {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Ok(_) => {}
                Err(error) => {
                    eprintln!("the housekeeper: {error}");
                    self.failed.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// Calls `/task/get` for the batch that ended last, at a steady pace, until the load has ended.
    pub(crate) async fn read(
        self: Arc<Self>,
        stage: &Stage,
        ledger: &Arc<Ledger>,
        signals: &Signals,
    ) {
        let client = Client::builder().no_proxy().build().expect("a client");
        let (mut at, mut reads) = (ledger.now(), JoinSet::new());
        while !signals.is_sent.load(Ordering::Relaxed) {
            at += PACE;
            tokio::time::sleep(at.saturating_sub(ledger.now())).await;
            let accepted = {
                let batches = ledger.batches();
                let newest = batches.iter().rev().find_map(|batch| batch.end);
                newest.map(|end| end.task_id)
            };
            let Some(task) = accepted else { continue };
            let url = stage.stack.url(&format!("/task/get?task_id={task}"));
            let (client, ledger, purge) = (client.clone(), Arc::clone(ledger), Arc::clone(&self));
            reads.spawn(async move {
                if is_answered(client.get(url)).await {
                    let took = ledger.now().saturating_sub(at);
                    let mut reads = purge.reads.lock().unwrap_or_else(PoisonError::into_inner);
                    reads.push((at, took));
                } else {
                    purge.failed.fetch_add(1, Ordering::Relaxed);
                }
            });
            while reads.try_join_next().is_some() {}
        }
        reads.join_all().await;
    }

    /// The times of the reads that were meant to be sent from one moment on to another.
    pub(crate) fn reads(&self, from: Duration, to: Duration) -> Vec<Duration> {
        let reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        let within = reads.iter().filter(|(at, _)| (from..to).contains(at));
        within.map(|(_, took)| *took).collect()
    }

    /// How many reads and rounds of the housekeeper failed.
    pub(crate) fn failed(&self) -> usize {
        self.failed.load(Ordering::Relaxed)
    }
}

async fn is_answered(request: reqwest::RequestBuilder) -> bool {
    let Ok(response) = request.send().await else {
        return false;
    };
    let body: Value = response.json().await.unwrap_or_default();
    body["code"] == 0
}

/// Counts what became of the old tasks.
pub(crate) async fn purged(connection: &mut MySqlConnection, tasks: u32) -> Purged {
    let mut count = async |sql: &'static str| {
        let query = sqlx::query_scalar(sql).bind(tasks);
        query.fetch_one(&mut *connection).await.expect("a count")
    };
    Purged {
        tasks: i64::from(tasks),
        left: count("SELECT COUNT(*) FROM tbl_async_task WHERE id <= ?").await,
        tombstones: count("SELECT COUNT(*) FROM tbl_purged WHERE task_id <= ? AND state = 2").await,
    }
}

impl Purged {
    /// The tasks that are gone.
    pub(crate) fn gone(self) -> i64 {
        self.tasks - self.left
    }

    /// What is wrong: a task that is gone without a tombstone, or one that is there and has one.
    pub(crate) fn violation(self) -> Option<String> {
        let (gone, tombstones) = (self.gone(), self.tombstones);
        (gone != tombstones)
            .then(|| format!("{gone} old tasks are gone, {tombstones} have a tombstone"))
    }
}
