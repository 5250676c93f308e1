//! Processes that die or stand still.

use fastrand::Rng;

use super::millis;
use crate::stage::{LEASE, Stage, WORKER, WORKERS};

pub(super) const KINDS: [&str; 6] = [
    "kill -9: workers",
    "kill -9: workers",
    "kill -9: submit",
    "kill -9: sweeper",
    "kill -9: amend and close",
    "SIGSTOP past the lease: workers",
];

pub(super) async fn strike(stage: &Stage, kind: &'static str, rng: &mut Rng) {
    match kind {
        "kill -9: workers" => kill(stage, &[WORKER]),
        "kill -9: submit" => kill(stage, &["order-batch-submit"]),
        "kill -9: sweeper" => kill(stage, &["batch-sweeper"]),
        "kill -9: amend and close" => kill(stage, &["order-batch-amend", "async-task-close"]),
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

/// The workers stand still until their leases have run out, while others take over; then they go on.
async fn stand_still(stage: &Stage, rng: &mut Rng) {
    let workers = stage.stack.function(WORKER).unwrap();
    workers.pause();
    workers.scale(WORKERS + 2);
    tokio::time::sleep(LEASE + millis(rng, 500..2500)).await;
    workers.resume();
    workers.scale(WORKERS);
}
