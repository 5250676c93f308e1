//! Random calls of workers, callers and the sweeper against a plain model of a queue: after every step each task is where
//! the model says, and each call was answered as it says. Models with a fault in them are caught.

use proptest::prelude::Rng;
use proptest::test_runner::{Config, TestRng, TestRunner};
use task_service::tasks::runs::retry;
use task_store::testing::with_rows_only;

use super::*;

/// Sequences of a right model, and until a model with a fault must be caught: about one in ten catches it.
const SEQUENCES: [usize; 2] = [25, 500];
const STEPS: usize = 30;
const TASKS: u32 = 3;
/// Runs in a life of a task.
const ATTEMPTS: u32 = 2;

/// A fault of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    NoFenceOnFinish,
    LeaseNotRenewed,
    RetryCountedTwice,
    ClaimForgotten,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Claim {
        limit: u32,
        id: Option<&'static str>,
    },
    Start(usize),
    Heartbeat(usize, i32),
    Finish(usize, i32),
    Fail(usize, i32, bool),
    Silence,
    Sweep,
    Close(usize),
    Retry(usize),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Modelled {
    /// 0 waits, 2 is held, 3 has ended.
    status: u8,
    run: i32,
    attempt: u32,
    outcome: Option<&'static str>,
    is_over: bool,
    claim: Option<&'static str>,
}

type Answer = std::result::Result<(), ErrorCode>;
impl Modelled {
    fn begin(&mut self, claim: Option<&'static str>) {
        self.status = 2;
        self.run += 1;
        self.attempt += 1;
        self.is_over = false;
        self.claim = claim;
    }

    fn end(&mut self, outcome: &'static str) {
        self.status = 3;
        self.outcome = Some(outcome);
        self.claim = None;
    }

    fn fail(&mut self, may_retry: bool, fault: Fault) {
        if fault == Fault::RetryCountedTwice {
            self.attempt += 1;
        }
        if may_retry && self.attempt < ATTEMPTS {
            self.status = 0;
            self.claim = None;
        } else {
            self.end("failed");
        }
    }

    /// Why a call of a run is refused, whatever it is.
    fn fenced(&self, run: i32) -> Answer {
        match self.status {
            _ if run != self.run => Err(ErrorCode::RunStale),
            _ if self.outcome == Some("cancelled") => Err(ErrorCode::TaskFinished),
            0 => Err(ErrorCode::RunStale),
            _ => Ok(()),
        }
    }

    fn finish(&mut self, run: i32, fault: Fault) -> Answer {
        let has_fence = fault != Fault::NoFenceOnFinish;
        self.fenced(if has_fence { run } else { self.run })?;
        if self.status == 2 {
            self.end("success");
        }
        Ok(())
    }

    fn heartbeat(&mut self, run: i32, fault: Fault) -> Answer {
        if run == self.run && self.outcome == Some("cancelled") {
            return Ok(());
        }
        self.fenced(run)?;
        if self.status == 3 {
            return Err(ErrorCode::TaskFinished);
        }
        self.is_over &= fault == Fault::LeaseNotRenewed;
        Ok(())
    }

    /// As the task is answered.
    fn place(&self) -> Value {
        json!([self.status.max(1), self.run, self.attempt, self.outcome])
    }
}

/// Does a step to the model, but a claim.
fn modelled(tasks: &mut [Modelled], step: Step, fault: Fault) -> Answer {
    match step {
        Step::Start(at) => match tasks[at].status {
            0 => tasks[at].begin(None),
            2 => return Err(ErrorCode::TaskHeld),
            _ => return Err(ErrorCode::TaskFinished),
        },
        Step::Heartbeat(at, run) => return tasks[at].heartbeat(run, fault),
        Step::Finish(at, run) => return tasks[at].finish(run, fault),
        Step::Fail(at, run, _) if tasks[at].status == 0 && tasks[at].run == run => {}
        Step::Fail(at, run, may_retry) => {
            tasks[at].fenced(run)?;
            if tasks[at].status == 2 {
                tasks[at].fail(may_retry, fault);
            }
        }
        Step::Silence => tasks
            .iter_mut()
            .for_each(|task| task.is_over = task.status == 2),
        Step::Sweep => {
            let lost = tasks
                .iter_mut()
                .filter(|task| task.status == 2 && task.is_over);
            lost.for_each(|task| task.fail(true, fault));
        }
        Step::Close(at) if tasks[at].status != 3 => tasks[at].end("cancelled"),
        Step::Retry(at) if tasks[at].status == 3 => {
            let run = tasks[at].run;
            tasks[at] = Modelled {
                run,
                ..Modelled::default()
            };
        }
        Step::Close(_) | Step::Retry(_) | Step::Claim { .. } => {}
    }
    Ok(())
}

/// The tasks of which a claim gets as many as it asks for, and whether it has got them before.
fn claimable(tasks: &[Modelled], id: Option<&str>, fault: Fault) -> (Vec<usize>, bool) {
    let which = |wanted: &dyn Fn(&Modelled) -> bool| -> Vec<usize> {
        (0..tasks.len()).filter(|at| wanted(&tasks[*at])).collect()
    };
    let held = which(&|task| task.status == 2 && id.is_some() && task.claim == id);
    match held.is_empty() || fault == Fault::ClaimForgotten {
        true => (which(&|task| task.status == 0), false),
        false => (held, true),
    }
}

