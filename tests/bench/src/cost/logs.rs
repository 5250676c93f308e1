//! What the functions of a stack logged: how often each was invoked, for how long, and how many bytes it wrote.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

/// The platform's own lines of an invocation (`START`, `END`, `REPORT` as JSON), which the local stack does not write.
const PLATFORM_BYTES: f64 = 700.0;

/// The folder of a stack's logs.
#[derive(Debug)]
pub(super) struct Logs(PathBuf);

/// What one function logged.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Logged {
    /// Invocations.
    pub(super) count: f64,
    /// Their time, each rounded up to a millisecond as it is billed.
    pub(super) seconds: f64,
    bytes: f64,
}

/// What each function logged.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted(BTreeMap<String, Logged>);

impl Logs {
    /// The logs of the stack with this name.
    pub(super) fn of(stack: &str) -> Self {
        Self(task_local::project_root().join(".local/log").join(stack))
    }

    /// Reads all of them.
    pub(super) fn read(&self) -> Counted {
        let files = fs::read_dir(&self.0).expect("the stack logs");
        let mut counted = Counted::default();
        for file in files.flatten() {
            let path = file.path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            // The queue emulator's is not a function's.
            if name != "queue" {
                let text = fs::read_to_string(&path).expect("a log");
                counted.0.insert(name.into_owned(), logged(&text));
            }
        }
        counted
    }
}

fn logged(text: &str) -> Logged {
    let mut logged = Logged::default();
    for line in text.lines() {
        logged.bytes += f64::from(u32::try_from(line.len() + 1).unwrap_or(u32::MAX));
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        if let Some(milliseconds) = line["duration_ms"].as_f64() {
            logged.count += 1.0;
            logged.seconds += milliseconds.ceil().max(1.0) / 1e3;
        }
    }
    logged
}

impl Counted {
    /// What was logged since `before`.
    pub(super) fn since(&self, before: &Self) -> Self {
        let since = self.0.iter().map(|(name, now)| {
            let before = before.of(name);
            let logged = Logged {
                count: now.count - before.count,
                seconds: now.seconds - before.seconds,
                bytes: now.bytes - before.bytes,
            };
            (name.clone(), logged)
        });
        Self(since.collect())
    }

    /// What one function logged.
    pub(super) fn of(&self, function: &str) -> Logged {
        self.0.get(function).copied().unwrap_or_default()
    }

    /// What all of them logged.
    pub(super) fn all(&self) -> Logged {
        self.0.values().fold(Logged::default(), |sum, one| Logged {
            count: sum.count + one.count,
            seconds: sum.seconds + one.seconds,
            bytes: sum.bytes + one.bytes,
        })
    }

    /// The bytes of all logs, the platform's lines included.
    pub(super) fn bytes(&self) -> f64 {
        let all = self.all();
        all.bytes + all.count * PLATFORM_BYTES
    }
}

impl Logged {
    /// The seconds of an invocation.
    pub(super) fn mean(self) -> f64 {
        self.seconds / self.count.max(1.0)
    }

    /// The bytes of an invocation.
    pub(super) fn mean_bytes(self) -> f64 {
        self.bytes / self.count.max(1.0) + PLATFORM_BYTES
    }
}
