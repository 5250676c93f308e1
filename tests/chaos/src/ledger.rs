//! The independent ledger: calls, answers and sights, written down before going on. The
//! checker believes nothing else but this and the rows.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::reference::Version;

/// Which orders of a payload must fail: their index and the code of the error.
pub(crate) type Expected = BTreeMap<u32, String>;

/// One line of the ledger.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Entry {
    /// A batch is about to be submitted.
    Submit {
        call: u64,
        at_ms: i64,
        job: Job,
        task: String,
        station: String,
        /// The operating cycle.
        cycle: String,
        orders: Vec<Value>,
        expected: Expected,
    },
    /// A version of the changing reference data of a station is about to be loaded.
    Load {
        call: u64,
        at_ms: i64,
        station: String,
        version: Version,
    },
    /// Something is about to be done about a task that is no batch.
    Task {
        call: u64,
        task: String,
        station: String,
        act: Act,
    },
    /// The run that a start was answered with.
    Started { call: u64, run: u32 },
    /// A task that is no batch, as it was seen after it was closed.
    Closed { task: String, result: Value },
    /// A task that is no batch was looked for in its station's list, after it was added.
    Listed { task: String, found: bool },
    /// A batch is about to be closed.
    Close { call: u64, task: String },
    /// An order of a batch is about to be mended.
    Amend {
        call: u64,
        task: String,
        index: u32,
        mending: Mending,
    },
    /// The answer to a call.
    Answer { call: u64, at_ms: i64, end: End },
    /// The run that a batch was in both before and after it was closed.
    ClosedIn { call: u64, run: u32 },
    /// A batch as its caller saw it; the run is the one it was in both before and after.
    Seen {
        task: String,
        run: u32,
        status: u64,
        progress: u64,
        end_time: Option<String>,
    },
    /// Something about a task that is dispatched to workers.
    Dispatched(Dispatch),
    /// Something about targets, callbacks and schedules.
    Pushed(Push),
    /// An order that ends or panics whatever works it is about to be submitted.
    Poison { out_order_no: String },
    /// A message about a chunk is about to be put into the dead-letter queue.
    DeadLetter { task_id: i64, run: u32, chunk: u32 },
}

/// What was done about a dispatched task.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Dispatch {
    /// Its add was answered.
    Added { id: i64 },
    /// Its close was answered.
    Closed { id: i64 },
    /// A worker got a run of it.
    Got { id: i64, run: i64 },
    /// A heartbeat is about to be sent.
    Beating { call: u64, id: i64 },
    /// A heartbeat was answered: until when the lease holds; `None`: the task was cancelled.
    Beat {
        call: u64,
        id: i64,
        run: i64,
        lease: Option<String>,
    },
    /// The finish of a run was answered with success.
    Finished { id: i64, run: i64 },
}

/// What was asked of targets, receivers of callbacks and schedules, and what they saw.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Push {
    /// The add of a task was answered.
    Asked { id: i64, new: Value },
    /// A target got a request, and is about to answer it.
    Called {
        target: String,
        /// `webhook-id`.
        id: String,
        is_signed: bool,
        /// Its answer is a 2xx.
        is_delivered: bool,
        /// Its answer is 410.
        is_gone: bool,
        body: Value,
    },
    /// A target is about to finish a run by a call of its own.
    Finishing { id: i64, run: i64 },
    /// A schedule was set before this moment of the database's, in milliseconds.
    Scheduled { name: String, from: i64 },
    /// A schedule is taken back after this moment.
    Unscheduled { name: String, to: i64 },
}

/// Which job works a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Job {
    #[default]
    Orders,
    Prices,
}

/// A call about a task that is no batch. The same act again is the same request, sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Act {
    Add {
        repeat: bool,
    },
    Start,
    /// Appends a value of its own to `$.log`.
    Append {
        value: String,
        op_id: Option<String>,
    },
    /// Adds 8 to the power of `digit` to `$.n`, so that the sum tells how often each was done.
    Increment {
        digit: u32,
        op_id: Option<String>,
    },
    /// Finishes with a result of its own.
    Finish {
        value: Option<String>,
        run: Option<u32>,
    },
    Close,
}

/// The way in which a person mends a failed order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mending {
    Made(i64),
    Corrected(Value),
    Dropped,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    /// Answered with code 0.
    Done,
    /// Answered with code 1 and this word: it changed nothing.
    Refused(String),
    /// Not answered, or with a temporary fault: it may have happened.
    Unknown,
}

/// The ledger of a run: a file that is only appended to.
#[derive(Debug)]
pub(crate) struct Ledger {
    file: Mutex<File>,
    path: PathBuf,
    calls: AtomicU64,
}

impl Ledger {
    pub(crate) fn create(path: &Path) -> Self {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        Self {
            file: Mutex::new(File::create(path).unwrap()),
            path: path.to_owned(),
            calls: AtomicU64::new(1),
        }
    }

    /// The number of the next call.
    pub(crate) fn next_call(&self) -> u64 {
        self.calls.fetch_add(1, Ordering::Relaxed)
    }

    /// Writes an entry; on disk when this returns.
    pub(crate) fn write(&self, entry: &Entry) {
        let mut line = serde_json::to_string(entry).unwrap();
        line.push('\n');
        let mut file = self.file.lock().unwrap();
        file.write_all(line.as_bytes()).unwrap();
        file.sync_data().unwrap();
    }

    /// Reads everything back.
    pub(crate) fn read(&self) -> Vec<Entry> {
        let text = fs::read_to_string(&self.path).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}
