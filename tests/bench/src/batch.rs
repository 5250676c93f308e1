//! A batch from its submit to its end, against the floor, in turns.

use std::time::{Duration, Instant};

use task_engine::Settings;

use crate::engine::{self, Times};
use crate::figures::{Figures, median};
use crate::floor::Floor;
use crate::gateway::Gateway;
use crate::relay::Relay;
use crate::scratch::Scratch;
use crate::server::Spent;
use crate::{Setting, data};

/// Batches of these sizes go through HTTP as well.
const THROUGH_HTTP: usize = 10_000;
/// Worker processes, as many as the floor has connections.
const WORKERS: usize = 2;

/// Everything the rounds of one size measured, in seconds.
#[derive(Default)]
struct Rounds {
    floor: Vec<f64>,
    engine: Vec<f64>,
    engine_submit: Vec<f64>,
    http: Vec<f64>,
    http_submit: Vec<f64>,
}

/// Measures batches of 1,000, 10,000 and 50,000 orders.
pub(crate) fn measure(setting: &Setting, figures: &mut Figures) {
    let mut growth = Vec::new();
    for count in [1_000, 10_000, 50_000] {
        let engine = size(setting, figures, count);
        growth.push((count, engine));
    }
    if let [_, (_, ten), (_, fifty)] = growth[..] {
        figures.value(
            "engine: time of 50,000 / time of 10,000",
            fifty / ten,
            "x",
            Some(5.0),
        );
    }
}

/// Measures batches of one size; answers the engine's median.
fn size(setting: &Setting, figures: &mut Figures, count: usize) -> f64 {
    let scratch = Scratch::new(&setting.server, count);
    let orders = data::orders(count);
    let (reference, cycle) = (data::reference(count), data::open_cycle());
    let gateway = (count <= THROUGH_HTTP).then(|| Gateway::start(setting, &scratch.url, WORKERS));
    let settings = Settings {
        max_items: 100_000,
        ..Settings::default()
    };
    let mut rounds = Rounds::default();
    let (mut floor_spent, mut engine_spent) = (Vec::new(), Vec::new());
    for round in 0..=setting.rounds {
        let task = 1_000_000 + i64::try_from(round).unwrap_or_default();
        let floor = Floor {
            url: &scratch.url,
            orders: &orders,
            reference: &reference,
            cycle: &cycle,
            task,
        };
        let (floor, spent_floor) = spending(&scratch.url, || timed(|| floor.run(WORKERS)));
        let run = || {
            engine::run(
                &scratch.url,
                &format!("engine-{round}"),
                &orders,
                settings,
                WORKERS,
            )
        };
        let (engine, spent_engine) = spending(&scratch.url, run);
        let http = gateway
            .as_ref()
            .map(|gateway| gateway.run(&format!("http-{round}"), &orders));
        // The first round warms everything up.
        if round > 0 {
            rounds.push(floor, &engine, http.as_ref());
            floor_spent.push(spent_floor);
            engine_spent.push(spent_engine);
        }
    }
    rounds.report(figures, count);
    cost(figures, count, &floor_spent, &engine_spent);
    trips(figures, &scratch.url, &orders, settings, count);
    if let Some(gateway) = &gateway {
        let batches = u32::try_from(setting.rounds + 1).unwrap_or(1);
        let invocations = u32::try_from(gateway.invocations()).unwrap_or(u32::MAX);
        let name = format!("worker invocations per batch, {count} orders");
        figures.value(name, f64::from(invocations) / f64::from(batches), "", None);
    }
    median(&rounds.engine)
}

/// How often a batch asks the database, from its submit to its end, shared out over its chunks.
fn trips(figures: &mut Figures, url: &str, orders: &str, settings: Settings, count: usize) {
    let relay = Relay::to(url);
    engine::run(&relay.url, "engine-trips", orders, settings, WORKERS);
    let (size, chunks) = chunks_of(count);
    let trips = u32::try_from(relay.trips()).unwrap_or(u32::MAX);
    let name = format!("database round trips per chunk of {size}, {count} orders");
    figures.value(name, f64::from(trips) / f64::from(chunks), "", Some(12.0));
}

/// How many orders a chunk of a batch has, and how many chunks the batch.
fn chunks_of(count: usize) -> (u32, u32) {
    let size = count.div_ceil(2).clamp(100, 500);
    let chunks = count.div_ceil(size);
    (
        u32::try_from(size).unwrap_or(100),
        u32::try_from(chunks).unwrap_or(1),
    )
}

impl Rounds {
    fn push(&mut self, floor: Duration, engine: &Times, http: Option<&Times>) {
        self.floor.push(floor.as_secs_f64());
        self.engine.push(engine.whole.as_secs_f64());
        self.engine_submit.push(engine.submit.as_secs_f64());
        self.http
            .extend(http.map(|times| times.whole.as_secs_f64()));
        self.http_submit
            .extend(http.map(|times| times.submit.as_secs_f64()));
    }

    fn report(&self, figures: &mut Figures, count: usize) {
        let against_floor = |times: &[f64]| (median(times) * 1e3, median(&self.floor) * 1e3);
        let large = (count >= 10_000).then_some(());
        let mut ratio = |what: &str, times: &[f64], target: f64| {
            if !times.is_empty() {
                let name = format!("{what}, {count} orders");
                figures.ratio(name, against_floor(times), "ms", large.map(|()| target));
            }
        };
        ratio("batch, engine alone", &self.engine, 1.3);
        ratio("  of it submit", &self.engine_submit, 0.35);
        ratio("batch, HTTP and queue", &self.http, 2.0);
        ratio("  of it the answer to submit", &self.http_submit, 0.35);
    }
}

/// The database's cost of a batch, per order.
fn cost(figures: &mut Figures, count: usize, floor: &[Spent], engine: &[Spent]) {
    let per = |spent: &[Spent], of: fn(&Spent) -> f64, scale: f64| {
        let total: f64 = spent.iter().map(of).sum();
        let orders = f64::from(u32::try_from(count * spent.len()).unwrap_or(u32::MAX));
        total / orders * scale
    };
    let mut compare = |what: &str, of: fn(&Spent) -> f64, scale: f64, unit, target| {
        let name = format!("{what}, {count} orders");
        figures.ratio(
            name,
            (per(engine, of, scale), per(floor, of, scale)),
            unit,
            target,
        );
    };
    compare(
        "database processor time per 1,000",
        |spent| spent.processor,
        1e6,
        "ms",
        None,
    );
    compare(
        "own processor time per 1,000",
        |spent| spent.own_processor,
        1e6,
        "ms",
        None,
    );
    compare(
        "redo per order",
        |spent| spent.redo,
        1.0,
        "bytes",
        Some(2.2),
    );
}

fn spending<T>(url: &str, run: impl FnOnce() -> T) -> (T, Spent) {
    let before = Spent::now(url);
    let end = run();
    (end, Spent::now(url).since(before))
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}
