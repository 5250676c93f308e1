//! Workers in another language: processes of `examples/worker.py`, which are killed, or stand still past their lease.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use rustix::process::{Pid, Signal, kill_process};
use task_local::project_root;

use super::LEASE;
use crate::stage::Stage;

/// The queue of these workers.
pub(crate) const QUEUE: &str = "py";
const KILL: &str = "kill -9: a Python worker";
const STAND_STILL: &str = "SIGSTOP past the lease: a Python worker";
pub(crate) const KINDS: [&str; 2] = [KILL, STAND_STILL];

const WORKERS: usize = 3;
/// How long a worker that was asked to stop may take over its task.
const STOP_TIME: Duration = Duration::from_secs(30);

/// Keeps workers running until the load is over, with faults until `deadline`; then asks them to stop.
pub(super) async fn run(
    stage: Arc<Stage>,
    mut rng: Rng,
    deadline: Instant,
    is_over: Arc<AtomicBool>,
) {
    let hire = || Worker::start(&stage.stack.base_url());
    let mut workers: Vec<_> = (0..WORKERS).map(|_| hire()).collect();
    while !is_over.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(rng.u64(500..2000))).await;
        for worker in &mut workers {
            // A worker that gets no answer for 15 s gives up; what runs workers starts them again.
            if worker.has_ended() {
                *worker = hire();
            }
        }
        if Instant::now() > deadline {
            continue;
        }
        let worker = &mut workers[rng.usize(..WORKERS)];
        match rng.u8(..6) {
            0 | 1 => {
                worker.signal(Signal::KILL);
                stage.tally.count(KILL);
            }
            2 => {
                worker.signal(Signal::STOP);
                let past = Duration::from_secs(LEASE) + Duration::from_millis(rng.u64(..4000));
                tokio::time::sleep(past).await;
                worker.signal(Signal::CONT);
                stage.tally.count(STAND_STILL);
            }
            _ => {}
        }
    }
    for worker in &mut workers {
        worker.stop().await;
    }
}

/// A running worker; it does not outlive a suite that fails.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Worker {
    fn start(url: &str) -> Self {
        let mut command = Command::new("python3");
        command.arg(project_root().join("examples/worker.py"));
        command.arg(QUEUE).arg(url);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("python3 starts"))
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.0);
        // One that has given up in this moment is not there.
        let _ = kill_process(pid, signal);
    }

    /// Asks the worker to stop, which it must do by itself, after its task.
    async fn stop(&mut self) {
        self.signal(Signal::TERM);
        let end = Instant::now() + STOP_TIME;
        while Instant::now() < end {
            if let Some(status) = self.0.try_wait().unwrap() {
                assert!(status.success(), "a Python worker stopped with {status}");
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("a Python worker did not stop within {STOP_TIME:?}");
    }
}