/// Does a step to the service; for a claim, the keys it got.
async fn done(fresh: &TestDatabase, ids: &[TaskId], step: Step) -> Result<Vec<i64>> {
    match step {
        Step::Claim { limit, id } => return Ok(keys(&claim_as(&fresh.database, limit, id).await?)),
        Step::Start(at) => drop(start(fresh, ids[at]).await?),
        Step::Heartbeat(at, run) => drop(beat(fresh, ids[at], Some(run)).await?),
        Step::Finish(at, run) => finish(fresh, ids[at], Some(run)).await?,
        Step::Fail(at, run, may_retry) => drop(fail(fresh, ids[at], Some(run), may_retry).await?),
        Step::Silence => silence(fresh).await,
        Step::Sweep => drop(sweep(fresh).await),
        Step::Close(at) => close(fresh, ids[at]).await,
        Step::Retry(at) => {
            retry(&fresh.database, &[key(ids[at])]).await?;
        }
    }
    Ok(Vec::new())
}

fn random_step(rng: &mut TestRng, tasks: &[Modelled]) -> Step {
    let mut below = |n: u32| rng.next_u32() % n;
    let at = below(TASKS) as usize;
    let run = (tasks[at].run - i32::from(below(4) == 0)).max(0);
    match below(16) {
        0..=3 => Step::Claim {
            limit: below(3) + 1,
            id: [None, Some("c1"), Some("c2")][below(3) as usize],
        },
        4 => Step::Start(at),
        5 | 6 => Step::Heartbeat(at, run),
        7 | 8 => Step::Finish(at, run),
        9 | 10 => Step::Fail(at, run, below(3) > 0),
        11 => Step::Silence,
        12 => Step::Sweep,
        13 => Step::Close(at),
        _ => Step::Retry(at),
    }
}

/// Runs one sequence; the error says where service and model part.
async fn compared(
    fresh: &TestDatabase,
    rng: &mut TestRng,
    fault: Fault,
) -> std::result::Result<(), String> {
    execute(fresh, "DELETE FROM tbl_work").await;
    let (mut tasks, mut ids) = ([Modelled::default(); TASKS as usize], Vec::new());
    for station in ["T1", "T1", "T2"] {
        ids.push(add(fresh, station).await);
    }
    for _ in 0..STEPS {
        let step = random_step(rng, &tasks);
        let before = format!("{step:?} on {tasks:?}");
        let end = done(fresh, &ids, step).await;
        let expected = modelled(&mut tasks, step, fault);
        if end.as_ref().map(drop).map_err(Error::code) != expected {
            return Err(format!("{before}: {end:?}, not {expected:?}"));
        }
        if let Step::Claim { limit, id } = step {
            let (wanted, is_again) = claimable(&tasks, id, fault);
            let place = |key: &i64| ids.iter().position(|id| id.get() == *key);
            let got: Vec<_> = end.unwrap_or_default().iter().filter_map(place).collect();
            let most = if is_again {
                wanted.len()
            } else {
                limit as usize
            };
            if got.len() != wanted.len().min(most) || got.iter().any(|at| !wanted.contains(at)) {
                return Err(format!("{before}: got {got:?} of {wanted:?}"));
            }
            if !is_again {
                for at in got {
                    tasks[at].begin(id);
                }
            }
        }
        for (task, id) in tasks.iter().zip(&ids) {
            let now = place(fresh, *id).await;
            if now != task.place() {
                return Err(format!("{before}: {now}, not {}", task.place()));
            }
        }
    }
    Ok(())
}

/// The first place where service and a model with a fault part.
async fn parted(fault: Fault) -> Option<String> {
    with_rows_only(async |fresh| {
        let change = PolicyChange {
            backoff_first: Some(0),
            backoff_longest: Some(0),
            max_attempts: Some(ATTEMPTS),
            ..PolicyChange::default()
        };
        declare(fresh, change).await;
        let mut runner = TestRunner::new(Config::default());
        for _ in 0..SEQUENCES[usize::from(fault != Fault::None)] {
            if let Err(parting) = compared(fresh, runner.rng(), fault).await {
                return Some(parting);
            }
        }
        None
    })
    .await
}

#[tokio::test]
async fn any_sequence_of_calls_leaves_the_tasks_where_the_model_says() {
    assert_eq!(parted(Fault::None).await, None);
}

#[tokio::test]
async fn a_finish_without_a_fence_is_caught() {
    assert!(parted(Fault::NoFenceOnFinish).await.is_some());
}

#[tokio::test]
async fn a_lease_that_is_not_renewed_is_caught() {
    assert!(parted(Fault::LeaseNotRenewed).await.is_some());
}

#[tokio::test]
async fn a_retry_that_is_counted_twice_is_caught() {
    assert!(parted(Fault::RetryCountedTwice).await.is_some());
}

#[tokio::test]
async fn a_claim_whose_id_is_forgotten_is_caught() {
    assert!(parted(Fault::ClaimForgotten).await.is_some());
}
