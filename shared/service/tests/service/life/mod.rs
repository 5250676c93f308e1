//! The life of a batch as random sequences of everything that can happen to it, on the real database, against a plain
//! model: after every step the same status, run, counts, orders and answers. A sequence that fails is shortened to the
//! steps that it takes.

mod model;

use std::cell::Cell;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use task_engine::{Deadline, Invocation, ItemStatuses, Settings, Unworked};
use task_service::async_tasks::close;
use task_service::orders::{Mending, Which, amend};
use task_service::tasks::TaskReference;
use task_store::StoreError;
use task_store::batches;
use task_store::chunks::{self, ChunkKey};
use task_store::testing::{TestDatabase, with_rows_only};
use tokio::runtime::Handle;

use crate::support::*;
use model::{List, Model, ORDERS, Worked};

const SEQUENCES: u32 = 16;
/// The most steps of a sequence.
const STEPS: usize = 60;

/// Something that happens to the batch; each may happen at any time.
#[derive(Debug, Clone)]
enum Step {
    Submit(List),
    Work(u32),
    /// Work, while the station may have one chunk in work.
    WorkCapped(u32),
    Abandon(u32),
    Expire,
    Bury(u32, bool),
    Close,
    Drop(u32),
    Sweep,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        14 => (0..4_u32).prop_map(|list| Step::Submit(List(list))),
        28 => (0..3_u32).prop_map(Step::Work),
        10 => (0..3_u32).prop_map(Step::WorkCapped),
        12 => (0..3_u32).prop_map(Step::Abandon),
        12 => Just(Step::Expire),
        6 => (0..3_u32, any::<bool>()).prop_map(|(chunk, stalled)| Step::Bury(chunk, stalled)),
        4 => Just(Step::Close),
        12 => (0..ORDERS).prop_map(Step::Drop),
        4 => Just(Step::Sweep),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn any_sequence_of_steps_leaves_the_batch_that_the_model_says() {
    with_rows_only(async |fresh| {
        load_station(fresh).await;
        let config = Config {
            cases: SEQUENCES,
            failure_persistence: None,
            ..Config::default()
        };
        let (lives, runs) = (Cell::new(0), Cell::new(0));
        let end = TestRunner::new(config).run(&vec(step(), 1..=STEPS), |steps| {
            lives.set(lives.get() + 1);
            let life = Life::new(fresh, format!("life{}", lives.get()));
            let runs_of_it =
                tokio::task::block_in_place(|| Handle::current().block_on(life.live(steps)));
            runs.set(runs.get() + runs_of_it);
            Ok(())
        });
        end.unwrap();
        assert!(runs.get() > SEQUENCES, "only {} runs", runs.get());
    })
    .await;
}

struct Life<'t> {
    fresh: &'t TestDatabase,
    queue: MemoryQueue,
    name: String,
    model: Model,
    /// The steps so far, shown when the test fails.
    told: Vec<String>,
}

impl<'t> Life<'t> {
    fn new(fresh: &'t TestDatabase, name: String) -> Self {
        Self {
            fresh,
            queue: MemoryQueue::default(),
            name,
            model: Model::new(),
            told: Vec::new(),
        }
    }

