//! The load of tasks that are no batches, as other systems use them: counted and logged into by several callers at
//! once, run again while an earlier run still speaks, and closed while their workers go on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::Value;

use super::client::Client;
use crate::ledger::{Act, End, Entry};
use crate::stage::Stage;

/// How often a request without an answer is sent again.
const TRIES: u32 = 4;
/// How many writers a task has at once.
const WRITERS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(150);
/// A call this fast was not sent again.
const PROMPT: Duration = Duration::from_secs(2);

/// Loads one station until `deadline`.
pub(crate) async fn load(stage: Arc<Stage>, station: String, seed: u64, deadline: Instant) {
    let loader = Loader {
        stage: &stage,
        client: Client::new(&stage, &station),
    };
    let mut rng = Rng::with_seed(seed);
    for number in 0.. {
        if Instant::now() > deadline {
            return;
        }
        let task = format!("{station}-a{number}");
        match rng.u8(..3) {
            0 => loader.write(&task, &mut rng).await,
            1 => loader.run_twice(&task).await,
            _ => loader.close(&task, &mut rng).await,
        };
        tokio::time::sleep(PAUSE).await;
    }
}

struct Loader<'s> {
    stage: &'s Stage,
    client: Client<'s>,
}

impl Loader<'_> {
    /// Appends and increments by several writers, some of them with an `op_id`.
    async fn write(&self, task: &str, rng: &mut Rng) -> Option<()> {
        self.begin(task, false).await?;
        let seeds: Vec<_> = (0..WRITERS).map(|writer| (writer, rng.u64(..))).collect();
        let [one, two, three] = [0, 1, 2].map(|n| self.writer(task, seeds[n]));
        tokio::join!(one, two, three);
        let finish = Act::Finish {
            value: None,
            run: None,
        };
        self.insist(task, &finish).await.map(drop)
    }

    async fn writer(&self, task: &str, (writer, seed): (u32, u64)) {
        let mut rng = Rng::with_seed(seed);
        for round in 0..4 {
            let name = format!("w{writer}.{round}");
            let op_id = rng.bool().then(|| format!("op-{name}"));
            let act = match rng.bool() {
                true => Act::Append { value: name, op_id },
                false => Act::Increment {
                    digit: writer * 4 + round,
                    op_id,
                },
            };
            self.insist(task, &act).await;
        }
    }

    /// The worker of the first run is late: the second run must not end by it.
    async fn run_twice(&self, task: &str) -> Option<()> {
        let first = self.begin(task, true).await?;
        self.finish(task, first).await?;
        let second = self.start(task).await?;
        self.finish(task, first).await?;
        self.finish(task, second).await
    }

    async fn finish(&self, task: &str, run: u32) -> Option<()> {
        let value = Some(format!("run {run}"));
        let run = Some(run);
        self.insist(task, &Act::Finish { value, run })
            .await
            .map(drop)
    }

    /// A worker that does not know of the close goes on.
    async fn close(&self, task: &str, rng: &mut Rng) -> Option<()> {
        let run = self.begin(task, rng.bool()).await?;
        let append = |value: &str| Act::Append {
            value: value.to_owned(),
            op_id: None,
        };
        self.insist(task, &append("before")).await;
        let (end, _) = self.insist(task, &Act::Close).await?;
        if end == End::Done {
            let result = self.result(task).await?;
            let task = task.to_owned();
            self.stage.ledger.write(&Entry::Closed { task, result });
        }
        self.client.act(task, &append("after")).await;
        let value = Some("after".to_owned());
        let run = rng.bool().then_some(run);
        self.client.act(task, &Act::Finish { value, run }).await;
        Some(())
    }

    /// Adds and starts a task; its run.
    async fn begin(&self, task: &str, repeat: bool) -> Option<u32> {
        let begun = Instant::now();
        let (end, _) = self.insist(task, &Act::Add { repeat }).await?;
        // Later there might be a page of newer ones.
        if end == End::Done
            && begun.elapsed() < PROMPT
            && let Some(newest) = self.client.newest().await
        {
            let found = newest.iter().any(|one| one["user_task_id"] == task);
            let task = task.to_owned();
            self.stage.ledger.write(&Entry::Listed { task, found });
        }
        self.start(task).await
    }

    async fn start(&self, task: &str) -> Option<u32> {
        for _ in 0..TRIES {
            let (call, end, data) = self.client.act(task, &Act::Start).await;
            if end == End::Done {
                let run = u32::try_from(data["run_count"].as_u64()?).ok()?;
                self.stage.ledger.write(&Entry::Started { call, run });
                return Some(run);
            }
            tokio::time::sleep(PAUSE).await;
        }
        None
    }

    /// Sends a request until it is answered; `None` when it never is.
    async fn insist(&self, task: &str, act: &Act) -> Option<(End, Value)> {
        for _ in 0..TRIES {
            let (_, end, data) = self.client.act(task, act).await;
            if end != End::Unknown {
                return Some((end, data));
            }
            tokio::time::sleep(PAUSE).await;
        }
        None
    }

    async fn result(&self, task: &str) -> Option<Value> {
        for _ in 0..TRIES {
            if let Some(mut seen) = self.client.plain_task(task).await {
                return Some(seen["result"].take());
            }
            tokio::time::sleep(PAUSE).await;
        }
        None
    }
}
