//! `PEERS=1`: the same batches through Celery, `BullMQ` and apalis, in turns with ours, on the same server.
//!
//! A peer's jobs store the same order, line and outcome rows, a transaction a chunk, with two chunks (apalis: four) in work at
//! once. Its time runs from the first message to the moment its own client knows that every job is done. It makes no HTTP call,
//! checks no order, and keeps neither payload nor outcome before it answers. Its settings stand in `tests/bench/peers`.

mod chart;
mod peer;
mod redis;
mod small;
mod table;

use std::path::{Path, PathBuf};

use task_engine::Settings;

use crate::floor::Floor;
use crate::gateway::Gateway;
use crate::scratch::Scratch;
use crate::{Setting, data, engine, seconds};
use peer::Peer;
use redis::Redis;
use table::Table;

/// Orders of the batches compared.
const SIZES: [usize; 6] = [1, 10, 200, 1_000, 10_000, 50_000];
/// Processes, threads or connections of each system.
const WORKERS: usize = 2;
/// The largest batch whose request fits the gateway without compression.
const THROUGH_HTTP: usize = 10_000;

/// Measures small tasks, then every size of a batch, and prints and saves the table; `PART` names one of both.
pub(crate) fn measure(setting: &Setting) {
    let folder = task_local::project_root().join(".local/bench");
    std::fs::create_dir_all(&folder).expect("a folder for the results");
    let redis = Redis::start();
    let part = crate::variable("PART");
    if part.as_deref().is_none_or(|part| part == "dispatched") {
        small::measure(setting, redis.as_ref());
    }
    if part.as_deref().is_some_and(|part| part != "batch") {
        return;
    }
    let mut table = Table::default();
    for (no, count) in SIZES.into_iter().enumerate() {
        size(setting, redis.as_ref(), &mut table, no, count, &folder);
    }
    table.print();
    table.save(&folder);
}

/// Runs one size in turns; the first turn warms everything up.
fn size(
    setting: &Setting,
    redis: Option<&Redis>,
    table: &mut Table,
    no: usize,
    count: usize,
    folder: &Path,
) {
    let scratch = Scratch::new(&setting.server, count);
    let orders = data::orders(count);
    let file = folder.join("orders.json");
    std::fs::write(&file, &orders).expect("the orders are written");
    let gateway = (count <= THROUGH_HTTP).then(|| Gateway::start(setting, &scratch.url, WORKERS));
    let mut peers = Peer::all(redis, &scratch.url);
    let settings = Settings {
        max_items: 100_000,
        ..Settings::default()
    };
    let (reference, cycle) = (data::reference(count), data::open_cycle());
    for round in 0..=setting.rounds {
        let mut note = |system: &str, seconds: f64| {
            if round > 0 {
                table.add(count, system, seconds);
            }
        };
        let mut tasks = (2_000_000_i64..).skip(no * 1_000 + round * 20);
        let mut next = || tasks.next().unwrap_or_default();
        let floor = Floor {
            url: &scratch.url,
            orders: &orders,
            reference: &reference,
            cycle: &cycle,
            task: next(),
        };
        note("plain inserts", seconds(|| floor.run(WORKERS)));
        let name = format!("engine-{round}");
        let times = engine::run(&scratch.url, &name, &orders, settings, WORKERS);
        note("ours, engine alone", times.whole.as_secs_f64());
        if let Some(gateway) = &gateway {
            let times = gateway.run(&format!("http-{round}"), &orders);
            note("ours, HTTP + queue", times.whole.as_secs_f64());
            note("ours, answer", times.submit.as_secs_f64());
        }
        for peer in &mut peers {
            for fsync in peer.fsyncs() {
                if let Some((redis, fsync)) = redis.zip(*fsync) {
                    redis.set_fsync(fsync);
                }
                let run = peer.run(next(), &file, chunk(count));
                note(&peer.label(*fsync), run);
            }
        }
    }
    scratch.check_rows(
        &peers.iter().flat_map(Peer::tasks).collect::<Vec<_>>(),
        count,
    );
}

/// Orders in a job of a peer: as many jobs as keep two workers busy, none above 500.
fn chunk(count: usize) -> usize {
    count.div_ceil(WORKERS).min(match count {
        0..=1_000 => 100,
        _ => 500,
    })
}

/// Where the peers are installed.
fn installed(name: &str) -> Option<PathBuf> {
    let path = task_local::project_root().join(".local/peers").join(name);
    path.exists().then_some(path)
}
