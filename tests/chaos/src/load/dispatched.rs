//! The load of dispatched tasks: stations add and close tasks of several queues, workers claim them, consumers start them by
//! their messages; some of these fail, die, or stand still past their lease. When no more faults happen, all is worked off.

pub(crate) mod python;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::{Value, json};
use sqlx::Executor as _;
use task_local::TaskQueue;
use tokio::task::JoinSet;

use super::client::answer;
use crate::ledger::{Dispatch, End, Entry};
use crate::stage::Stage;

/// Queues whose workers ask, with their caps, and queues whose consumers are told.
const ASKED: [(&str, u32, u32); 3] = [("pa", 0, 0), ("pb", 3, 0), ("pc", 0, 1)];
pub(crate) const TOLD: [&str; 2] = ["sa", "sb"];
/// Seconds a run may be silent, the least there is.
const LEASE: u64 = 10;
const WORKERS: u64 = 8;
const CONSUMERS: u64 = 5;
/// How often a request without an answer is sent again.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(200);
/// How long nothing at all may come to its end after the last fault.
const STANDSTILL: Duration = Duration::from_secs(90);

/// Loads every station until `deadline`, then works off what is left.
pub(crate) async fn load(stage: Arc<Stage>, seed: u64, deadline: Instant) {
    let is_over = Arc::new(AtomicBool::new(false));
    let hand = |number: u64| Hand {
        stage: Arc::clone(&stage),
        http: reqwest::Client::builder()
            .timeout(Duration::from_secs(12))
            .no_proxy()
            .build()
            .unwrap(),
        rng: Rng::with_seed(seed.wrapping_mul(7919) + number),
        deadline,
        is_over: Arc::clone(&is_over),
    };
    hand(0).declare().await;
    let (mut adders, mut workers) = (JoinSet::new(), JoinSet::new());
    for (number, station) in (1..).zip(stage.stations.clone()) {
        adders.spawn(hand(number).add_for(station));
    }
    for number in 0..WORKERS {
        workers.spawn(hand(100 + number).claim_until_over());
    }
    for number in 0..CONSUMERS {
        workers.spawn(hand(200 + number).consume_until_over());
    }
    let rng = Rng::with_seed(seed.wrapping_mul(7919) + 300);
    workers.spawn(python::run(
        Arc::clone(&stage),
        rng,
        deadline,
        Arc::clone(&is_over),
    ));
    adders.join_all().await;
    until_all_ended(&stage).await;
    is_over.store(true, Ordering::Relaxed);
    workers.join_all().await;
}

/// Waits until no task is open, or none ends any more. Lost messages are announced again without their wait.
async fn until_all_ended(stage: &Stage) {
    const OPEN: &str = "SELECT COUNT(*) FROM tbl_work WHERE kind = 2";
    const HASTEN: &str = "UPDATE tbl_work SET due_at = NOW(3) WHERE kind = 2 AND state = 0 AND queue IN ('sa', 'sb')";
    let mut owner = stage.owner().await.unwrap();
    let (mut left, mut moved) = (i64::MAX, Instant::now());
    while left > 0 && moved.elapsed() < STANDSTILL {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let _ = owner.execute(HASTEN).await;
        let now: i64 = sqlx::query_scalar(OPEN)
            .fetch_one(&mut owner)
            .await
            .unwrap();
        if now < left {
            (left, moved) = (now, Instant::now());
        }
    }
}

/// A caller, a worker or a consumer.
struct Hand {
    stage: Arc<Stage>,
    http: reqwest::Client,
    rng: Rng,
    /// When faults end, and with them those of workers.
    deadline: Instant,
    is_over: Arc<AtomicBool>,
}

