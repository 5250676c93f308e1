//! Ended tasks that run again.

use task_service::tasks::runs::{RetryFilter, retry, retry_all};
use task_store::testing::with_database;

use super::*;

/// Adds a task and lets it end as failed.
async fn failed(fresh: &TestDatabase, station: &str) -> TaskId {
    let id = add(fresh, station).await;
    start(fresh, id).await.unwrap();
    fail(fresh, id, None, false).await.unwrap();
    id
}

fn filter() -> RetryFilter {
    RetryFilter {
        queue: queue(QUEUE),
        outcome: "failed",
        station: None,
        created_from: None,
        created_to: None,
        after_id: None,
        dry_run: false,
    }
}

#[tokio::test]
async fn a_retried_task_begins_a_new_life_under_its_id() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let (ended, open) = (failed(fresh, "T1").await, add(fresh, "T1").await);
        let list = [key(ended), key(open), key(ended)];
        assert_eq!(retry(&fresh.database, &list).await.unwrap().retried, 1);
        assert_eq!(place(fresh, ended).await, json!([1, 1, 0, null]));
        assert_eq!(claim(fresh, 10).await.len(), 2);
        finish(fresh, ended, Some(2)).await.unwrap();
        assert_eq!(place(fresh, ended).await, json!([3, 2, 1, "success"]));
    })
    .await;
}

#[tokio::test]
async fn a_retry_lists_a_task_again_that_a_close_cancelled_and_no_other_that_is_hidden() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let new = New::of("T1");
        let hidden = TaskRequest {
            message_show: false,
            ..new.request()
        };
        let never_shown = add_to(&fresh.database, &hidden).await.unwrap();
        start(fresh, never_shown).await.unwrap();
        fail(fresh, never_shown, None, false).await.unwrap();
        let shown = failed(fresh, "T1").await;
        let put_away = failed(fresh, "T1").await;
        let cancelled = add(fresh, "T1").await;
        close(fresh, put_away).await;
        close(fresh, cancelled).await;
        let expected = [
            (never_shown, false),
            (shown, true),
            (put_away, false),
            (cancelled, true),
        ];
        let list = expected.map(|(id, _)| key(id));
        assert_eq!(retry(&fresh.database, &list).await.unwrap().retried, 4);
        for (id, is_shown) in expected {
            let task = get(fresh, id).await;
            assert_eq!(
                json!([task["status"], task["outcome"], task["message_show"]]),
                json!([1, null, is_shown])
            );
        }
    })
    .await;
}

#[tokio::test]
async fn one_task_that_cannot_run_again_keeps_all_from_it() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let ended = failed(fresh, "T1").await;
        let plain = add_plain(fresh).await;
        let refused = retry(&fresh.database, &[key(ended), key(plain)]).await;
        assert_eq!(code(refused), ErrorCode::ParamInvalid);
        let missing = retry(
            &fresh.database,
            &[key(ended), key(TaskId::parse("999999").unwrap())],
        )
        .await;
        assert_eq!(code(missing), ErrorCode::TaskNotFound);
        assert_eq!(place(fresh, ended).await, json!([3, 1, 1, "failed"]));
    })
    .await;
}

#[tokio::test]
async fn a_filter_finds_the_ended_tasks_of_a_queue_and_a_dry_run_counts_them_only() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let ids = [
            failed(fresh, "T1").await,
            failed(fresh, "T2").await,
            failed(fresh, "T1").await,
        ];
        let other = add(fresh, "T1").await;
        start(fresh, other).await.unwrap();
        finish(fresh, other, None).await.unwrap();
        let found = async |filter| retry_all(&fresh.database, &filter).await.unwrap();
        let dry = RetryFilter {
            dry_run: true,
            ..filter()
        };
        assert_eq!(found(dry.clone()).await.retried, 3);
        let after = RetryFilter {
            after_id: Some(ids[0].get()),
            ..dry.clone()
        };
        assert_eq!(found(after).await.retried, 2);
        let past = RetryFilter {
            created_to: task_store::Moment::from_seconds(1_000_000_000),
            ..dry
        };
        assert_eq!(found(past).await.retried, 0);
        let of_station = RetryFilter {
            station: StationId::parse("T1"),
            ..filter()
        };
        assert_eq!(found(of_station).await.retried, 2);
        assert_eq!(keys(&claim(fresh, 10).await), [ids[0].get(), ids[2].get()]);
        assert_eq!(place(fresh, ids[1]).await, json!([3, 1, 1, "failed"]));
    })
    .await;
}

#[tokio::test]
async fn the_last_twenty_runs_of_a_task_are_kept() {
    with_database(async |fresh| {
        let change = PolicyChange {
            backoff_first: Some(0),
            max_attempts: Some(50),
            ..PolicyChange::default()
        };
        declare(fresh, change).await;
        let id = add(fresh, "T1").await;
        for _ in 0..23 {
            let run = claim_one(fresh).await;
            fail(fresh, id, Some(run), true).await.unwrap();
        }
        let kept = "SELECT CAST(COUNT(*) * 100 + MIN(run_count) AS SIGNED) FROM tbl_task_run";
        assert_eq!(count(fresh, kept).await, 2004);
    })
    .await;
}

#[tokio::test]
async fn a_queue_tells_what_waits_runs_and_failed() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        failed(fresh, "T1").await;
        for _ in 0..3 {
            add(fresh, "T1").await;
        }
        let later = New { start: Start::In(600), ..New::of("T1") };
        later.add(fresh).await.unwrap();
        claim_one(fresh).await;
        let list = queues::list(&fresh.database, None, 50, &TimeZone::UTC).await.unwrap();
        let view = json!(list.queues);
        assert_eq!(
            view[0]["counts"],
            json!({"waiting": 2, "delayed": 1, "running": 1, "oldest_seconds": 0, "failed_today": 1})
        );
        assert_eq!(json!([view[0]["queue"], view[0]["backoff"], view[0]["timeout"]]), json!(["report", "10..3600", 900]));
        assert_eq!(list.next_after, None);
    })
    .await;
}

#[tokio::test]
async fn a_policy_keeps_what_a_change_does_not_name() {
    with_database(async |fresh| {
        let first = PolicyChange {
            timeout: Some(60),
            paused: Some(true),
            ..PolicyChange::default()
        };
        declare(fresh, first).await;
        let second = PolicyChange {
            max_attempts: Some(9),
            ..PolicyChange::default()
        };
        let policy = queues::set(
            &fresh.database,
            &SqsNames::default(),
            &queue(QUEUE),
            &second,
        )
        .await
        .unwrap();
        let policy = json!(policy);
        assert_eq!(
            json!([policy["timeout"], policy["paused"], policy["max_attempts"]]),
            json!([60, true, 9])
        );
        let wrong = PolicyChange {
            backoff_longest: Some(5),
            ..PolicyChange::default()
        };
        assert_eq!(
            code(queues::set(&fresh.database, &SqsNames::default(), &queue(QUEUE), &wrong).await),
            ErrorCode::ParamInvalid
        );
    })
    .await;
}
