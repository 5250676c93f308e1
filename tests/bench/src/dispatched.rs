//! Dispatched tasks: how many a second are added, claimed and finished by two workers, and what a claim takes beside many others.

pub(crate) mod claims;
mod floor;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::json;
use task_service::jobs::KINDS;
use task_service::tasks::runs::{ClaimRequest, FinishRequest, claim, finish_all};
use task_service::tasks::{
    self, Changes, DispatchRequest, IdScope, Operation, ResultChange, Start, TaskReference,
    TaskRequest, document, path, queues,
};
use task_store::task_queues::{PolicyChange, QueueName};
use task_store::{Database, StationId, TaskId};

use crate::engine::database;
use crate::figures::{Figures, median};
use crate::scratch::Scratch;
use crate::threads::{self, block_on};
use crate::{Setting, seconds};

/// Tasks of a run, and of a list.
pub(crate) const TASKS: usize = 10_000;
const LIST: usize = 1_000;
/// The most tasks of a claim.
const CLAIM: u32 = 100;
const WORKERS: usize = 2;
const QUEUE: &str = "bench";

/// Measures runs in turns with their floor.
pub(crate) fn measure(setting: &Setting, figures: &mut Figures) {
    let scratch = Scratch::new(&setting.server, 2);
    declare(&scratch.url);
    let (mut lists, mut singles, mut ones, mut floors) = (vec![], vec![], vec![], vec![]);
    for round in 0..=setting.rounds {
        let floor = seconds(|| floor(&scratch.url));
        let list = seconds(|| by_lists(&scratch.url));
        let one = seconds(|| one_by_one(&scratch.url));
        let single = seconds(|| add_singly(&scratch.url));
        work(&scratch.url, CLAIM);
        if round > 0 {
            floors.push(floor);
            lists.push(list);
            ones.push(one);
            singles.push(single);
        }
    }
    let floor = median(&floors);
    let mut note = |name: &str, times: &[f64]| {
        let seconds = median(times);
        figures.ratio(name, (seconds * 1e3, floor * 1e3), "ms", None);
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        figures.value(
            format!("{name}, a second"),
            TASKS as f64 / seconds,
            "tasks/s",
            None,
        );
    };
    note(
        "10,000 tasks: added in lists, claimed and finished by 100",
        &lists,
    );
    note(
        "10,000 tasks: added, claimed and finished one by one",
        &ones,
    );
    note("10,000 tasks: added one by one, no more", &singles);
}

/// Declares the queue.
pub(crate) fn declare(url: &str) {
    block_on(async {
        let (database, names) = (database(url), queues::SqsNames::default());
        queues::set(&database, &names, &queue(), &PolicyChange::default())
            .await
            .expect("the queue is declared");
    });
}

fn queue() -> QueueName {
    QueueName::parse(QUEUE).expect("a name")
}

fn request(no: usize) -> TaskRequest<'static> {
    TaskRequest {
        user_task_id: None,
        station_id: StationId::parse(&format!("B{}", no % 50)).expect("a station"),
        name: "导出".into(),
        input: "{}".into(),
        type_id: 0,
        repeat: false,
        message_show: true,
        tags: None,
        created_by: None,
        callback: None,
        keep_days: None,
        dispatch: Some(DispatchRequest {
            queue: queue(),
            start: Start::Now,
            timeout: None,
            max_attempts: None,
            expire_at: None,
        }),
    }
}

/// The same rows by three batched commits for each thousand tasks.
pub(crate) fn floor(url: &str) {
    static ROUND: AtomicUsize = AtomicUsize::new(0);
    floor::run(url, ROUND.fetch_add(1, Ordering::Relaxed));
}

/// Adds all tasks in lists while two workers claim and finish them.
pub(crate) fn by_lists(url: &str) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            block_on(async {
                let database = database(url);
                for first in (0..TASKS).step_by(LIST) {
                    let list = (first..first + LIST).map(|no| Ok(request(no))).collect();
                    let added = tasks::add_many(&database, list, IdScope::Station).await;
                    added.expect("the tasks are added");
                }
            });
        });
        work(url, CLAIM);
    });
}

/// Adds all tasks one by one while two workers claim and finish them one by one.
pub(crate) fn one_by_one(url: &str) {
    std::thread::scope(|scope| {
        scope.spawn(|| add_singly(url));
        work(url, 1);
    });
}

fn add_singly(url: &str) {
    block_on(async {
        let database = database(url);
        for no in 0..TASKS {
            let added = tasks::add(&database, &request(no).task(), IdScope::Station).await;
            added.expect("the task is added");
        }
    });
}

/// Two workers claim up to `most` tasks at a time and finish them, until all are done.
fn work(url: &str, most: u32) {
    let done = AtomicUsize::new(0);
    threads::run(WORKERS, async |_| {
        let database = database(url);
        while done.load(Ordering::Relaxed) < TASKS {
            let runs = claimed(&database, most).await;
            if runs.is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
                continue;
            }
            finish(&database, &runs).await;
            done.fetch_add(runs.len(), Ordering::Relaxed);
        }
    });
}

async fn claimed(database: &Database, most: u32) -> Vec<(TaskId, i32)> {
    let request = ClaimRequest {
        queue: &queue(),
        limit: most,
        wait: Duration::ZERO,
        most_waiting: None,
        claim_id: None,
        worker: "bench",
    };
    let claimed = claim(database, &request, &TimeZone::UTC).await;
    let claimed = claimed.expect("an answer").tasks;
    let run = |task| {
        let task = json!(task);
        let id = TaskId::parse(&task["task_id"].to_string());
        let run = task["run_count"]
            .as_i64()
            .and_then(|run| i32::try_from(run).ok());
        id.zip(run).expect("a run")
    };
    claimed.iter().map(run).collect()
}

async fn finish(database: &Database, runs: &[(TaskId, i32)]) {
    let finish = |(id, run): &(TaskId, i32)| {
        let result = document("result", r#"{"msg":"好"}"#.into()).expect("a document");
        Ok(FinishRequest {
            task: TaskReference {
                task_id: Some(*id),
                ..TaskReference::default()
            },
            changes: Changes {
                result: Some(ResultChange {
                    path: path("postion", "$").expect("a path"),
                    operation: Operation::Set(result),
                }),
                run_count: Some(*run),
                ..Changes::default()
            },
        })
    };
    let requests = runs.iter().map(finish).collect();
    let finished = finish_all(database, KINDS, requests, &TimeZone::UTC).await;
    let finished = finished.expect("an answer");
    assert!(finished.iter().all(Result::is_ok), "every run is finished");
}
