//! The faults, in four lanes side by side: processes, database, queue, failpoints. Each lane draws its faults and their
//! measures from its own seeded generator, a whole deck of kinds at a time, so that a seed replays every choice.

mod database;
mod failpoints;
mod link;
mod process;
mod queue;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::load::python;
use crate::stage::Stage;
pub(crate) use failpoints::Armory;
pub(crate) use link::Link;

/// A sequence of faults, one after the other.
#[derive(Debug, Clone, Copy)]
enum Lane {
    Process,
    Database,
    Queue,
}

const LANES: [Lane; 3] = [Lane::Process, Lane::Database, Lane::Queue];

impl Lane {
    const fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Process => &process::KINDS,
            Self::Database => &database::KINDS,
            Self::Queue => &queue::KINDS,
        }
    }

    /// The pause after a fault, in milliseconds.
    const fn pause(self) -> std::ops::Range<u64> {
        match self {
            Self::Process => 1500..4500,
            Self::Database => 1500..4000,
            Self::Queue => 1000..3500,
        }
    }

    async fn strike(self, stage: &Stage, kind: &'static str, rng: &mut Rng) {
        match self {
            Self::Process => process::strike(stage, kind, rng).await,
            Self::Database => database::strike(stage, kind, rng).await,
            Self::Queue => queue::strike(stage, kind, rng).await,
        }
    }

    async fn run(self, stage: Arc<Stage>, seed: u64, deadline: Instant) {
        let mut rng = Rng::with_seed(seed);
        loop {
            let mut deck = self.kinds().to_vec();
            rng.shuffle(&mut deck);
            for kind in deck {
                tokio::time::sleep(Duration::from_millis(rng.u64(self.pause()))).await;
                if Instant::now() > deadline {
                    return;
                }
                self.strike(&stage, kind, &mut rng).await;
            }
        }
    }
}

/// Makes faults happen until `deadline`.
pub(crate) async fn happen(stage: &Arc<Stage>, seed: u64, deadline: Instant) {
    let mut lanes = tokio::task::JoinSet::new();
    for (number, lane) in (1..).zip(LANES) {
        lanes.spawn(lane.run(Arc::clone(stage), seed.wrapping_mul(31) + number, deadline));
    }
    let seed = seed.wrapping_mul(31) + 4;
    lanes.spawn(failpoints::run(Arc::clone(stage), seed, deadline));
    while let Some(end) = lanes.join_next().await {
        end.unwrap();
    }
}

/// Names every kind of fault: the faults of the lanes, single orders that kill or panic the process that works them, and killed or stopped
/// workers in another language.
pub(crate) fn kinds() -> BTreeSet<String> {
    let of_lanes = LANES.iter().flat_map(|lane| lane.kinds());
    let of_records = ["record: kill", "record: panic"];
    let named = of_lanes.copied().chain(of_records).chain(python::KINDS);
    let named = named.map(str::to_owned);
    named.chain(failpoints::kinds()).collect()
}

fn millis(rng: &mut Rng, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(rng.u64(range))
}
