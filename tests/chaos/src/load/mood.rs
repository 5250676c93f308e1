//! What all targets of a run share: whether they misbehave, and when each run was asked for and called.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// Whether the misbehaving targets misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// They answer as the others do.
    Well,
    /// They hang, all of them.
    Hanging,
    /// Each has its own manner.
    Misbehaving,
}

/// The mood of the targets, and the times of runs.
#[derive(Debug)]
pub(crate) struct Moods {
    mood: watch::Sender<Mood>,
    /// When the add of a task was sent, and when its target was called first.
    asked: Mutex<HashMap<i64, Instant>>,
    called: Mutex<HashMap<String, Instant>>,
    calls: AtomicU64,
}

impl Moods {
    pub(crate) fn new() -> Self {
        Self {
            mood: watch::Sender::new(Mood::Well),
            asked: Mutex::default(),
            called: Mutex::default(),
            calls: AtomicU64::new(0),
        }
    }

    pub(crate) fn mood(&self) -> Mood {
        *self.mood.borrow()
    }

    /// Changes the mood; connections that hang are closed.
    pub(crate) fn set(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    pub(crate) async fn until_it_changes(&self) {
        let _ = self.mood.subscribe().changed().await;
    }

    pub(crate) fn note_asked(&self, task: i64, at: Instant) {
        self.asked.lock().unwrap().insert(task, at);
    }

    pub(crate) fn note_called(&self, id: &str) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let mut called = self.called.lock().unwrap();
        called.entry(id.to_owned()).or_insert_with(Instant::now);
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// The time from the add of a task to the first call of its first run.
    pub(crate) fn wait_of(&self, task: i64) -> Option<Duration> {
        let called = *self.called.lock().unwrap().get(&format!("task_{task}_1"))?;
        let asked = *self.asked.lock().unwrap().get(&task)?;
        Some(called.saturating_duration_since(asked))
    }

    /// The times of all tasks that were asked for, the shortest first.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        let tasks: Vec<_> = self.asked.lock().unwrap().keys().copied().collect();
        let mut waits: Vec<_> = tasks
            .iter()
            .filter_map(|task| self.wait_of(*task))
            .collect();
        waits.sort_unstable();
        waits
    }

    /// Forgets tasks that were asked for.
    pub(crate) fn forget(&self) {
        self.asked.lock().unwrap().clear();
    }
}
