//! How runs end. Calls of runs that are over change nothing.

use task_service::tasks::runs::{FinishRequest, finish_all};
use task_store::testing::with_database;

use super::*;

#[tokio::test]
async fn a_finished_task_has_no_unit_any_more_and_keeps_its_run() {
    with_database(async |fresh| {
        let (id, run) = claimed(fresh, PolicyChange::default()).await;
        finish(fresh, id, Some(run)).await.unwrap();
        assert_eq!(place(fresh, id).await, json!([3, 1, 1, "success"]));
        assert_eq!(get(fresh, id).await["result"]["rows"], 9);
        assert_eq!(units(fresh).await, 0);
        let ended = "SELECT COUNT(*) FROM tbl_task_run WHERE error IS NULL AND worker = 'request-1' AND started_at <= ended_at";
        assert_eq!(count(fresh, ended).await, 1);
        finish(fresh, id, Some(run)).await.unwrap();
        assert_eq!(fail(fresh, id, Some(run), true).await.unwrap().status, 3);
        assert_eq!(place(fresh, id).await, json!([3, 1, 1, "success"]), "repeated: nothing changes");
    })
    .await;
}

#[tokio::test]
async fn without_its_number_the_run_is_meant_that_is_under_way() {
    with_database(async |fresh| {
        declare_without_wait(fresh).await;
        let id = add(fresh, "T1").await;
        assert_eq!(
            code_with_task(finish(fresh, id, None).await, id),
            ErrorCode::RunStale
        );
        assert_eq!(
            code_with_task(fail(fresh, id, None, true).await, id),
            ErrorCode::RunStale
        );
        assert_eq!(
            code_with_task(beat(fresh, id, None).await, id),
            ErrorCode::RunStale
        );
        claim_one(fresh).await;
        assert!(beat(fresh, id, None).await.unwrap().lease_time.is_some());
        fail(fresh, id, None, true).await.unwrap();
        claim_one(fresh).await;
        finish(fresh, id, None).await.unwrap();
        assert_eq!(place(fresh, id).await, json!([3, 2, 2, "success"]));
    })
    .await;
}

#[tokio::test]
async fn a_failed_run_is_repeated_with_back_off_until_the_attempts_are_used_up() {
    with_database(async |fresh| {
        let change = PolicyChange {
            max_attempts: Some(2),
            ..PolicyChange::default()
        };
        declare(fresh, change).await;
        let id = add(fresh, "T1").await;
        let run = claim_one(fresh).await;
        let failed = fail(fresh, id, Some(run), true).await.unwrap();
        assert_eq!(failed.status, 1);
        assert!(failed.next_run_time.is_some());
        let task = get(fresh, id).await;
        assert_eq!(
            json!([task["last_error"], task["lease_time"]]),
            json!(["磁盘已满", null])
        );
        assert_eq!(place(fresh, id).await, json!([1, 1, 1, null]));
        assert_eq!(
            fail(fresh, id, Some(run), true).await.unwrap().status,
            1,
            "repeated"
        );
        let wait = count(
            fresh,
            "SELECT TIMESTAMPDIFF(MICROSECOND, NOW(3), due_at) FROM tbl_work WHERE state = 1",
        )
        .await;
        assert!(wait <= 10_000_000, "{wait}");
        hasten(fresh).await;
        let run = claim_one(fresh).await;
        let failed = fail(fresh, id, Some(run), true).await.unwrap();
        assert_eq!((failed.status, failed.next_run_time), (3, None));
        assert_eq!(place(fresh, id).await, json!([3, 2, 2, "failed"]));
        assert_eq!(
            (
                units(fresh).await,
                count(fresh, "SELECT COUNT(*) FROM tbl_task_run").await
            ),
            (0, 2)
        );
    })
    .await;
}

#[tokio::test]
async fn a_run_that_fails_for_good_ends_its_task_and_leaves_the_result() {
    with_database(async |fresh| {
        let (id, run) = claimed(fresh, PolicyChange::default()).await;
        let update = update(fresh, id, Some(run)).await;
        update.unwrap();
        assert_eq!(fail(fresh, id, Some(run), false).await.unwrap().status, 3);
        assert_eq!(place(fresh, id).await, json!([3, 1, 1, "failed"]));
        assert_eq!(get(fresh, id).await["result"]["rows"], 9);
    })
    .await;
}

