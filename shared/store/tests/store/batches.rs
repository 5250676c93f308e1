//! `tbl_batch`.

use std::time::Duration;

use task_store::batches::{self, NewRun};
use task_store::tasks::{self, Task, TaskStatus};
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, StoreError, TaskId};

use crate::support::{RUN, a_batch, a_task, done, end_chunks, execute, read_number};

#[tokio::test]
async fn a_batch_comes_back_as_it_was_stored() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 2).await;
        let batch = by_task(fresh, task).await.unwrap();
        assert_eq!((batch.task_id, batch.run, batch.item_count), (task, 1, 4));
        assert_eq!(
            (batch.job.as_str(), batch.params.as_str()),
            (RUN.job, RUN.params)
        );
        assert_eq!(batch.payload_hash, [7; 32]);
        assert!(batch.accepted_at >= read_task(fresh, task).await.created_at);
    })
    .await;
}

#[tokio::test]
async fn a_task_that_is_no_batch_has_none() {
    with_database(async |fresh| {
        let task = a_task(fresh).await;
        assert!(by_task(fresh, task).await.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_task_has_one_batch() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        let again = fresh
            .database
            .run(async |c: &mut Connection| batches::insert(c, task, &RUN).await);
        assert!(again.await.unwrap_err().is_duplicate_key());
    })
    .await;
}

#[tokio::test]
async fn the_first_claim_starts_a_submitted_task_and_no_other_does() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        for _ in 0..2 {
            done(&fresh.database, async |c| batches::start(c, task, 1).await).await;
            let row = read_task(fresh, task).await;
            assert_eq!((row.status, row.run_count), (TaskStatus::Running, 1));
            assert!(row.started_at.is_some());
        }
        finish(fresh, task, "{}").await;
        done(&fresh.database, async |c| batches::start(c, task, 1).await).await;
        assert_eq!(read_task(fresh, task).await.status, TaskStatus::Finished);
    })
    .await;
}

#[tokio::test]
async fn a_late_worker_of_a_closed_run_does_not_start_the_next_one() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        finish(fresh, task, "{}").await;
        let other = fresh.another(1);
        let start = async |run| {
            let start = async |c: &mut _| batches::start(c, task, run).await;
            other.run(start).await.unwrap();
        };
        let submit_again = fresh.database.transaction(async |c: &mut Connection| {
            tasks::lock(c, task).await?;
            let mut late = Box::pin(start(1));
            let waits = tokio::time::timeout(Duration::from_millis(200), &mut late);
            assert!(waits.await.is_err(), "it waits for the submit");
            batches::insert_run(c, task, &RUN, "[]").await?;
            sqlx::raw_sql("COMMIT").execute(c).await?;
            late.await;
            Ok::<_, StoreError>(())
        });
        submit_again.await.unwrap();
        start(1).await;
        assert_eq!(read_task(fresh, task).await.status, TaskStatus::Submitted);
        start(2).await;
        assert_eq!(read_task(fresh, task).await.status, TaskStatus::Running);
    })
    .await;
}

#[tokio::test]
async fn a_finished_batch_keeps_its_first_result() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        finish(fresh, task, r#"{"first": true}"#).await;
        finish(fresh, task, r#"{"first": false}"#).await;
        let row = read_task(fresh, task).await;
        assert_eq!(row.status, TaskStatus::Finished);
        assert_eq!(row.result.as_deref(), Some(r#"{"first": true}"#));
        assert!(row.started_at.is_some() && row.ended_at.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_result_that_is_no_json_is_refused() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        let broken = fresh
            .database
            .run(async |c: &mut Connection| batches::finish(c, task, "{", false).await);
        assert!(broken.await.is_err());
        assert_eq!(read_task(fresh, task).await.status, TaskStatus::Submitted);
    })
    .await;
}

#[tokio::test]
async fn the_next_run_opens_a_finished_batch_again() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        finish(fresh, task, "{}").await;
        let next = NewRun {
            payload_hash: &[8; 32],
            item_count: 9,
            params: "{}",
            ..RUN
        };
        done(&fresh.database, async |c| {
            batches::insert_run(c, task, &next, "[]").await
        })
        .await;
        let batch = by_task(fresh, task).await.unwrap();
        assert_eq!(
            (batch.run, batch.item_count, batch.params.as_str()),
            (2, 9, "{}")
        );
        assert_eq!(batch.payload_hash, [8; 32]);
        let row = read_task(fresh, task).await;
        assert_eq!((row.status, row.result), (TaskStatus::Submitted, None));
        assert_eq!((row.started_at, row.ended_at), (None, None));
        let finished = "SELECT COUNT(*) FROM tbl_batch WHERE finished_at IS NOT NULL";
        assert_eq!(read_number(fresh, finished).await, 0);
    })
    .await;
}

#[tokio::test]
async fn only_open_batches_without_an_open_chunk_are_finishable() {
    with_database(async |fresh| {
        let open = a_batch(fresh, 2).await;
        let finished = a_batch(fresh, 1).await;
        let ready = a_batch(fresh, 1).await;
        let closed = a_batch(fresh, 1).await;
        finish(fresh, finished, "{}").await;
        for (task, state) in [(finished, 1), (ready, 1), (closed, 2)] {
            end_chunks(fresh, state, &format!("c.task_id = {task}")).await;
        }
        let first = format!("c.task_id = {open} AND c.chunk_no = 0");
        end_chunks(fresh, 1, &first).await;
        let job = || "order_import".to_owned();
        let expected = [(ready, 1, job()), (closed, 1, job())];
        assert_eq!(finishable(fresh, 10).await, expected);
        let later = async |c: &mut _| batches::finishable(c, Some(ready), 10).await;
        assert_eq!(done(&fresh.database, later).await, expected[1..]);
        assert_eq!(finishable(fresh, 1).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn chunks_of_an_earlier_run_do_not_keep_a_batch_open() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        execute(fresh, "UPDATE tbl_batch SET run = 2").await;
        let expected = [(task, 2, "order_import".to_owned())];
        assert_eq!(finishable(fresh, 10).await, expected);
    })
    .await;
}

async fn by_task(fresh: &TestDatabase, task: TaskId) -> Option<batches::Batch> {
    done(&fresh.database, async |c| batches::by_task(c, task).await).await
}

async fn read_task(fresh: &TestDatabase, task: TaskId) -> Task {
    done(&fresh.database, async |c| tasks::by_id(c, task).await)
        .await
        .unwrap()
}

async fn finish(fresh: &TestDatabase, task: TaskId, result: &str) {
    done(&fresh.database, async |c| {
        batches::finish(c, task, result, false).await
    })
    .await;
}

async fn finishable(fresh: &TestDatabase, limit: u32) -> Vec<(TaskId, u32, String)> {
    done(&fresh.database, async |c| {
        batches::finishable(c, None, limit).await
    })
    .await
}
