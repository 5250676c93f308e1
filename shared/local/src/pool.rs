//! The processes of one program: as many as wanted, each started again when it ends.

use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::guard::Guard;
use crate::process::Recipe;

/// The pause before a process that ended is started again; doubled each time while it ends within a second.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long a killed process may take to be gone.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// The running processes of one program.
#[derive(Debug)]
pub struct Pool {
    recipe: Arc<Recipe>,
    guard: Arc<Guard>,
    runtime: Handle,
    keepers: Mutex<Vec<Keeper>>,
    exits: Arc<AtomicUsize>,
    batches: AtomicUsize,
    busy: AtomicUsize,
    interrupted: Mutex<Vec<String>>,
}

/// One place in the pool and the task that keeps a process in it.
#[derive(Debug)]
struct Keeper {
    /// The process in this place, 0 while there is none.
    pid: Arc<AtomicI32>,
    order: watch::Sender<Order>,
    task: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Keep,
    End { gently: bool },
}

impl Pool {
    pub(crate) fn new(recipe: Recipe, guard: &Arc<Guard>, runtime: &Handle) -> Self {
        Self {
            recipe: Arc::new(recipe),
            guard: Arc::clone(guard),
            runtime: runtime.clone(),
            keepers: Mutex::default(),
            exits: Arc::default(),
            batches: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
            interrupted: Mutex::default(),
        }
    }

    /// Makes it `count` processes from now on: starts more, or ends the newest.
    pub fn scale(&self, count: usize) {
        drop(self.resize(count, true));
    }

    /// Counts the processes that run at this moment.
    #[must_use]
    pub fn live(&self) -> usize {
        self.pids().len()
    }

    /// Answers the peak of resident memory of the pool's largest process, in bytes; `None` where the kernel does not say.
    #[must_use]
    pub fn peak_memory(&self) -> Option<u64> {
        let peak = |pid: &Pid| peak_of(pid.as_raw_pid());
        self.pids().iter().filter_map(peak).max()
    }

    /// Forgets the peaks of memory so far: the next one is that since this moment.
    pub fn forget_peak_memory(&self) {
        for pid in self.pids() {
            // 5: VmHWM starts again at the present size (proc(5)). Where it may not, the peak stays one since the start.
            let _ = std::fs::write(format!("/proc/{}/clear_refs", pid.as_raw_pid()), "5");
        }
    }

    /// Counts processes that ended by themselves or were killed (each was started again).
    #[must_use]
    pub fn exits(&self) -> usize {
        self.exits.load(Ordering::Relaxed)
    }

    /// Counts the batches of messages that its queues gave it.
    #[must_use]
    pub fn batches(&self) -> usize {
        self.batches.load(Ordering::Relaxed)
    }

    /// Counts the batches of messages that are in work at this moment.
    #[must_use]
    pub fn busy(&self) -> usize {
        self.busy.load(Ordering::Relaxed)
    }

    /// Lists the bodies of messages whose process ended while it worked them.
    #[must_use]
    pub fn interrupted(&self) -> Vec<String> {
        lock(&self.interrupted).clone()
    }

