//! The chaos suite (`make chaos`): submits batches through the real functions while processes are killed or stopped, the
//! database and the queue die, connections break, messages are doubled, lost, late and out of order, and failpoints
//! fire. Then it compares an independent ledger with every row. Exit code 1 when a promise was broken, or when a long run
//! did not meet every kind of fault.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a suite that cannot go on should end at once"
)]

mod checker;
mod faults;
mod ledger;
mod load;
mod options;
mod quiesce;
mod reference;
mod report;
mod stage;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::checker::Checked;
use crate::load::{Calm, Targets};
use crate::options::{Options, Part};
use crate::stage::Stage;

/// A run this long has to meet every kind of fault, each failpoint with each action among them.
const EVERYTHING_FROM: Duration = Duration::from_mins(15);

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::from_environment();
    println!("SEED={} on {}", options.seed, options.flavor);
    let started = Instant::now();
    let stage = Arc::new(Stage::set(&options).await);
    let targets = targets(&stage, &options).await;
    let checked = play(&stage, &options, targets.as_ref()).await;
    let faults = stage.tally.counts();
    println!("\nerrors the functions told of");
    for (error, count) in report::met(&stage::folder(&options)) {
        println!("  {count:>6}  {error}");
    }
    report::print(&options, &faults, &checked, started.elapsed());
    if let Some((targets, calm)) = &targets {
        report::print_waits(calm, &targets.waits());
    }
    drop(targets);
    until_alone(&stage).await;
    Arc::into_inner(stage).unwrap().strike().await;
    let is_whole = options.duration < EVERYTHING_FROM || report::unmet(&faults).is_empty();
    ExitCode::from(u8::from(!checked.violations.is_empty() || !is_whole))
}

/// Waits until targets that were in the middle of something have let go of the stage.
async fn until_alone(stage: &Arc<Stage>) {
    let end = Instant::now() + Duration::from_secs(15);
    while Arc::strong_count(stage) > 1 && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Declares targets, and measures how quick they are called while nothing else happens.
async fn targets(stage: &Arc<Stage>, options: &Options) -> Option<(Arc<Targets>, Calm)> {
    if !Part::Targets.is_in(options.part) {
        return None;
    }
    let targets = Targets::declare(stage, options.seed).await;
    let calm = targets.measure().await;
    Some((Arc::new(targets), calm))
}

/// Load and faults side by side, then quiet, then the check.
async fn play(
    stage: &Arc<Stage>,
    options: &Options,
    targets: Option<&(Arc<Targets>, Calm)>,
) -> Checked {
    let deadline = Instant::now() + options.duration;
    let mut loads = JoinSet::new();
    for (number, station) in (1..).zip(stage.stations.clone()) {
        let (stage, seed) = (Arc::clone(stage), options.seed.wrapping_mul(1009) + number);
        loads.spawn(async move {
            let batches = load::load(&stage, &station, seed, deadline).await;
            (station, batches)
        });
    }
    let mut others = JoinSet::new();
    for (number, station) in (101..).zip(stage.stations.clone()) {
        let seed = options.seed.wrapping_mul(1009) + number;
        if Part::Tasks.is_in(options.part) {
            let (stage, station) = (Arc::clone(stage), station.clone());
            others.spawn(load::load_tasks(stage, station, seed, deadline));
        }
        others.spawn(load::change_reference(
            Arc::clone(stage),
            station,
            seed + 100,
            deadline,
        ));
    }
    if Part::Dispatched.is_in(options.part) {
        others.spawn(load::load_dispatched(
            Arc::clone(stage),
            options.seed,
            deadline,
        ));
    }
    if let Some((targets, _)) = targets {
        others.spawn(Arc::clone(targets).load(options.seed, deadline));
    }
    faults::happen(stage, options.seed, deadline).await;
    others.join_all().await;
    let batches = loads.join_all().await;
    quiesce::quiesce(stage, batches).await;
    if let Some((targets, _)) = targets {
        targets.settle().await;
    }
    let entries = stage.ledger.read();
    let mut owner = stage.owner().await.unwrap();
    checker::check(&mut owner, entries).await
}
