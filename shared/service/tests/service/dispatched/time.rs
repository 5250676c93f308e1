//! Time passes: delayed tasks become ready, silent runs are lost, tasks expire.

use task_store::Moment;
use task_store::testing::with_database;

use super::*;

#[tokio::test]
async fn a_delayed_task_is_claimed_to_the_second() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let new = New {
            start: Start::In(1),
            ..New::of("T1")
        };
        let id = new.add(fresh).await.unwrap();
        assert!(claim(fresh, 1).await.is_empty());
        assert_eq!(
            code_with_task(start(fresh, id).await, id),
            ErrorCode::TaskNotDue
        );
        assert!(get(fresh, id).await["next_run_time"].is_string());
        let name = queue(QUEUE);
        let request = ClaimRequest {
            queue: &name,
            limit: 1,
            wait: Duration::from_secs(5),
            most_waiting: None,
            claim_id: None,
            worker: "request-1",
        };
        let claimed = runs::claim(&fresh.database, &request, &TimeZone::UTC).await;
        assert_eq!(claimed.unwrap().tasks.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_task_of_a_later_time_waits_for_it_and_the_sweeper_makes_it_ready() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let new = New {
            start: Start::At(Moment::from_seconds(4_000_000_000).unwrap()),
            ..New::of("T1")
        };
        let id = new.add(fresh).await.unwrap();
        assert_eq!(get(fresh, id).await["next_run_time"], "2096-10-02 07:06:40");
        assert_eq!(sweep(fresh).await.promoted, 0);
        hasten(fresh).await;
        assert_eq!(sweep(fresh).await.promoted, 1);
        assert_eq!(keys(&claim(fresh, 1).await), [id.get()]);
    })
    .await;
}

#[tokio::test]
async fn a_task_whose_worker_dies_again_and_again_ends_as_failed() {
    with_database(async |fresh| {
        declare_without_wait(fresh).await;
        let new = New {
            max_attempts: Some(2),
            ..New::of("T1")
        };
        let id = new.add(fresh).await.unwrap();
        claim_one(fresh).await;
        assert_eq!(sweep(fresh).await.lost, 0, "its lease holds");
        silence(fresh).await;
        assert_eq!(sweep(fresh).await.lost, 1);
        assert_eq!(place(fresh, id).await, json!([1, 1, 1, null]));
        claim_one(fresh).await;
        silence(fresh).await;
        assert_eq!(sweep(fresh).await.lost, 1);
        assert_eq!(place(fresh, id).await, json!([3, 2, 2, "failed"]));
        let error = get(fresh, id).await["last_error"].clone();
        assert!(error.as_str().unwrap().starts_with("LEASE_LOST"), "{error}");
        assert_eq!(
            (units(fresh).await, sweep(fresh).await),
            (0, SweptRuns::default())
        );
    })
    .await;
}

#[tokio::test]
async fn a_clock_that_stepped_back_keeps_a_lost_run_from_nobody() {
    with_database(async |fresh| {
        declare_without_wait(fresh).await;
        add(fresh, "T1").await;
        claim_one(fresh).await;
        let ahead = "UPDATE tbl_work SET lease_until = NOW(3) + INTERVAL 1 DAY, due_at = NOW(3) + INTERVAL 1 DAY";
        execute(fresh, ahead).await;
        assert_eq!(sweep(fresh).await.lost, 1);
    })
    .await;
}

#[tokio::test]
async fn a_task_that_nobody_started_in_time_expires() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let new = New {
            expire_at: Moment::from_seconds(1_000_000_000),
            ..New::of("T1")
        };
        let id = new.add(fresh).await.unwrap();
        assert!(claim(fresh, 1).await.is_empty());
        assert_eq!(
            code_with_task(start(fresh, id).await, id),
            ErrorCode::TaskNotDue
        );
        assert_eq!(sweep(fresh).await.expired, 1);
        assert_eq!(place(fresh, id).await, json!([3, 0, 0, "failed"]));
        let error = get(fresh, id).await["last_error"].clone();
        assert!(error.as_str().unwrap().starts_with("EXPIRED"), "{error}");
        assert_eq!(units(fresh).await, 0);
    })
    .await;
}

