//! What is written when a task ends.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::json;
use serde_json::value::to_raw_value;
use task_engine::Deadline;
use task_service::orders::{Mending, Which, amend};
use task_service::tasks::Changes;
use task_service::tasks::runs::{self, ClaimRequest, FailRequest, FinishRequest, RetryAfter};
use task_store::testing::with_database;

use super::*;

const UTC: TimeZone = TimeZone::UTC;

async fn finish(fresh: &TestDatabase, id: TaskId, run_count: Option<i32>) -> Result<()> {
    let changes = Changes {
        run_count,
        ..Changes::default()
    };
    tasks::finish(&fresh.database, KINDS, &key(id), &changes, &UTC).await
}

async fn fail(fresh: &TestDatabase, id: TaskId, retry: bool) {
    let request = FailRequest {
        run_count: None,
        message: "磁盘已满",
        retry,
        retry_after: Some(RetryAfter::Exactly(0)),
    };
    runs::fail(&fresh.database, &key(id), &request, &UTC)
        .await
        .unwrap();
}

async fn close(fresh: &TestDatabase, id: TaskId) {
    let named = [key(id)];
    let closed = task_service::async_tasks::close(
        &fresh.database,
        KINDS,
        &task_service::Caller::Unbound,
        &named,
    );
    assert_eq!(closed.await.unwrap(), 1);
}

async fn claim(fresh: &TestDatabase) {
    let queue = QueueName::parse("report").unwrap();
    let request = ClaimRequest {
        queue: &queue,
        limit: 10,
        wait: Duration::ZERO,
        most_waiting: None,
        claim_id: None,
        worker: "w",
    };
    runs::claim(&fresh.database, &request, &UTC).await.unwrap();
}

async fn claimed(fresh: &TestDatabase) -> TaskId {
    let id = add(fresh, &request(Some("report"))).await.unwrap();
    claim(fresh).await;
    id
}

fn once(outcome: &str) -> Vec<(String, String, u32)> {
    vec![("task.finished".to_owned(), outcome.to_owned(), 1)]
}

#[tokio::test]
async fn a_task_that_is_not_dispatched_tells_of_its_end_however_it_ends() {
    with_database(async |fresh| {
        declare(fresh, NOWHERE).await;
        let ids = [0; 3].map(|_| request(None));
        let mut added = Vec::new();
        for new in &ids {
            added.push(add(fresh, new).await.unwrap());
        }
        assert_eq!(
            told(fresh, added[0]).await,
            [],
            "an open task tells nothing"
        );
        finish(fresh, added[0], None).await.unwrap();
        finish(fresh, added[0], None).await.unwrap();
        fail(fresh, added[1], true).await;
        close(fresh, added[2]).await;
        close(fresh, added[2]).await;
        for (id, outcome) in added.into_iter().zip(["success", "failed", "cancelled"]) {
            assert_eq!(
                told(fresh, id).await,
                once(outcome),
                "once, however often it is ended"
            );
        }
        assert_eq!(open_units(fresh).await, 3);
    })
    .await;
}

#[tokio::test]
async fn a_dispatched_task_tells_of_its_end_however_it_ends() {
    with_database(async |fresh| {
        declare(fresh, NOWHERE).await;
        declare_queue(fresh).await;
        let finished = claimed(fresh).await;
        finish(fresh, finished, Some(1)).await.unwrap();
        let unfenced = claimed(fresh).await;
        finish(fresh, unfenced, None).await.unwrap();
        let failed = claimed(fresh).await;
        fail(fresh, failed, true).await;
        let closed = claimed(fresh).await;
        close(fresh, closed).await;
        let lost = claimed(fresh).await;
        run(fresh, "UPDATE tbl_work SET lease_until = NOW(3) - INTERVAL 1 SECOND, due_at = NOW(3) - INTERVAL 1 SECOND WHERE kind = 2").await;
        let expired = add(fresh, &request(Some("report"))).await.unwrap();
        run(fresh, "UPDATE tbl_work SET expire_at = NOW(3) - INTERVAL 1 SECOND, due_at = NOW(3) - INTERVAL 1 SECOND WHERE kind = 2 AND state = 0").await;
        runs::sweep(&fresh.database, Deadline::default()).await.unwrap();
        for (id, outcome) in [(finished, "success"), (unfenced, "success"), (failed, "failed"), (closed, "cancelled"), (lost, "failed"), (expired, "failed")] {
            assert_eq!(told(fresh, id).await, once(outcome));
        }
    })
    .await;
}