    /// Takes one step after the other; how often the batch was run.
    async fn live(mut self, steps: Vec<Step>) -> u32 {
        // What another life has left in work counts for the station too.
        self.expire().await;
        self.submit(List(0)).await;
        for step in steps {
            self.step(step).await;
            self.check().await;
        }
        self.model.run
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Submit(list) => self.submit(list).await,
            Step::Work(chunk) => self.work(chunk).await,
            Step::WorkCapped(chunk) => self.work_capped(chunk).await,
            Step::Abandon(chunk) => self.abandon(chunk).await,
            Step::Expire => self.expire().await,
            Step::Bury(chunk, stalled) => self.bury(chunk, stalled).await,
            Step::Close => self.close().await,
            Step::Drop(index) => self.drop_order(index).await,
            Step::Sweep => self.sweep().await,
        }
    }

    async fn submit(&mut self, list: List) {
        self.told.push(format!("submit {list:?}"));
        let wrong = |order: &mut Value| order["details"][0]["amount"] = json!("-1");
        let order = |n: u32| match list.is_wrong(n) {
            true => faulty(n, wrong),
            false => order(n),
        };
        let orders: Vec<_> = (0..ORDERS).map(order).collect();
        let end = submit_orders(self.fresh, &self.queue, &self.name, &orders).await;
        let expected = self.model.submit(list);
        assert_eq!(end.map_err(|end| end.code()), expected, "{:?}", self.told);
    }

    async fn work(&mut self, chunk: u32) {
        self.told.push(format!("work {chunk}"));
        let end = work_one(self.fresh, self.key(chunk).await).await;
        let expected = self.model.work(chunk as usize);
        assert_eq!(worked(end), expected, "{:?}", self.told);
    }

    /// A chunk that its station's cap lets wait is as it was: its message may go, the database knows of it.
    async fn work_capped(&mut self, chunk: u32) {
        self.told.push(format!("work {chunk}, one at a time"));
        let (key, job) = (self.key(chunk).await, job());
        let settings = Settings {
            station_chunks: 1,
            ..settings()
        };
        let invocation =
            Invocation::new(&self.fresh.database, &job, &settings, Deadline::default());
        let end = invocation.work(key).await;
        let expected = self.model.work_capped(chunk as usize);
        assert_eq!(worked(end), expected, "{:?}", self.told);
    }

    async fn bury(&mut self, chunk: u32, stalled: bool) {
        self.told.push(format!("bury {chunk}, stalled: {stalled}"));
        let key = self.key(chunk).await;
        let stalls = if stalled { 5 } else { 0 };
        let sql = format!(
            "UPDATE tbl_work SET stalls = {stalls} WHERE task_id = {} AND run = {} AND part = {chunk}",
            key.task, key.run
        );
        run(self.fresh, &sql).await;
        let end = task_engine::handle_dead_letter(
            &self.fresh.database,
            &settings(),
            KINDS,
            key,
            "dead letter",
        )
        .await;
        let expected = self.model.bury(chunk as usize, stalled);
        assert_eq!(worked(end), expected, "{:?}", self.told);
    }

    async fn abandon(&mut self, chunk: u32) {
        self.told.push(format!("abandon {chunk}"));
        let (key, lease) = (self.key(chunk).await, settings().lease);
        let claim =
            async |c: &mut _| chunks::claim(c, key, &chunks::ClaimTerms::new(lease, 0)).await;
        let claimed = self.fresh.database.run(claim).await.unwrap();
        let expected = self.model.abandon(chunk as usize);
        assert_eq!(claimed.claimed().is_some(), expected, "{:?}", self.told);
    }

    async fn expire(&mut self) {
        self.told.push("expire".to_owned());
        run(
            self.fresh,
            "UPDATE tbl_work SET lease_until = NOW(3) WHERE lease_until IS NOT NULL",
        )
        .await;
        self.model.expire();
    }

    async fn close(&mut self) {
        self.told.push("close".to_owned());
        let closed = close(&self.fresh.database, KINDS, &caller(), &[self.named()]).await;
        assert_eq!(closed.unwrap(), 1);
        self.model.close();
    }

    async fn drop_order(&mut self, index: u32) {
        self.told.push(format!("drop {index}"));
        let which = Which {
            index: Some(index),
            ..Which::default()
        };
        let dispatcher = dispatcher(self.fresh, &self.queue);
        let end = amend(
            &dispatcher,
            &caller(),
            &self.named(),
            &which,
            Mending::Dropped,
        )
        .await;
        let expected = self.model.drop_order(index);
        assert_eq!(
            end.map(drop).map_err(|end| end.code()),
            expected,
            "{:?}",
            self.told
        );
    }

    /// Announces open chunks and finishes nothing that has not ended.
    async fn sweep(&mut self) {
        self.told.push("sweep".to_owned());
        run(self.fresh, "UPDATE tbl_work SET due_at = NOW(3)").await;
        let dispatcher = dispatcher(self.fresh, &self.queue);
        let swept = sweep(&dispatcher).await;
        assert_eq!((swept.finished, swept.faults), (0, 0), "{:?}", self.told);
    }

    /// The rows equal the model.
    async fn check(&self) {
        let (model, told) = (&self.model, &self.told);
        let task = task(self.fresh, &self.name).await;
        let read = async |c: &mut _| {
            let batch = batches::by_task(c, task.id).await?.unwrap();
            let statuses = ItemStatuses::read(c, &batch).await?;
            Ok::<_, StoreError>((batch.run, statuses.counts()))
        };
        let (run, counts) = self.fresh.database.run(read).await.unwrap();
        let status = task.status.number();
        assert_eq!((run, counts), (model.run, model.counts()), "{told:?}");
        assert_eq!(
            (status, task.message_show),
            (model.status, model.is_shown),
            "{told:?}"
        );
        let orders = format!("SELECT COUNT(*) FROM tbl_order WHERE task_id = {}", task.id);
        let made = i64::try_from(model.made.len()).unwrap();
        assert_eq!(number(self.fresh, &orders).await, made, "{told:?}");
        let outcome = (model.status == 3).then(|| model.counts().outcome());
        let result: Option<Value> = task.result.map(|text| serde_json::from_str(&text).unwrap());
        let stored = result
            .as_ref()
            .and_then(|result| result["outcome"].as_str());
        assert_eq!(stored, outcome, "{told:?}");
    }

    async fn key(&self, chunk: u32) -> ChunkKey {
        ChunkKey {
            task: task(self.fresh, &self.name).await.id,
            run: self.model.run,
            chunk,
        }
    }

    fn named(&self) -> TaskReference {
        TaskReference {
            user_task_id: Some(id(&self.name)),
            ..TaskReference::default()
        }
    }
}

#[track_caller]
fn worked(end: Result<(), Unworked>) -> Worked {
    match end {
        Ok(()) => Worked::Acknowledged,
        Err(Unworked::Held) => Worked::Held,
        Err(Unworked::Store(fault)) => panic!("{fault}"),
    }
}
