//! The engine without its queue: the same submit and the same workers, told of their chunks by a list in memory.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use serde_json::value::RawValue;
use task_engine::Queue;
use task_engine::{Dispatcher, Settings};
use task_service::Caller;
use task_service::batches::BatchLabels;
use task_service::orders::{OrderImport, OrderList, submit};
use task_store::chunks::ChunkKey;
use task_store::outbox::Announcement;
use task_store::{Database, DatabaseConfig, StationId, UserTaskId};

use crate::data::{CYCLE, STATION};
use crate::threads::{self, block_on};

/// A queue in memory.
#[derive(Default)]
struct List(Mutex<Vec<ChunkKey>>);

impl Queue for &List {
    async fn send(&self, due: &[Announcement]) -> Vec<ChunkKey> {
        let mut list = self.0.lock().expect("nobody panicked");
        list.extend(due.iter().rev().map(|due| due.key));
        Vec::new()
    }
}

/// How long the parts of a batch took.
pub(crate) struct Times {
    pub(crate) submit: Duration,
    pub(crate) whole: Duration,
}

/// Submits a batch and works it with `workers` workers.
pub(crate) fn run(
    url: &str,
    task: &str,
    orders: &str,
    settings: Settings,
    workers: usize,
) -> Times {
    let list = List::default();
    let start = Instant::now();
    block_on(submit_list(url, task, orders, settings, &list));
    let submit = start.elapsed();
    let job = job();
    threads::run(workers, async |_| {
        let database = database(url);
        loop {
            let next = list.0.lock().expect("nobody panicked").pop();
            let Some(key) = next else { break };
            task_engine::work(&database, &job, &settings, key)
                .await
                .expect("a chunk is worked");
        }
    });
    Times {
        submit,
        whole: start.elapsed(),
    }
}

async fn submit_list(url: &str, task: &str, orders: &str, settings: Settings, list: &List) {
    let dispatcher = Dispatcher {
        database: database(url),
        queue: list,
        settings,
    };
    let orders: &RawValue = serde_json::from_str(orders).expect("a list");
    let task = UserTaskId::parse(task).expect("an id");
    let list = OrderList {
        user_task_id: &task,
        time_config_id: CYCLE,
        file_name: None,
        orders,
        rerun: false,
        labels: &BatchLabels::default(),
        scope: task_store::tasks::IdScope::Station,
    };
    let caller = Caller::Station(StationId::parse(STATION).expect("a station"));
    let list = list.cut(&dispatcher.settings).expect("a list");
    submit(&dispatcher, &job(), &caller, &list)
        .await
        .expect("the batch is accepted");
}

fn job() -> OrderImport {
    OrderImport {
        zone: TimeZone::system(),
    }
}

/// A connection of one's own, as a process has it.
pub(crate) fn database(url: &str) -> Database {
    Database::new(DatabaseConfig::parse(url, 1, Duration::from_mins(1)).expect("a URL"))
}
