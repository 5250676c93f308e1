//! Processes that die or stand still.

use std::sync::atomic::Ordering;
use std::time::Duration;

use fastrand::Rng;

use super::millis;
use crate::stage::{LEASE, Stage, WORKER, WORKERS};

pub(super) const KINDS: [&str; 10] = [
    "kill -9: workers",
    "kill -9: workers",
    "kill -9: submit",
    "kill -9: sweeper",
    "kill -9: amend and close",
    "kill -9: task-start, task-update and task-finish",
    "kill -9: task-add, task-claim, task-heartbeat and task-fail",
    "kill -9: task-push",
    "kill -9: housekeeper",
    "SIGSTOP past the lease: workers",
];

pub(super) async fn strike(stage: &Stage, kind: &'static str, rng: &mut Rng) {
    match kind {
        "kill -9: workers" => kill(stage, &[WORKER]),
        "kill -9: submit" => kill(stage, &["order-batch-submit"]),
        "kill -9: sweeper" => kill(stage, &["batch-sweeper"]),
        "kill -9: amend and close" => kill(stage, &["order-batch-amend", "async-task-close"]),
        "kill -9: task-start, task-update and task-finish" => {
            kill(stage, &["task-start", "task-update", "task-finish"]);
        }
        "kill -9: task-add, task-claim, task-heartbeat and task-fail" => {
            kill(
                stage,
                &["task-add", "task-claim", "task-heartbeat", "task-fail"],
            );
        }
        "kill -9: task-push" => kill(stage, &["task-push"]),
        "kill -9: housekeeper" => kill(stage, &["housekeeper"]),
        _ => stand_still(stage, rng).await,
    }
    stage.tally.count(kind);
}

fn kill(stage: &Stage, functions: &[&str]) {
    for function in functions {
        let pool = stage.stack.function(function).unwrap();
        tokio::task::block_in_place(|| pool.kill());
    }
}

/// The workers stand still until their leases have run out, while others take over and some of their batches are
/// closed; then they go on.
async fn stand_still(stage: &Stage, rng: &mut Rng) {
    let workers = stage.stack.function(WORKER).unwrap();
    somebody_works(stage).await;
    workers.pause();
    stage.stillness.store(true, Ordering::Relaxed);
    workers.scale(WORKERS + 2);
    tokio::time::sleep(LEASE + millis(rng, 500..2500)).await;
    stage.stillness.store(false, Ordering::Relaxed);
    workers.resume();
    workers.scale(WORKERS);
}

/// Waits until a worker is between its claim and its commit, a second at most.
async fn somebody_works(stage: &Stage) -> Option<()> {
    let sql = "SELECT COUNT(*) FROM tbl_work WHERE kind = 1 AND state = 3 AND lease_until > NOW(3)";
    let mut owner = stage.owner().await.ok()?;
    for _ in 0..100 {
        let claimed = sqlx::query_scalar::<_, i64>(sql);
        if claimed.fetch_one(&mut owner).await.ok()? > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Some(())
}
