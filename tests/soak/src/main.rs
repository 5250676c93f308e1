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
mod report;
mod stage;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::ledger::Ledger;
use crate::load::{Kills, Plan, STATIONS};
use crate::options::Options;
use crate::report::Report;
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
    let watched = watch::watch(stage, &ledger, &signals, options, WARM_UP).await;
    loading.await.expect("the load does not panic");
    if let Some(killing) = killing {
        killing.await.expect("the killer does not panic");
    }
    let batches = ledger.batches().clone();
    let checked = check::check(&mut stage.connect().await, &batches).await;
    let touched = load::touched(stage.function(WORKER)).into_iter().collect();
    let disturbed = (kills.count(), &touched);
    Report::new(*options, WARM_UP, &batches, watched, checked, disturbed)
}
