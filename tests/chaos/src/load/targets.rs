//! The load of targets, callbacks and schedules: stations add tasks to queues in mode `push`, most of them with a callback; 3 of the
//! 10 targets and one of the 3 receivers misbehave; schedules fire every minute. A keeper takes up again what a 410 has stopped,
//! and lets the long waits of callbacks pass quickly.

mod calm;

use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::{Value, json};
use sqlx::mysql::MySqlConnection;
use tokio::task::{AbortHandle, JoinSet};

use super::client::answer;
use super::keeper::Keeper;
use super::mood::{Mood, Moods};
use super::target::{Manner, Target};
use crate::ledger::{Dispatch, End, Entry, Push};
use crate::stage::Stage;
pub(crate) use calm::Calm;

/// The targets of queues of the same names.
const TARGETS: [(&str, Manner); 10] = [
    ("ta", Manner::Quick),
    ("tb", Manner::Quick),
    ("tc", Manner::Quick),
    ("td", Manner::Quick),
    ("te", Manner::Quick),
    ("tf", Manner::Accepting),
    ("tg", Manner::Accepting),
    ("th", Manner::Hanging),
    ("ti", Manner::Dying),
    ("tj", Manner::Odd),
];
/// How many of them behave well.
const WELL: usize = 7;
/// The receivers of callbacks of the same names.
pub(super) const RECEIVERS: [&str; 3] = ["ra", "rb", "rc"];
const SCHEDULES: usize = 12;
/// Seconds a run may be silent, the least there is.
const LEASE: u64 = 10;
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(200);
/// How long nothing at all may come to its end after the last fault: longer than a try counts as under way.
const STANDSTILL: Duration = Duration::from_secs(90);

/// The targets of a run.
pub(crate) struct Targets {
    stage: Arc<Stage>,
    moods: Arc<Moods>,
    http: reqwest::Client,
    targets: Vec<Target>,
    receivers: Vec<Target>,
    keeper: AbortHandle,
}

impl Drop for Targets {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Targets {
    /// Starts and declares targets, receivers and schedules.
    pub(crate) async fn declare(stage: &Arc<Stage>, seed: u64) -> Self {
        let (moods, mut number) = (Arc::new(Moods::new()), seed.wrapping_mul(6151));
        let (mut targets, mut receivers) = (Vec::new(), Vec::new());
        for named in TARGETS {
            number += 1;
            targets.push(Target::start(stage, &moods, named, number).await);
        }
        for (name, manner) in RECEIVERS
            .iter()
            .zip([Manner::Quick, Manner::Quick, Manner::Odd])
        {
            number += 1;
            receivers.push(Target::start(stage, &moods, (name, manner), number).await);
        }
        let http = reqwest::Client::builder().timeout(Duration::from_secs(12));
        let http = http.no_proxy().build().unwrap();
        let keeper = Keeper {
            stage: Arc::clone(stage),
            http: http.clone(),
        };
        let all = Self {
            stage: Arc::clone(stage),
            moods,
            http,
            targets,
            receivers,
            keeper: tokio::spawn(keeper.keep()).abort_handle(),
        };
        all.declare_all().await;
        all
    }

    async fn declare_all(&self) {
        for target in &self.targets {
            let policy = json!({"queue": target.name, "mode": "push", "url": target.url, "secret": "demo",
                "timeout": LEASE, "backoff": "0..2", "max_attempts": 20});
            self.must("/task/queue/set", &policy).await;
        }
        for receiver in &self.receivers {
            let set = json!({"name": receiver.name, "url": receiver.url, "secret": "demo"});
            self.must("/task/callback/set", &set).await;
        }
        for number in 0..SCHEDULES {
            self.must("/task/schedule/set", &self.schedule(number))
                .await;
        }
        let from = now(&mut self.stage.owner().await.unwrap()).await.unwrap();
        for number in 0..SCHEDULES {
            let name = format!("tick{number}");
            self.note(Push::Scheduled { name, from });
        }
    }

    fn schedule(&self, number: usize) -> Value {
        let station = &self.stage.stations[number % self.stage.stations.len()];
        let queue = self.targets[number % self.targets.len()].name;
        json!({"name": format!("tick{number}"), "cron": "* * * * *", "task": {"station_id": station, "task_name": "定时",
            "input": "{}", "queue": queue, "callback": RECEIVERS[number % RECEIVERS.len()], "max_attempts": 20}})
    }

    /// Loads every station until `deadline`; then the targets behave well.
    pub(crate) async fn load(self: Arc<Self>, seed: u64, deadline: Instant) {
        self.moods.set(Mood::Misbehaving);
        let mut adders = JoinSet::new();
        for (number, station) in (1..).zip(self.stage.stations.clone()) {
            let rng = Rng::with_seed(seed.wrapping_mul(4421) + number);
            adders.spawn(Arc::clone(&self).add_for(station, rng, deadline));
        }
        adders.join_all().await;
        self.moods.set(Mood::Well);
        self.stop_schedules().await;
    }

