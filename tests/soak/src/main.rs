//! The soak (`make soak`): batches of mixed sizes at a steady rate through the real functions, an open loop whose latencies
//! count from when each batch was meant to be sent; then every row is compared with the ledger. Exit code 1 when anything
//! was lost, made twice or made wrong.
#![expect(
    clippy::expect_used,
    reason = "a suite that cannot go on should end at once"
)]

mod check;
mod latency;
mod ledger;
mod load;
mod options;
mod purge;
mod report;
mod stage;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::ledger::Ledger;
use crate::load::{Kills, Plan, STATIONS};
use crate::options::Options;
use crate::purge::Purge;
use crate::report::{Halves, Report};
use crate::stage::{Stage, WORKER};
use crate::watch::Signals;

/// The beginning of the load that is not measured: connections are opened, statements prepared.
const WARM_UP: Duration = Duration::from_secs(5);
/// From the start of the load's clock to its first batch.
const LEAD: Duration = Duration::from_millis(200);

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::read(|name| std::env::var(name).ok()) {
        Ok(options) => options,
        Err(refusal) => {
            eprintln!("error: {refusal}");
            return ExitCode::from(2);
        }
    };
    println!("{}", report::head(&options));
    let stage = Arc::new(Stage::set(&options).await);
    let report = play(&stage, &options).await;
    report.print();
    report.save();
    let is_whole = report.checked.violations.is_empty();
    let stage = Arc::into_inner(stage).expect("the load has ended");
    stage.strike(!is_whole).await;
    ExitCode::from(u8::from(!is_whole))
}

/// Load, kills and watch side by side, then the check.
async fn play(stage: &Arc<Stage>, options: &Options) -> Report {
    let start = Instant::now() + LEAD;
    let ledger = Arc::new(Ledger::starting_at(start));
    let (signals, kills) = (Arc::new(Signals::default()), Arc::new(Kills::default()));
    let end = WARM_UP + options.duration();
    let plan = Plan::new(options.seed, options.rate, STATIONS, end);
    let url = stage.stack.url("/station/order/batch/submit");
    let load = load::send(
        url,
        options.seed,
        plan,
        Arc::clone(&ledger),
        Arc::clone(&signals),
    );
    let sent = Arc::clone(&signals);
    let loading = tokio::spawn(async move {
        load.await;
        sent.is_sent.store(true, Ordering::Relaxed);
    });
    let killing = options.kills.then(|| {
        let (stage, signals, kills) = (Arc::clone(stage), Arc::clone(&signals), Arc::clone(&kills));
        let run = move || load::kill_workers(stage.function(WORKER), start, &kills, &signals);
        tokio::task::spawn_blocking(run)
    });
    let half = (WARM_UP + end) / 2;
    let purging = options
        .purged()
        .map(|tasks| (tasks, purge_beside(stage, &ledger, &signals, half)));
    let watched = watch::watch(stage, &ledger, &signals, options, WARM_UP).await;
    loading.await.expect("the load does not panic");
    if let Some(killing) = killing {
        killing.await.expect("the killer does not panic");
    }
    let batches = ledger.batches().clone();
    let mut connection = stage.connect().await;
    let mut checked = check::check(&mut connection, &batches).await;
    let mut halves = None;
    if let Some((tasks, purging)) = purging {
        let purge = purging.await.expect("the purge does not panic");
        let purged = purge::purged(&mut connection, tasks).await;
        checked.violations.extend(purged.violation());
        halves = Some(Halves::new(&purge, purged, &batches, [WARM_UP, half, end]));
    }
    let touched = load::touched(stage.function(WORKER)).into_iter().collect();
    let disturbed = (kills.count(), &touched);
    Report::new(
        *options, WARM_UP, &batches, watched, checked, disturbed, halves,
    )
}

/// Reads all the while, and purges from `half` on.
fn purge_beside(
    stage: &Arc<Stage>,
    ledger: &Arc<Ledger>,
    signals: &Arc<Signals>,
    half: Duration,
) -> JoinHandle<Arc<Purge>> {
    let (stage, ledger, signals) = (Arc::clone(stage), Arc::clone(ledger), Arc::clone(signals));
    tokio::spawn(async move {
        let purge = Arc::new(Purge::default());
        tokio::join!(
            Arc::clone(&purge).read(&stage, &ledger, &signals),
            purge.keep_house(&stage, &ledger, &signals, half),
        );
        purge
    })
}
