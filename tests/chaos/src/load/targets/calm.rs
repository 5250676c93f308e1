//! How quick a target is called before the faults begin.

use std::time::{Duration, Instant};

use super::{Mood, PAUSE, Targets, WELL, task};

/// How many tasks tell how quick a target is called.
const SAMPLE: usize = 500;
/// Tasks of each target that hangs.
const HUNG: usize = 12;

/// The times from the add of a task to the call of a quick target, without any other load and fault.
#[derive(Debug, Clone)]
pub(crate) struct Calm {
    pub(crate) alone: Vec<Duration>,
    pub(crate) beside: Vec<Duration>,
}

impl Targets {
    /// Measures how quick the first target is called, alone and beside three that hang.
    pub(crate) async fn measure(&self) -> Calm {
        let alone = self.sample("m").await;
        self.moods.set(Mood::Hanging);
        let calls = self.moods.calls();
        for target in &self.targets[WELL..] {
            for n in 0..HUNG {
                let id = format!("h{}{n}", target.name);
                self.add(&task("T0", &id, target.name)).await;
            }
        }
        let hung = (calls + u64::try_from(3 * 9).unwrap(), Instant::now());
        while self.moods.calls() < hung.0 && hung.1.elapsed() < Duration::from_secs(10) {
            tokio::time::sleep(PAUSE).await;
        }
        let beside = self.sample("n").await;
        self.moods.set(Mood::Misbehaving);
        self.moods.forget();
        Calm { alone, beside }
    }

    /// Adds one task after the other, each when the one before it was called; the times, the shortest first.
    async fn sample(&self, name: &str) -> Vec<Duration> {
        self.moods.forget();
        for n in 0..SAMPLE {
            let start = Instant::now();
            let Some(id) = self.add(&task("T0", &format!("{name}{n}"), "ta")).await else {
                continue;
            };
            self.moods.note_asked(id, start);
            while self.moods.wait_of(id).is_none() && start.elapsed() < Duration::from_secs(5) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        self.moods.waits()
    }
}
