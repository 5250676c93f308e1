//! Queues in mode `sqs`: runs are announced when they become due, and again for as long as nobody has started them.

mod policies;
mod room;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use task_service::tasks::inbox::adopt;
use task_service::tasks::runs::{RunQueue, announce, announce_due, retry};
use task_store::task_queues::Mode;
use task_store::testing::with_database;
use task_store::work::RunAnnouncement;

use super::*;

/// Consumers of one queue that take note of what they are told.
#[derive(Default)]
struct Consumers {
    told: Mutex<Vec<(TaskId, i32, u32)>>,
    is_down: AtomicBool,
}

impl RunQueue for Consumers {
    fn has(&self, queue: &str) -> bool {
        queue == QUEUE
    }

    fn is_empty(&self) -> bool {
        false
    }

    async fn send(&self, runs: &[RunAnnouncement]) -> Vec<TaskId> {
        if self.is_down.load(Ordering::Relaxed) {
            return runs.iter().map(|run| run.task).collect();
        }
        let told = runs.iter().map(|run| (run.task, run.run_count, run.delay));
        self.told.lock().unwrap().extend(told);
        Vec::new()
    }
}

impl Consumers {
    /// What they were told since they were asked last: task, run, delay.
    fn told(&self) -> Vec<(TaskId, i32, u32)> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    async fn sweep(&self, fresh: &TestDatabase) -> usize {
        let announced = announce_due(&fresh.database, self, Deadline::default()).await;
        announced.unwrap()
    }
}

async fn declare_announced(fresh: &TestDatabase, more: PolicyChange) {
    let change = PolicyChange {
        mode: Some(Mode::Sqs),
        backoff_first: Some(0),
        ..more
    };
    let names = SqsNames::parse(QUEUE).unwrap();
    let set = queues::set(&fresh.database, &names, &queue(QUEUE), &change).await;
    set.unwrap();
}

async fn add_announced(fresh: &TestDatabase, consumers: &Consumers, start: Start) -> TaskId {
    let new = New {
        start,
        ..New::of("T1")
    };
    let id = new.add(fresh).await.unwrap();
    announce(&fresh.database, consumers, [id]).await;
    id
}

/// Lets the next announcement of every ready unit be due.
async fn lose_messages(fresh: &TestDatabase) {
    let sql = "UPDATE tbl_work SET due_at = NOW(3) - INTERVAL 1 SECOND WHERE state = 0";
    execute(fresh, sql).await;
}

async fn start_run(fresh: &TestDatabase, id: TaskId, run: i32) -> Result<Value> {
    let started = tasks::start(&fresh.database, &key(id), Some(run), &TimeZone::UTC).await;
    Ok(json!(started?))
}

#[tokio::test]
async fn an_added_task_is_announced_once_and_its_run_is_started_by_its_number() {
    with_database(async |fresh| {
        declare_announced(fresh, PolicyChange::default()).await;
        let consumers = Consumers::default();
        let id = add_announced(fresh, &consumers, Start::Now).await;
        assert_eq!(consumers.told(), [(id, 1, 0)]);
        assert_eq!(consumers.sweep(fresh).await, 0, "it was just announced");
        let started = start_run(fresh, id, 1).await.unwrap();
        assert_eq!(
            json!([started["status"], started["run_count"]]),
            json!([2, 1])
        );
        let again = start_run(fresh, id, 1).await;
        assert_eq!(code_with_task(again, id), ErrorCode::TaskHeld);
        lose_messages(fresh).await;
        assert_eq!(consumers.sweep(fresh).await, 0, "somebody works on it");
    })
    .await;
}

#[tokio::test]
async fn a_task_of_a_queue_whose_workers_ask_is_announced_to_nobody() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let consumers = Consumers::default();
        add_announced(fresh, &consumers, Start::Now).await;
        lose_messages(fresh).await;
        assert_eq!(consumers.sweep(fresh).await, 0);
        assert_eq!(consumers.told(), []);
    })
    .await;
}

#[tokio::test]
async fn a_lost_message_is_announced_again_less_and_less_often() {
    with_database(async |fresh| {
        declare_announced(fresh, PolicyChange::default()).await;
        let consumers = Consumers::default();
        let id = add_announced(fresh, &consumers, Start::Now).await;
        consumers.told();
        let mut waits = Vec::new();
        for _ in 0..6 {
            let wait = "SELECT CAST(ROUND(TIMESTAMPDIFF(MICROSECOND, NOW(3), due_at) / 1000000) AS SIGNED) FROM tbl_work";
            waits.push(count(fresh, wait).await);
            lose_messages(fresh).await;
            assert_eq!(consumers.sweep(fresh).await, 1);
            assert_eq!(consumers.told(), [(id, 1, 0)]);
        }
        let expected = [30, 60, 120, 240, 480, 480];
        assert!(waits.iter().zip(expected).all(|(wait, expected)| (expected - 2..=expected).contains(wait)), "{waits:?}");
    })
    .await;
}