#[tokio::test]
async fn a_run_that_was_taken_over_changes_nothing() {
    with_database(async |fresh| {
        declare_without_wait(fresh).await;
        let id = add(fresh, "T1").await;
        let old = claim_one(fresh).await;
        silence(fresh).await;
        assert_eq!(sweep(fresh).await.lost, 1);
        for step in ["between runs", "in the next run"] {
            let before = get(fresh, id).await;
            let stale = ErrorCode::RunStale;
            assert_eq!(
                code_with_task(finish(fresh, id, Some(old)).await, id),
                stale,
                "{step}"
            );
            assert_eq!(
                code_with_task(beat(fresh, id, Some(old)).await, id),
                stale,
                "{step}"
            );
            let update = update(fresh, id, Some(old)).await;
            assert_eq!(code_with_task(update, id), stale, "{step}");
            if step == "in the next run" {
                assert_eq!(
                    code_with_task(fail(fresh, id, Some(old), true).await, id),
                    stale
                );
            } else {
                assert_eq!(fail(fresh, id, Some(old), true).await.unwrap().status, 1);
            }
            assert_eq!(get(fresh, id).await, before, "{step}");
            if step == "between runs" {
                assert_eq!(claim_one(fresh).await, 2);
            }
        }
        finish(fresh, id, Some(2)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_is_over_but_not_taken_may_be_renewed_and_finished() {
    with_database(async |fresh| {
        let (id, run) = claimed(fresh, PolicyChange::default()).await;
        silence(fresh).await;
        assert!(
            beat(fresh, id, Some(run))
                .await
                .unwrap()
                .lease_time
                .is_some()
        );
        assert_eq!(sweep(fresh).await.lost, 0, "it was renewed");
        silence(fresh).await;
        let update = update(fresh, id, Some(run)).await;
        update.unwrap();
        assert_eq!(sweep(fresh).await.lost, 0, "an update renews, too");
        silence(fresh).await;
        finish(fresh, id, Some(run)).await.unwrap();
        assert_eq!(place(fresh, id).await, json!([3, 1, 1, "success"]));
    })
    .await;
}

#[tokio::test]
async fn the_worker_of_a_cancelled_task_learns_from_every_call() {
    with_database(async |fresh| {
        let (id, run) = claimed(fresh, PolicyChange::default()).await;
        close(fresh, id).await;
        assert_eq!(units(fresh).await, 0);
        assert_eq!(place(fresh, id).await, json!([3, 1, 1, "cancelled"]));
        let learned = beat(fresh, id, Some(run)).await.unwrap();
        assert_eq!((learned.lease_time, learned.cancelled), (None, true));
        let finished = ErrorCode::TaskFinished;
        assert_eq!(
            code_with_task(finish(fresh, id, Some(run)).await, id),
            finished
        );
        assert_eq!(
            code_with_task(fail(fresh, id, Some(run), true).await, id),
            finished
        );
        assert_eq!(code_with_task(start(fresh, id).await, id), finished);
        let update = update(fresh, id, Some(run)).await;
        assert_eq!(code_with_task(update, id), finished);
    })
    .await;
}

#[tokio::test]
async fn a_task_that_ends_while_it_is_closed_is_closed() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let database = fresh.another(2);
        for _ in 0..300 {
            let id = add(fresh, "T1").await;
            claim_one(fresh).await;
            let named = [key(id)];
            let closing =
                task_service::async_tasks::close(&database, KINDS, &Caller::Unbound, &named);
            let (closed, _) = futures_util::future::join(closing, finish(fresh, id, None)).await;
            assert_eq!(closed.unwrap(), 1);
            assert_eq!(get(fresh, id).await["message_show"], false);
        }
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_task_that_waits_is_never_claimed() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let id = add(fresh, "T1").await;
        close(fresh, id).await;
        assert!(claim(fresh, 10).await.is_empty());
        assert_eq!(count(fresh, "SELECT COUNT(*) FROM tbl_task_run").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_list_of_runs_is_finished_and_each_refusal_is_its_own() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let mut ids = Vec::new();
        for _ in 0..5 {
            ids.push(add(fresh, "T1").await);
        }
        assert_eq!(claim(fresh, 4).await.len(), 4);
        close(fresh, ids[1]).await;
        let request = |at: usize, run| FinishRequest {
            task: key(ids[at]),
            changes: of_run(Some(run)),
        };
        let mut named = request(3, 1);
        named.changes.name = Some("又一份".into());
        let list = [
            request(0, 1),
            request(1, 1),
            request(2, 7),
            named,
            request(4, 1),
            request(0, 1),
        ];
        let mut list: Vec<_> = list.into_iter().map(Ok).collect();
        list.push(Err(Error::missing("task_id")));
        let ends = finish_all(&fresh.database, KINDS, list, &TimeZone::UTC)
            .await
            .unwrap();
        let codes: Vec<_> = ends
            .into_iter()
            .map(|end| end.err().map(|error| error.code()))
            .collect();
        let (stale, finished) = (Some(ErrorCode::RunStale), Some(ErrorCode::TaskFinished));
        let missing = Some(ErrorCode::ParamMissing);
        assert_eq!(codes, [None, finished, stale, None, stale, None, missing]);
        assert_eq!(place(fresh, ids[0]).await, json!([3, 1, 1, "success"]));
        assert_eq!(get(fresh, ids[0]).await["result"]["rows"], 9);
        assert_eq!(get(fresh, ids[3]).await["task_name"], "又一份");
        assert_eq!(place(fresh, ids[2]).await, json!([2, 1, 1, null]));
        assert_eq!(units(fresh).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_task_without_a_queue_that_fails_has_ended() {
    with_database(async |fresh| {
        let id = add_plain(fresh).await;
        start(fresh, id).await.unwrap();
        assert_eq!(fail(fresh, id, None, true).await.unwrap().status, 3);
        assert_eq!(place(fresh, id).await, json!([3, 1, 0, "failed"]));
    })
    .await;
}