    pub(crate) fn begin_batch(&self) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.busy.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end_batch(&self) {
        self.busy.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn interrupt(&self, bodies: impl Iterator<Item = String>) {
        lock(&self.interrupted).extend(bodies);
    }

    /// Kills the process in the first place (SIGKILL) and tells whether there was any; it is started again.
    pub fn kill_first(&self) -> bool {
        let first = self.pids().into_iter().next();
        first.is_some_and(|pid| kill_process_group(pid, Signal::KILL).is_ok())
    }

    /// Kills the processes (SIGKILL, in the middle of whatever they do) and says how many; they are started again.
    ///
    /// Blocks until they are gone: the front would hand a request that comes a moment later to a dead one, and
    /// its caller would get an error.
    pub fn kill(&self) -> usize {
        let killed = self.pids();
        let count = self.signal(Signal::KILL);
        let deadline = Instant::now() + KILL_TIMEOUT;
        while Instant::now() < deadline && self.pids().iter().any(|pid| killed.contains(pid)) {
            std::thread::sleep(Duration::from_millis(1));
        }
        count
    }

    /// Freezes the processes (SIGSTOP) and answers their number: they keep their locks and connections and answer nobody.
    pub fn pause(&self) -> usize {
        self.signal(Signal::STOP)
    }

    /// Lets frozen processes go on (SIGCONT) and says how many.
    pub fn resume(&self) -> usize {
        self.signal(Signal::CONT)
    }

    /// Ends all processes and waits until they are gone.
    pub(crate) async fn end(&self, gently: bool) {
        let leaving = self.resize(0, gently);
        for task in leaving {
            let _ = task.await;
        }
    }

    /// Returns the recipe of the pool's processes.
    pub(crate) fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    fn pids(&self) -> Vec<Pid> {
        let pid = |keeper: &Keeper| Pid::from_raw(keeper.pid.load(Ordering::Acquire));
        self.keepers().iter().filter_map(pid).collect()
    }

    fn signal(&self, signal: Signal) -> usize {
        let reached = |pid: &Pid| kill_process_group(*pid, signal).is_ok();
        self.pids().iter().filter(|pid| reached(pid)).count()
    }

    fn resize(&self, count: usize, gently: bool) -> Vec<JoinHandle<()>> {
        let mut keepers = self.keepers();
        while keepers.len() < count {
            keepers.push(self.keeper());
        }
        let leaving = keepers.split_off(count);
        let tasks = leaving.into_iter().map(|keeper| {
            keeper.order.send_replace(Order::End { gently });
            keeper.task
        });
        tasks.collect()
    }

    fn keeper(&self) -> Keeper {
        let pid = Arc::new(AtomicI32::new(0));
        let (order, orders) = watch::channel(Order::Keep);
        let place = Place {
            recipe: Arc::clone(&self.recipe),
            guard: Arc::clone(&self.guard),
            pid: Arc::clone(&pid),
            exits: Arc::clone(&self.exits),
        };
        let task = self.runtime.spawn(place.keep(orders));
        Keeper { pid, order, task }
    }

    fn keepers(&self) -> MutexGuard<'_, Vec<Keeper>> {
        lock(&self.keepers)
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads the peak of a process's resident memory (`VmHWM`), in bytes.
fn peak_of(pid: i32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

struct Place {
    recipe: Arc<Recipe>,
    guard: Arc<Guard>,
    pid: Arc<AtomicI32>,
    exits: Arc<AtomicUsize>,
}

impl Place {
    /// Keeps a process in this place until it is ordered to end it.
    async fn keep(self, mut orders: watch::Receiver<Order>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let started = Instant::now();
            if self.one_life(&mut orders).await {
                return;
            }
            self.exits.fetch_add(1, Ordering::Relaxed);
            let was_short = started.elapsed() < Duration::from_secs(1);
            pause = if was_short {
                (pause * 2).min(LONGEST_PAUSE)
            } else {
                FIRST_PAUSE
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = orders.changed() => return,
            }
        }
    }

    /// Runs the process once; true when it ended because it was ordered to.
    async fn one_life(&self, orders: &mut watch::Receiver<Order>) -> bool {
        let Ok(mut process) = self.recipe.start(&self.guard) else {
            return false;
        };
        self.pid
            .store(process.pid().as_raw_pid(), Ordering::Release);
        let ordered = tokio::select! {
            () = process.wait() => None,
            _ = orders.changed() => Some(*orders.borrow()),
        };
        self.pid.store(0, Ordering::Release);
        match ordered {
            None => false,
            Some(order) => {
                process.end(order != Order::End { gently: false }).await;
                true
            }
        }
    }
}