impl Hand {
    async fn declare(&self) {
        let asked = ASKED.map(|(name, most, most_of_station)| {
            json!({"queue": name, "concurrency": most, "station_concurrency": most_of_station})
        });
        let told = TOLD.map(|name| json!({"queue": name, "mode": "sqs"}));
        let of_python = json!({"queue": python::QUEUE});
        for mut policy in asked.into_iter().chain(told).chain([of_python]) {
            policy["timeout"] = json!(LEASE);
            policy["backoff"] = json!("0..2");
            policy["max_attempts"] = json!(20);
            while self.post("/task/queue/set", &policy).await.0 != End::Done {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn post(&self, path: &str, body: &Value) -> (End, Value) {
        answer(self.http.post(self.stage.stack.url(path)).json(body)).await
    }

    /// Sends a request until it is answered.
    async fn insist(&self, path: &str, body: &Value) -> (End, Value) {
        for _ in 1..TRIES {
            let (end, data) = self.post(path, body).await;
            if end != End::Unknown {
                return (end, data);
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.post(path, body).await
    }

    fn note(&self, dispatch: Dispatch) {
        self.stage.ledger.write(&Entry::Dispatched(dispatch));
    }

    async fn add_for(mut self, station: String) {
        let mut number = 0;
        while Instant::now() < self.deadline {
            let size = if self.rng.u8(..3) == 0 { 5 } else { 1 };
            let new: Vec<_> = (0..size)
                .map(|_| {
                    number += 1;
                    let queue = self.any_queue();
                    json!({"user_task_id": format!("{station}-d{number}"), "station_id": station, "task_name": "长任务",
                        "input": {"count": self.rng.u8(1..10)}, "queue": queue, "delay": self.rng.u32(..3)})
                })
                .collect();
            self.add(&new).await;
            tokio::time::sleep(Duration::from_millis(self.rng.u64(500..2500))).await;
        }
    }

    fn any_queue(&mut self) -> &'static str {
        let all = ASKED.iter().map(|(name, ..)| *name).chain(TOLD);
        let all: Vec<_> = all.chain([python::QUEUE]).collect();
        all[self.rng.usize(..all.len())]
    }

    /// Adds tasks, one by itself, several as a list; closes some of them a little later.
    async fn add(&mut self, new: &[Value]) {
        let (end, data) = match new {
            [one] => self.insist("/task/add", one).await,
            several => self.insist("/task/add", &json!({ "tasks": several })).await,
        };
        if end != End::Done {
            return;
        }
        let added = data.as_array().cloned().unwrap_or_else(|| vec![data]);
        for task in added {
            let Some(id) = task["task_id"].as_i64() else {
                continue;
            };
            self.note(Dispatch::Added { id });
            if self.rng.u8(..10) == 0 {
                tokio::time::sleep(Duration::from_millis(self.rng.u64(..2000))).await;
                let named = json!({"task_id": id.to_string()});
                let (end, _) = self.insist("/async_task/close", &named).await;
                if end == End::Done {
                    self.note(Dispatch::Closed { id });
                }
            }
        }
    }

    async fn claim_until_over(mut self) {
        while !self.is_over.load(Ordering::Relaxed) {
            let (queue, ..) = ASKED[self.rng.usize(..ASKED.len())];
            let claim = json!({"queue": queue, "limit": self.rng.u32(1..3), "wait": 1, "claim_id": format!("c{}", self.rng.u64(..))});
            let (end, tasks) = self.insist("/task/claim", &claim).await;
            if end != End::Done {
                tokio::time::sleep(PAUSE).await;
            }
            for task in tasks.as_array().into_iter().flatten() {
                self.work(task).await;
            }
        }
    }

    /// Takes messages and starts their runs; some are lost.
    async fn consume_until_over(mut self) {
        while !self.is_over.load(Ordering::Relaxed) {
            let queue = TaskQueue::named(TOLD[self.rng.usize(..TOLD.len())]).queue();
            let messages = self.stage.stack.take(&queue).await.unwrap_or_default();
            if messages.is_empty() {
                tokio::time::sleep(PAUSE).await;
            }
            for message in messages {
                let message: Value = serde_json::from_str(&message).unwrap();
                let run = json!({"task_id": message["task_id"], "run_count": message["run_count"]});
                if self.is_faulty() && self.rng.u8(..10) == 0 {
                    continue;
                }
                let (end, task) = self.post("/task/start", &run).await;
                if end == End::Done {
                    self.work(&task).await;
                }
            }
        }
    }

    fn is_faulty(&self) -> bool {
        Instant::now() < self.deadline
    }

    /// Works on a run: ends it, or not.
    async fn work(&mut self, task: &Value) {
        let (Some(id), Some(run)) = (task["task_id"].as_i64(), task["run_count"].as_i64()) else {
            return;
        };
        self.note(Dispatch::Got { id, run });
        let fate = if self.is_faulty() {
            self.rng.u8(..20)
        } else {
            19
        };
        match fate {
            // It dies.
            0 | 1 => {}
            2..=4 => {
                let failed = json!({"task_id": id, "run_count": run, "msg": "no paper"});
                self.insist("/task/fail", &failed).await;
            }
            // It stands still.
            5 => {
                let past = Duration::from_secs(LEASE) + Duration::from_millis(self.rng.u64(..4000));
                tokio::time::sleep(past).await;
                self.finish(id, run).await;
            }
            6..=8 => {
                for _ in 0..self.rng.u8(1..13) {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    if !self.beat(id, run).await {
                        return;
                    }
                }
                self.finish(id, run).await;
            }
            _ => self.finish(id, run).await,
        }
    }

    /// Whether the worker may go on.
    async fn beat(&self, id: i64, run: i64) -> bool {
        let call = self.stage.ledger.next_call();
        self.note(Dispatch::Beating { call, id });
        let body = json!({"task_id": id, "run_count": run});
        let (end, data) = self.post("/task/heartbeat", &body).await;
        let lease = data["lease_time"].as_str().map(str::to_owned);
        if end == End::Done {
            self.note(Dispatch::Beat {
                call,
                id,
                run,
                lease: lease.clone(),
            });
        }
        end == End::Unknown || lease.is_some()
    }

    async fn finish(&self, id: i64, run: i64) {
        let body = json!({"task_id": id, "run_count": run, "result": {"by": run}});
        let (end, _) = self.insist("/task/finish", &body).await;
        if end == End::Done {
            self.note(Dispatch::Finished { id, run });
        }
    }
}
