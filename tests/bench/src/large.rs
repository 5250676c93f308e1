//! A hundred thousand orders in one gzipped request, through HTTP, the real functions and the queue; then ten such requests at
//! once.

mod client;
mod reads;
mod rows;

use std::time::Duration;

use task_local::{Stack, StackConfig};

use crate::Setting;
use crate::data::{self, LINES};
use crate::figures::{Figures, median};
use crate::scratch::Scratch;
use crate::server::Spent;
use crate::threads::block_on;

use client::{Client, Times, number};
use rows::Rows;

/// Orders of a large batch.
const LARGE: usize = 100_000;
/// Orders of the batch that a large one is compared with.
const SMALL: usize = 10_000;
/// Large batches that are sent at once.
const AT_ONCE: usize = 10;
/// Worker processes.
const WORKERS: usize = 2;

/// Measures large batches.
pub(crate) fn measure(setting: &Setting, figures: &mut Figures) {
    let scratch = Scratch::new(&setting.server, LARGE);
    let stack = block_on(Stack::start(config(setting, &scratch.url))).expect("the stack starts");
    block_on(async {
        let rows = Rows::of(&scratch.url).await;
        let client = Client::of(&stack);
        one_at_a_time(setting, figures, &client, &rows).await;
        transaction(figures, &client, &stack, &scratch.url).await;
        reads::measure(figures, &client, &rows).await;
        at_once(figures, &client, &rows).await;
        memory(figures, &stack);
    });
    block_on(stack.stop());
}

fn config(setting: &Setting, database: &str) -> StackConfig {
    let mut config = StackConfig::new(&setting.binaries, database).expect("a project");
    config.workers = WORKERS;
    config.schedule = Some(Duration::from_hours(1));
    config.visibility_timeout = Duration::from_mins(10);
    let config = config.with("LOG_LEVEL", "warn");
    config.with("LEASE_SECONDS", "600")
}

/// Small and large batches in turns, ten small ones to each large one.
async fn one_at_a_time(setting: &Setting, figures: &mut Figures, client: &Client, rows: &Rows) {
    let (small, large) = (data::orders(SMALL), data::orders(LARGE));
    let (mut per_small, mut whole, mut larges) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=setting.rounds.min(3) {
        let mut ten = Vec::new();
        for no in 0..LARGE / SMALL {
            let name = format!("small-{round}-{no}");
            ten.push(client.import(&name, &small, rows).await.whole);
            rows.check(&name, SMALL).await;
        }
        let name = format!("large-{round}");
        let times = client.import(&name, &large, rows).await;
        rows.check(&name, LARGE).await;
        // The first round warms everything up.
        if round > 0 {
            per_small.push(ten.iter().sum::<f64>() / number(LARGE));
            whole.push(times.whole);
            larges.push(times);
        }
    }
    figures.value(
        "100,000 orders: bytes of JSON",
        number(large.len()) / 1e6,
        "MB",
        Some(50.3),
    );
    let sent = client::zipped("large", &large).len();
    figures.value("  as gzip", number(sent) / 1e6, "MB", Some(4.5));
    let middle = |of: fn(&Times) -> f64| median(&larges.iter().map(of).collect::<Vec<_>>());
    figures.value("  submit answered", middle(|times| times.submit), "s", None);
    figures.value(
        "  first outcome visible",
        middle(|times| times.first),
        "s",
        None,
    );
    figures.value(
        "  finished and readable",
        middle(|times| times.whole),
        "s",
        None,
    );
    figures.value(
        "  orders a second",
        number(LARGE) / median(&whole),
        "",
        None,
    );
    figures.value("  lines of these orders", number(LARGE * LINES), "", None);
    let per_order = (
        median(&whole) / number(LARGE) * 1e6,
        median(&per_small) * 1e6,
    );
    figures.ratio(
        "time per order, against batches of 10,000",
        per_order,
        "us",
        Some(1.05),
    );
}

/// The transaction of a submit: its redo, while no worker works.
async fn transaction(figures: &mut Figures, client: &Client, stack: &Stack, url: &str) {
    let workers = stack.function("order-batch-worker").expect("a worker");
    workers.pause();
    let before = spent(url).await;
    client.submit("transaction", &data::orders(LARGE)).await;
    let redo = spent(url).await.since(before).redo;
    workers.resume();
    client.finished("transaction").await;
    figures.value(
        "redo of the largest transaction (submit)",
        redo / 1e6,
        "MB",
        None,
    );
}

/// Reads the server's counters, which has a runtime of its own.
async fn spent(url: &str) -> Spent {
    let url = url.to_owned();
    let reading = tokio::task::spawn_blocking(move || Spent::now(&url));
    reading.await.expect("counters")
}

/// Ten large batches at once.
async fn at_once(figures: &mut Figures, client: &Client, rows: &Rows) {
    let orders = data::orders(LARGE);
    let names: Vec<_> = (0..AT_ONCE).map(|no| format!("at-once-{no}")).collect();
    let bodies: Vec<_> = names
        .iter()
        .map(|name| client::zipped(name, &orders))
        .collect();
    let start = std::time::Instant::now();
    let mut sent = tokio::task::JoinSet::new();
    for body in bodies {
        let client = client.clone();
        sent.spawn(async move { client.send(body).await });
    }
    sent.join_all().await;
    let answered = start.elapsed().as_secs_f64();
    for name in &names {
        client.finished(name).await;
    }
    let whole = start.elapsed().as_secs_f64();
    for name in &names {
        rows.check(name, LARGE).await;
    }
    figures.value("ten at once: all answered", answered, "s", None);
    figures.value("  all finished, every row counted", whole, "s", None);
    figures.value(
        "  orders a second",
        number(LARGE * AT_ONCE) / whole,
        "",
        None,
    );
}

/// The most memory that each function took.
fn memory(figures: &mut Figures, stack: &Stack) {
    for (function, most) in [
        ("order-batch-submit", 160.0),
        ("order-batch-worker", 128.0),
        ("order-batch-result", 128.0),
        ("order-batch-amend", 128.0),
        ("async-task-get", 128.0),
        ("async-task-detail", 128.0),
        ("async-task-close", 128.0),
    ] {
        let pool = stack.function(function).expect("a function");
        let peak = pool.peak_memory().unwrap_or_default();
        let peak = number(usize::try_from(peak).unwrap_or_default());
        figures.value(
            format!("memory at most, {function}"),
            peak / 1e6,
            "MB",
            Some(most),
        );
    }
}