#[tokio::test]
async fn a_list_of_finished_tasks_tells_of_each_that_has_a_callback() {
    with_database(async |fresh| {
        declare(fresh, NOWHERE).await;
        declare_queue(fresh).await;
        let mut ids = Vec::new();
        for no in 0..4 {
            let new = TaskRequest {
                callback: (no > 0).then(erp),
                keep_days: None,
                ..request(Some("report"))
            };
            ids.push(add(fresh, &new).await.unwrap());
        }
        claim(fresh).await;
        let requests = ids.iter().map(|id| {
            Ok(FinishRequest {
                task: key(*id),
                changes: Changes::default(),
            })
        });
        let answers = runs::finish_all(&fresh.database, KINDS, requests.collect(), &UTC)
            .await
            .unwrap();
        assert!(answers.iter().all(std::result::Result::is_ok));
        assert_eq!(told(fresh, ids[0]).await, []);
        for id in &ids[1..] {
            assert_eq!(told(fresh, *id).await, once("success"));
        }
    })
    .await;
}

#[tokio::test]
async fn a_run_that_is_followed_by_another_tells_nothing_and_a_second_life_tells_again() {
    with_database(async |fresh| {
        declare(fresh, NOWHERE).await;
        declare_queue(fresh).await;
        let mut new = request(Some("report"));
        if let Some(dispatch) = &mut new.dispatch {
            dispatch.max_attempts = Some(2);
        }
        let id = add(fresh, &new).await.unwrap();
        claim(fresh).await;
        fail(fresh, id, true).await;
        assert_eq!(told(fresh, id).await, []);
        claim(fresh).await;
        fail(fresh, id, false).await;
        runs::retry(&fresh.database, &[key(id)]).await.unwrap();
        claim(fresh).await;
        finish(fresh, id, Some(3)).await.unwrap();
        let told = told(fresh, id).await;
        let expected = [("success", 2), ("failed", 1)]
            .map(|(outcome, no)| ("task.finished".to_owned(), outcome.to_owned(), no));
        assert_eq!(told, expected);
    })
    .await;
}

#[tokio::test]
async fn a_batch_tells_of_its_end_with_its_counts_and_of_each_change_after_it() {
    with_database(async |fresh| {
        load_station(fresh).await;
        declare(fresh, NOWHERE).await;
        let queue = MemoryQueue::default();
        let mut list = orders(4);
        for index in [1, 2] {
            list[index]["details"][0]["amount"] = json!("0");
        }
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        run(fresh, "UPDATE tbl_async_task SET callback = 'erp'").await;
        work_all(fresh, &queue).await;
        let id = task(fresh, "b1").await.id;
        assert_eq!(told(fresh, id).await, [("batch.finished".to_owned(), "partial".to_owned(), 1)]);
        let counts = "SELECT CASE WHEN JSON_EXTRACT(counts, '$.success') = 2 AND JSON_EXTRACT(counts, '$.failed') = 2 \
            AND JSON_EXTRACT(counts, '$.total') = 4 THEN 1 ELSE 0 END FROM tbl_callback_delivery";
        assert_eq!(number(fresh, counts).await, 1);

        let which = Which { index: Some(1), ..Which::default() };
        let right = to_raw_value(&order(1)).unwrap();
        let named = TaskReference { user_task_id: Some(crate::support::id("b1")), ..TaskReference::default() };
        let (dispatcher, caller, corrected) = (dispatcher(fresh, &queue), caller(), Mending::Corrected(&right));
        let mended = amend(&dispatcher, &caller, &named, &which, corrected);
        mended.await.unwrap();
        work_all(fresh, &queue).await;
        let events: Vec<_> = told(fresh, id).await.into_iter().map(|(event, ..)| event).collect();
        assert_eq!(events, ["batch.changed", "batch.changed", "batch.finished"], "taken up, and made");
    })
    .await;
}

#[tokio::test]
async fn a_batch_that_is_closed_or_finished_by_hand_tells_that_it_was_cancelled() {
    with_database(async |fresh| {
        load_station(fresh).await;
        declare(fresh, NOWHERE).await;
        let queue = MemoryQueue::default();
        for name in ["b1", "b2"] {
            submit_orders(fresh, &queue, name, &orders(3))
                .await
                .unwrap();
        }
        run(fresh, "UPDATE tbl_async_task SET callback = 'erp'").await;
        let (closed, finished) = (task(fresh, "b1").await.id, task(fresh, "b2").await.id);
        close(fresh, closed).await;
        finish(fresh, finished, None).await.unwrap();
        work_all(fresh, &queue).await;
        for id in [closed, finished] {
            assert_eq!(
                told(fresh, id).await,
                [("batch.finished".to_owned(), "cancelled".to_owned(), 1)]
            );
        }
    })
    .await;
}
