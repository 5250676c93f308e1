//! A peer's driver: a process that starts the peer's workers and runs one batch for each line on its standard input.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::installed;
use super::redis::Redis;

/// When Redis flushes what a peer enqueues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fsync {
    /// Once a second: an enqueued job can be lost.
    EverySecond,
    /// Before every answer: what ours promises.
    Always,
}

impl Fsync {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::EverySecond => "everysec",
            Self::Always => "always",
        }
    }
}

/// A running driver; ended with this value.
pub(super) struct Peer {
    name: &'static str,
    fsyncs: &'static [Option<Fsync>],
    tasks: Vec<i64>,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Lines<BufReader<ChildStdout>>,
}

const BOTH: &[Option<Fsync>] = &[Some(Fsync::EverySecond), Some(Fsync::Always)];

impl Peer {
    /// Starts every installed peer on a database.
    pub(super) fn all(redis: Option<&Redis>, database: &str) -> Vec<Self> {
        let sources = task_local::project_root().join("tests/bench/peers");
        let mut peers = Vec::new();
        if let Some(redis) = redis {
            if let Some(python) = installed("celery/bin/python") {
                let mut celery = Command::new(python);
                celery.arg("drive.py").current_dir(sources.join("celery"));
                celery.env("PYTHONDONTWRITEBYTECODE", "1");
                peers.push(Self::start(
                    "Celery",
                    BOTH,
                    celery.env("REDIS_URL", redis.url()),
                    database,
                ));
            }
            if let Some(folder) = installed("bullmq/node_modules") {
                let mut bullmq = Command::new("node");
                bullmq
                    .arg("drive.js")
                    .current_dir(folder.with_file_name(""));
                peers.push(Self::start(
                    "BullMQ",
                    BOTH,
                    bullmq.env("REDIS_URL", redis.url()),
                    database,
                ));
            }
        }
        if let Some(program) = installed("apalis/release/peer-apalis") {
            peers.push(Self::start(
                "apalis",
                &[None],
                &mut Command::new(program),
                database,
            ));
        }
        peers
    }

    fn start(
        name: &'static str,
        fsyncs: &'static [Option<Fsync>],
        command: &mut Command,
        database: &str,
    ) -> Self {
        // Every client knows these parts of the URL; none but ours its options.
        let database = database.split('?').next().unwrap_or_default();
        let mut child = command
            .env("DATABASE_URL", database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the peer starts");
        let stdout = child.stdout.take().expect("its output");
        let mut peer = Self {
            name,
            fsyncs,
            tasks: Vec::new(),
            stdin: child.stdin.take(),
            stdout: BufReader::new(stdout).lines(),
            child,
        };
        assert_eq!(peer.line(), "ready", "{name} starts");
        peer
    }

    /// The settings of Redis it is measured with; `None` for a peer without Redis.
    pub(super) const fn fsyncs(&self) -> &'static [Option<Fsync>] {
        self.fsyncs
    }

    /// Its name in the table.
    pub(super) fn label(&self, fsync: Option<Fsync>) -> String {
        match fsync {
            Some(fsync) => format!("{}, {}", self.name, fsync.name()),
            None => self.name.to_owned(),
        }
    }

    /// The tasks it has run.
    pub(super) fn tasks(&self) -> Vec<i64> {
        self.tasks.clone()
    }

    /// Runs a batch; answers its seconds.
    pub(super) fn run(&mut self, task: i64, orders: &Path, chunk: usize) -> f64 {
        self.tasks.push(task);
        self.asked(&json!({"task": task, "orders": orders, "chunk": chunk}))
    }

    /// Runs so many jobs that do nothing, each a message of its own; answers the seconds.
    pub(super) fn run_small(&mut self, jobs: usize) -> f64 {
        self.asked(&json!({"small": jobs}))
    }

    fn asked(&mut self, line: &Value) -> f64 {
        let stdin = self.stdin.as_mut().expect("it runs");
        writeln!(stdin, "{line}")
            .and_then(|()| stdin.flush())
            .expect("it reads");
        let answer = self.line();
        let answer: Value = serde_json::from_str(&answer).expect("an answer");
        answer["seconds"].as_f64().expect("seconds")
    }

    fn line(&mut self) -> String {
        let line = self
            .stdout
            .next()
            .unwrap_or_else(|| panic!("{} ended", self.name));
        line.expect("a line")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Without input a driver ends its workers, then itself.
        drop(self.stdin.take());
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
        if self.name == "apalis" {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