#[tokio::test]
async fn two_sweeps_at_once_lose_a_run_once() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        for _ in 0..20 {
            add(fresh, "T1").await;
        }
        claim(fresh, 100).await;
        silence(fresh).await;
        let database = fresh.another(4);
        let sweeps = (0..4).map(async |_| {
            runs::sweep(&database, Deadline::default())
                .await
                .unwrap()
                .lost
        });
        let lost: usize = futures_util::future::join_all(sweeps).await.iter().sum();
        assert_eq!(lost, 20);
        assert_eq!(count(fresh, "SELECT COUNT(*) FROM tbl_task_run").await, 20);
    })
    .await;
}

#[tokio::test]
async fn an_update_whose_lease_cannot_be_renewed_for_a_while_is_made_once() {
    with_database(async |fresh| {
        let (id, run) = claimed(fresh, PolicyChange::default()).await;
        let (locked, is_locked) = tokio::sync::oneshot::channel();
        let locked = std::sync::Mutex::new(Some(locked));
        let lock = async |c: &mut task_store::Connection| {
            sqlx::query("SELECT id FROM tbl_work FOR UPDATE")
                .execute(c)
                .await?;
            locked.lock().unwrap().take().unwrap().send(()).unwrap();
            // A lock is waited for for two seconds.
            tokio::time::sleep(Duration::from_millis(2_300)).await;
            Ok::<_, StoreError>(())
        };
        let change = Changes {
            result: Some(ResultChange {
                path: path("postion", "$").unwrap(),
                operation: Operation::Append(document("value", "7".into()).unwrap()),
            }),
            run_count: Some(run),
            ..Changes::default()
        };
        let update = async {
            is_locked.await.unwrap();
            tasks::update(&fresh.database, &key(id), &change, &TimeZone::UTC).await
        };
        let other = fresh.another(1);
        let (freed, updated) = futures_util::future::join(other.transaction(lock), update).await;
        freed.unwrap();
        updated.unwrap();
        assert_eq!(get(fresh, id).await["result"], json!([7]));
    })
    .await;
}

#[tokio::test]
async fn a_claim_that_finds_nothing_does_not_wait_where_as_many_wait_as_may() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let name = queue(QUEUE);
        let request = ClaimRequest {
            queue: &name,
            limit: 1,
            wait: Duration::from_secs(10),
            most_waiting: Some(2),
            claim_id: None,
            worker: "request-1",
        };
        let (one, two, three) = (fresh.another(1), fresh.another(1), fresh.another(1));
        let zone = TimeZone::UTC;
        let waiting = async {
            let claims = (
                runs::claim(&one, &request, &zone),
                runs::claim(&two, &request, &zone),
            );
            let (one, two) = tokio::join!(claims.0, claims.1);
            one.unwrap().tasks.len() + two.unwrap().tasks.len()
        };
        let beside = async {
            let taken = "SELECT COUNT(*) FROM tbl_call_place WHERE until > NOW(3)";
            while count(fresh, taken).await < 2 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let third = runs::claim(&three, &request, &zone);
            let third = tokio::time::timeout(request.wait / 2, third).await;
            let third = third.expect("it does not wait").unwrap();
            assert_eq!((third.tasks.len(), third.retry_after), (0, Some(5)));
            for station in ["T1", "T2"] {
                add(fresh, station).await;
            }
        };
        let (claimed, ()) = tokio::join!(waiting, beside);
        assert_eq!(claimed, 2);
        let taken = "SELECT COUNT(*) FROM tbl_call_place WHERE until > NOW(3)";
        assert_eq!(
            count(fresh, taken).await,
            0,
            "they have given their places back"
        );
    })
    .await;
}