    async fn stop_schedules(&self) {
        let mut owner = self.stage.owner().await.unwrap();
        let to = now(&mut owner).await.unwrap();
        for number in 0..SCHEDULES {
            let name = format!("tick{number}");
            self.note(Push::Unscheduled {
                name: name.clone(),
                to,
            });
            let off = json!({"name": name, "enabled": false});
            self.must("/task/schedule/set", &off).await;
        }
    }

    /// Waits until every run has ended and every callback is told, or nothing moves any more.
    pub(crate) async fn settle(&self) {
        const OPEN: &str = "SELECT (SELECT COUNT(*) FROM tbl_work WHERE kind IN (2, 3)) \
            + (SELECT COUNT(*) FROM tbl_callback_delivery WHERE state = 3)";
        let mut owner = self.stage.owner().await.unwrap();
        let (mut left, mut moved) = (i64::MAX, Instant::now());
        while left > 0 && moved.elapsed() < STANDSTILL {
            tokio::time::sleep(PAUSE * 5).await;
            let now: i64 = sqlx::query_scalar(OPEN)
                .fetch_one(&mut owner)
                .await
                .unwrap();
            if now < left {
                (left, moved) = (now, Instant::now());
            }
        }
    }

    /// The times of quick targets among the faults.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.moods.waits()
    }

    async fn add_for(self: Arc<Self>, station: String, mut rng: Rng, deadline: Instant) {
        let mut number = 0;
        while Instant::now() < deadline {
            for _ in 0..if rng.u8(..4) == 0 { 4 } else { 1 } {
                number += 1;
                self.add_any(&station, number, &mut rng).await;
            }
            let pause = rng.u64(500..2_500);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    /// Adds a task; one of twelve is closed a little later.
    async fn add_any(&self, station: &str, number: u32, rng: &mut Rng) {
        let at = rng.usize(..TARGETS.len());
        let mut new = task(station, &format!("{station}-p{number}"), TARGETS[at].0);
        let delay = if rng.u8(..4) == 0 { rng.u32(1..4) } else { 0 };
        new["delay"] = json!(delay);
        if rng.u8(..4) > 0 {
            new["callback"] = json!(RECEIVERS[rng.usize(..RECEIVERS.len())]);
        }
        let start = Instant::now();
        let Some(id) = self.add(&new).await else {
            return;
        };
        if at < WELL && delay == 0 {
            self.moods.note_asked(id, start);
        }
        if rng.u8(..12) == 0 {
            tokio::time::sleep(Duration::from_millis(rng.u64(..2_000))).await;
            let named = json!({"task_id": id.to_string()});
            if self.insist("/async_task/close", &named).await.0 == End::Done {
                let closed = Dispatch::Closed { id };
                self.stage.ledger.write(&Entry::Dispatched(closed));
            }
        }
    }

    async fn add(&self, new: &Value) -> Option<i64> {
        let (end, data) = self.insist("/task/add", new).await;
        let id = data["task_id"].as_i64().filter(|_| end == End::Done)?;
        self.stage
            .ledger
            .write(&Entry::Dispatched(Dispatch::Added { id }));
        self.note(Push::Asked {
            id,
            new: new.clone(),
        });
        Some(id)
    }

    fn note(&self, push: Push) {
        self.stage.ledger.write(&Entry::Pushed(push));
    }

    /// Sends a request until it is answered, a few times.
    async fn insist(&self, path: &str, body: &Value) -> (End, Value) {
        for _ in 1..TRIES {
            let (end, data) = post(&self.http, &self.stage, path, body).await;
            if end != End::Unknown {
                return (end, data);
            }
            tokio::time::sleep(PAUSE).await;
        }
        post(&self.http, &self.stage, path, body).await
    }

    /// Sends a request until it succeeds.
    async fn must(&self, path: &str, body: &Value) {
        while post(&self.http, &self.stage, path, body).await.0 != End::Done {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn task(station: &str, id: &str, queue: &str) -> Value {
    let input = json!({ "of": id }).to_string();
    json!({"user_task_id": id, "station_id": station, "task_name": "推送", "type_id": 7, "input": input, "queue": queue})
}

pub(super) async fn post(
    http: &reqwest::Client,
    stage: &Stage,
    path: &str,
    body: &Value,
) -> (End, Value) {
    answer(http.post(stage.stack.url(path)).json(body)).await
}

/// The database's time, in milliseconds.
async fn now(owner: &mut MySqlConnection) -> sqlx::Result<i64> {
    const NOW: &str = "SELECT CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000 AS SIGNED)";
    sqlx::query_scalar(NOW).fetch_one(owner).await
}