#[tokio::test]
async fn what_the_queue_does_not_take_is_announced_by_the_next_sweep() {
    with_database(async |fresh| {
        declare_announced(fresh, PolicyChange::default()).await;
        let consumers = Consumers::default();
        consumers.is_down.store(true, Ordering::Relaxed);
        let id = add_announced(fresh, &consumers, Start::Now).await;
        assert_eq!(consumers.sweep(fresh).await, 0);
        consumers.is_down.store(false, Ordering::Relaxed);
        assert_eq!(consumers.sweep(fresh).await, 1);
        assert_eq!(consumers.told(), [(id, 1, 0)]);
    })
    .await;
}

#[tokio::test]
async fn what_is_due_soon_is_announced_with_that_delay_and_what_is_due_later_by_the_sweeper() {
    with_database(async |fresh| {
        declare_announced(fresh, PolicyChange::default()).await;
        let consumers = Consumers::default();
        let soon = add_announced(fresh, &consumers, Start::In(60)).await;
        assert_eq!(consumers.told(), [(soon, 1, 60)]);
        let later = add_announced(fresh, &consumers, Start::In(4_000)).await;
        assert_eq!(
            (consumers.told(), consumers.sweep(fresh).await),
            (vec![], 0)
        );
        let sql = format!(
            "UPDATE tbl_work SET due_at = NOW(3) + INTERVAL 70 SECOND WHERE task_id = {later}"
        );
        execute(fresh, &sql).await;
        assert_eq!(consumers.sweep(fresh).await, 1);
        let told = consumers.told();
        assert!(
            told[0].0 == later && (40..=70).contains(&told[0].2),
            "{told:?}"
        );
        assert_eq!(consumers.sweep(fresh).await, 0, "it keeps its time");
        assert_eq!(
            code_with_task(start_run(fresh, later, 1).await, later),
            ErrorCode::TaskNotDue
        );
        // Both messages are lost.
        hasten(fresh).await;
        assert_eq!(sweep(fresh).await.promoted, 2);
        lose_messages(fresh).await;
        assert_eq!(consumers.sweep(fresh).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_failed_and_a_lost_and_a_repeated_run_are_announced_with_their_numbers() {
    with_database(async |fresh| {
        declare_announced(fresh, PolicyChange::default()).await;
        let consumers = Consumers::default();
        let id = add_announced(fresh, &consumers, Start::Now).await;
        start_run(fresh, id, 1).await.unwrap();
        let failed = fail(fresh, id, Some(1), true).await.unwrap();
        announce(&fresh.database, &consumers, [failed.task]).await;
        assert_eq!(consumers.told(), [(id, 1, 0), (id, 2, 0)]);
        assert_eq!(
            code_with_task(start_run(fresh, id, 1).await, id),
            ErrorCode::RunStale
        );
        start_run(fresh, id, 2).await.unwrap();
        silence(fresh).await;
        assert_eq!(sweep(fresh).await.lost, 1);
        assert_eq!(consumers.sweep(fresh).await, 1);
        assert_eq!(consumers.told(), [(id, 3, 0)]);
        start_run(fresh, id, 3).await.unwrap();
        fail(fresh, id, Some(3), false).await.unwrap();
        let retried = retry(&fresh.database, &[key(id)]).await.unwrap();
        announce(&fresh.database, &consumers, retried.tasks).await;
        assert_eq!(consumers.told(), [(id, 4, 0)]);
        start_run(fresh, id, 4).await.unwrap();
        finish(fresh, id, Some(4)).await.unwrap();
        lose_messages(fresh).await;
        assert_eq!(consumers.sweep(fresh).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_task_that_was_added_by_sql_is_announced_by_its_adoption() {
    with_database(async |fresh| {
        declare_announced(fresh, PolicyChange::default()).await;
        let sql = "INSERT INTO tbl_task_inbox (station_id, task_name, input, queue) VALUES ('T1', 'n', '{}', 'report')";
        execute(fresh, sql).await;
        let consumers = Consumers::default();
        let adopted = adopt(&fresh.database, &consumers, IdScope::Station).await;
        assert_eq!(adopted.unwrap(), 1);
        assert_eq!(consumers.told()[0].1, 1);
        lose_messages(fresh).await;
        assert_eq!(consumers.sweep(fresh).await, 1);
    })
    .await;
}
