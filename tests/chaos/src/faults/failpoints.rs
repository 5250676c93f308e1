//! Arming failpoints: every one with every action, over and over, several at a time. One that is seldom reached stays
//! armed until it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use fastrand::Rng;
use task_engine::failpoints::Failpoint;

use super::millis;
use crate::options::Part;
use crate::stage::Stage;

const ACTIONS: [&str; 3] = ["kill", "error", "delay"];

/// The folder that the functions look into.
#[derive(Debug)]
pub(crate) struct Armory {
    folder: PathBuf,
    poisons: Mutex<String>,
}

impl Armory {
    pub(crate) fn new(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).unwrap();
        Self {
            folder,
            poisons: Mutex::default(),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the order with this number `kill` or `panic` whatever works it.
    pub(crate) fn poison(&self, word: &str, out_order_no: &str) {
        let mut poisons = self.poisons.lock().unwrap();
        poisons.extend([word, " \"", out_order_no, "\"\n"]);
        self.put("items", &poisons);
    }

    fn arm(&self, point: Failpoint, action: &str) {
        self.put(point.name(), action);
    }

    /// Takes the arms away from a failpoint that has not been reached; whether it was armed.
    fn disarm(&self, point: Failpoint) -> bool {
        fs::remove_file(self.folder.join(point.name())).is_ok()
    }

    fn is_armed(&self, point: Failpoint) -> bool {
        self.folder.join(point.name()).exists()
    }

    /// Never half-written: a function may be looking.
    fn put(&self, name: &str, text: &str) {
        let new = self.folder.join("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, self.folder.join(name)).unwrap();
    }
}

/// Arms failpoints until `deadline`, then disarms failpoints that were not reached.
pub(super) async fn run(stage: Arc<Stage>, seed: u64, deadline: Instant) {
    let mut rng = Rng::with_seed(seed);
    let mut armed: Vec<(Failpoint, &str)> = Vec::new();
    let mut deck = Vec::new();
    while Instant::now() < deadline {
        tally(&stage, &mut armed);
        // One whose point is still armed waits for its turn, before those of the next deck.
        let free = |(point, _): &(Failpoint, &str)| armed.iter().all(|(other, _)| other != point);
        if !deck.iter().any(free) {
            deck.splice(0..0, shuffled(&mut rng, stage.part));
        }
        if let Some(at) = deck.iter().rposition(free) {
            let (point, action) = deck.remove(at);
            let delay = format!("delay {}", rng.u32(200..5000));
            let text = if action == "delay" { &delay } else { action };
            stage.armory.arm(point, text);
            armed.push((point, action));
        }
        tokio::time::sleep(millis(&mut rng, 1000..2400)).await;
    }
    armed.retain(|(point, _)| !stage.armory.disarm(*point));
    for (point, action) in armed {
        stage.tally.count(&kind(point, action));
    }
}

/// Counts the failpoints that have fired.
fn tally(stage: &Stage, armed: &mut Vec<(Failpoint, &'static str)>) {
    armed.retain(|(point, action)| {
        let is_armed = stage.armory.is_armed(*point);
        if !is_armed {
            stage.tally.count(&kind(*point, action));
        }
        is_armed
    });
}

fn kind(point: Failpoint, action: &str) -> String {
    format!("failpoint {action}: {}", point.name())
}

/// Every failpoint with every action.
fn pairs() -> impl Iterator<Item = (Failpoint, &'static str)> {
    let all = Failpoint::ALL.iter();
    all.flat_map(|point| ACTIONS.map(|action| (*point, action)))
}

/// The kinds of faults that this lane has.
pub(super) fn kinds() -> impl Iterator<Item = String> {
    pairs().map(|(point, action)| kind(point, action))
}

/// A deck for a part of the load. Of clashes only those places count that are between two orders.
fn shuffled(rng: &mut Rng, part: Part) -> Vec<(Failpoint, &'static str)> {
    let between = |point| matches!(point, Failpoint::WorkSettled | Failpoint::WorkCounted);
    let is_in = |(point, _): &(Failpoint, _)| part != Part::Clashes || between(*point);
    let mut deck: Vec<_> = pairs().filter(is_in).collect();
    rng.shuffle(&mut deck);
    deck
}
