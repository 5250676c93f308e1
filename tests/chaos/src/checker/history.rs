//! The ledger, sorted by batch.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::reference::Loads;
use super::tasks::{TaskCall, TaskHistory};
use crate::ledger::{End, Entry, Expected, Job, Mending};

/// Everything that was asked and seen.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) batches: BTreeMap<String, BatchHistory>,
    /// Tasks that are no batches.
    pub(crate) tasks: BTreeMap<String, TaskHistory>,
    /// The versions of each station's changing reference data.
    pub(crate) loads: HashMap<String, Loads>,
    /// Which task made the order with this number, by station and number.
    pub(crate) owners: HashMap<(String, String), i64>,
    /// Numbers of orders that end or panic whatever works them.
    pub(crate) poisons: HashSet<String>,
    /// Chunks (task, run, chunk) whose message was put into the dead-letter queue.
    pub(crate) dead_letters: HashSet<(i64, u32, u32)>,
    pub(crate) answered: u32,
    pub(crate) unanswered: u32,
    pub(crate) looks: u32,
}

/// The calls and sights of one batch.
#[derive(Debug, Default)]
pub(crate) struct BatchHistory {
    pub(crate) station: String,
    pub(crate) job: Job,
    pub(crate) payloads: Vec<SentPayload>,
    pub(crate) closes: Vec<Close>,
    pub(crate) amends: Vec<Amend>,
    pub(crate) seen: Vec<Seen>,
}

#[derive(Debug)]
pub(crate) struct SentPayload {
    /// When it was sent, and when that was answered.
    pub(crate) at_ms: i64,
    pub(crate) answered_ms: i64,
    pub(crate) cycle: String,
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

/// The use of a call's answer.
enum Call {
    Submit(String, usize),
    Close(String, usize),
    Amend(String, usize),
    Load(String, usize),
    Task(String, usize),
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
                at_ms,
                job,
                task,
                station,
                cycle,
                orders,
                expected,
            } => {
                let batch = self.batches.entry(task.clone()).or_default();
                (batch.station, batch.job) = (station, job);
                calls.insert(call, Call::Submit(task, batch.payloads.len()));
                batch.payloads.push(SentPayload {
                    at_ms,
                    answered_ms: i64::MAX,
                    cycle,
                    orders,
                    expected,
                    end: End::Unknown,
                });
            }
            Entry::Load {
                call,
                at_ms,
                station,
                version,
            } => {
                let loads = self.loads.entry(station.clone()).or_default();
                calls.insert(call, Call::Load(station, loads.begin(version, at_ms)));
            }
            Entry::Task {
                call,
                task,
                station,
                act,
            } => {
                let history = self.tasks.entry(task.clone()).or_default();
                history.station = station;
                calls.insert(call, Call::Task(task, history.calls.len()));
                history.calls.push(TaskCall::new(act));
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
            other => self.note(other, calls),
        }
    }

    /// Notes answers and sights.
    fn note(&mut self, entry: Entry, calls: &HashMap<u64, Call>) {
        match entry {
            Entry::Started { call, run } => {
                if let Call::Task(task, at) = &calls[&call] {
                    self.task(task).calls[*at].run = Some(run);
                }
            }
            Entry::Closed { task, result } => self.task(&task).closed = Some(result),
            Entry::Listed { task, found } => self.task(&task).missed |= !found,
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
            _ => {}
        }
    }

    fn answer(&mut self, call: &Call, at_ms: i64, end: End) {
        match end {
            End::Unknown => self.unanswered += 1,
            _ => self.answered += 1,
        }
        match call {
            Call::Submit(task, at) => {
                let sent = &mut self.batch(task).payloads[*at];
                (sent.end, sent.answered_ms) = (end, at_ms);
            }
            Call::Load(station, at) => {
                let loads = self.loads.get_mut(station).expect("begun before answered");
                loads.answer(*at, &end, at_ms);
            }
            Call::Task(task, at) => self.task(task).calls[*at].end = end,
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

    fn task(&mut self, task: &str) -> &mut TaskHistory {
        self.tasks.get_mut(task).expect("asked before answered")
    }
}
