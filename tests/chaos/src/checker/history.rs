//! The ledger, sorted by batch.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use crate::ledger::{End, Entry, Expected, Mending};

/// Everything that was asked and seen.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) batches: BTreeMap<String, BatchHistory>,
    /// Numbers of orders that end or panic whatever works them.
    pub(crate) poisons: HashSet<String>,
    /// Chunks (task, run, chunk) whose message was put into the dead-letter queue.
    pub(crate) dead_letters: HashSet<(i64, u32, u32)>,
    pub(crate) answered: u32,
    pub(crate) unanswered: u32,
    pub(crate) looks: u32,
}

/// What was asked for and seen of one batch.
#[derive(Debug, Default)]
pub(crate) struct BatchHistory {
    pub(crate) station: String,
    pub(crate) payloads: Vec<SentPayload>,
    pub(crate) closes: Vec<Close>,
    pub(crate) amends: Vec<Amend>,
    pub(crate) seen: Vec<Seen>,
}

#[derive(Debug)]
pub(crate) struct SentPayload {
    pub(crate) orders: Vec<Value>,
    pub(crate) expected: Expected,
    pub(crate) end: End,
}

#[derive(Debug)]
pub(crate) struct Close {
    pub(crate) end: End,
    /// When it was answered.
    pub(crate) at_ms: i64,
    /// The run that was closed, where that is certain.
    pub(crate) run: Option<u32>,
}

#[derive(Debug)]
pub(crate) struct Amend {
    pub(crate) index: u32,
    pub(crate) mending: Mending,
    pub(crate) end: End,
}

#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) run: u32,
    pub(crate) status: u64,
    pub(crate) progress: u64,
    pub(crate) end_time: Option<String>,
}

/// What a call's answer is needed for.
enum Call {
    Submit(String, usize),
    Close(String, usize),
    Amend(String, usize),
}

impl History {
    /// Sorts a ledger. A call without an answer may have happened.
    pub(crate) fn of(entries: Vec<Entry>) -> Self {
        let mut history = Self::default();
        let mut calls = HashMap::new();
        for entry in entries {
            history.add(entry, &mut calls);
        }
        history
    }

    fn add(&mut self, entry: Entry, calls: &mut HashMap<u64, Call>) {
        match entry {
            Entry::Submit {
                call,
                task,
                station,
                orders,
                expected,
            } => {
                let batch = self.batches.entry(task.clone()).or_default();
                batch.station = station;
                calls.insert(call, Call::Submit(task, batch.payloads.len()));
                batch.payloads.push(SentPayload {
                    orders,
                    expected,
                    end: End::Unknown,
                });
            }
            Entry::Close { call, task } => {
                let batch = self.batches.entry(task.clone()).or_default();
                calls.insert(call, Call::Close(task, batch.closes.len()));
                batch.closes.push(Close {
                    end: End::Unknown,
                    at_ms: 0,
                    run: None,
                });
            }
            Entry::Amend {
                call,
                task,
                index,
                mending,
            } => {
                let batch = self.batches.entry(task.clone()).or_default();
                calls.insert(call, Call::Amend(task, batch.amends.len()));
                batch.amends.push(Amend {
                    index,
                    mending,
                    end: End::Unknown,
                });
            }
            Entry::Answer { call, at_ms, end } => self.answer(&calls[&call], at_ms, end),
            Entry::ClosedIn { call, run } => {
                if let Call::Close(task, at) = &calls[&call] {
                    self.batch(task).closes[*at].run = Some(run);
                }
            }
            Entry::Seen {
                task,
                run,
                status,
                progress,
                end_time,
            } => {
                self.looks += 1;
                self.batch(&task).seen.push(Seen {
                    run,
                    status,
                    progress,
                    end_time,
                });
            }
            Entry::Poison { out_order_no } => {
                self.poisons.insert(out_order_no);
            }
            Entry::DeadLetter {
                task_id,
                run,
                chunk,
            } => {
                self.dead_letters.insert((task_id, run, chunk));
            }
        }
    }

    fn answer(&mut self, call: &Call, at_ms: i64, end: End) {
        match end {
            End::Unknown => self.unanswered += 1,
            _ => self.answered += 1,
        }
        match call {
            Call::Submit(task, at) => self.batch(task).payloads[*at].end = end,
            Call::Amend(task, at) => self.batch(task).amends[*at].end = end,
            Call::Close(task, at) => {
                let close = &mut self.batch(task).closes[*at];
                (close.end, close.at_ms) = (end, at_ms);
            }
        }
    }

    fn batch(&mut self, task: &str) -> &mut BatchHistory {
        self.batches.get_mut(task).expect("asked before answered")
    }
}
