//! Who gets which task.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use task_store::testing::with_database;

use super::*;

#[tokio::test]
async fn a_claimed_task_is_started_and_held() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let id = add(fresh, "T1").await;
        let claimed = claim(fresh, 10).await;
        let task = &claimed[0];
        assert_eq!(keys(&claimed), [id.get()]);
        assert_eq!(
            json!([
                task["status"],
                task["run_count"],
                task["attempt"],
                task["max_attempts"],
                task["queue"]
            ]),
            json!([2, 1, 1, 5, "report"])
        );
        assert_eq!(task["tags"], json!(["月报"]));
        assert_eq!(task["created_by"], "erp");
        assert!(task["lease_time"].is_string() && task["start_time"].is_string());
        assert!(claim(fresh, 10).await.is_empty(), "nobody else gets it");
        assert_eq!(
            code_with_task(start(fresh, id).await, id),
            ErrorCode::TaskHeld
        );
    })
    .await;
}

#[tokio::test]
async fn many_claimers_at_once_get_every_task_once() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        for n in 0..60 {
            add(fresh, &format!("T{}", n % 7)).await;
        }
        let database = fresh.another(12);
        let claims = (0..12).map(async |_| {
            let mut got = Vec::new();
            loop {
                let claimed = claim_as(&database, 3, None).await.unwrap();
                if claimed.is_empty() {
                    return got;
                }
                got.extend(keys(&claimed));
            }
        });
        let mut all: Vec<_> = join_all(claims).await.concat();
        // A claim passes over what another one is about to take.
        all.extend(keys(&claim(fresh, 100).await));
        let distinct: BTreeSet<_> = all.iter().collect();
        assert_eq!((all.len(), distinct.len()), (60, 60));
    })
    .await;
}

#[tokio::test]
async fn stations_take_turns_however_many_tasks_one_of_them_has() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        for _ in 0..6 {
            add(fresh, "T1").await;
        }
        assert_eq!(claim(fresh, 2).await.len(), 2);
        add(fresh, "T2").await;
        add(fresh, "T2").await;
        add(fresh, "T3").await;
        let stations: Vec<_> = claim(fresh, 10)
            .await
            .iter()
            .map(|task| task["station_id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(stations, ["T1", "T2", "T3", "T1", "T2", "T1", "T1"]);
    })
    .await;
}

#[tokio::test]
async fn the_same_claim_gets_the_same_runs_while_it_holds_them() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        for _ in 0..4 {
            add(fresh, "T1").await;
        }
        let claim = async || keys(&claim_as(&fresh.database, 2, Some("c-1")).await.unwrap());
        let first = claim().await;
        assert_eq!(first.len(), 2);
        assert_eq!(claim().await, first);
        finish(
            fresh,
            TaskId::parse(&first[0].to_string()).unwrap(),
            Some(1),
        )
        .await
        .unwrap();
        assert_eq!(claim().await, first[1..]);
        finish(
            fresh,
            TaskId::parse(&first[1].to_string()).unwrap(),
            Some(1),
        )
        .await
        .unwrap();
        let next = claim().await;
        assert_eq!(next.len(), 2);
        assert!(next.iter().all(|id| !first.contains(id)));
    })
    .await;
}

#[tokio::test]
async fn a_claim_that_is_sent_again_answers_as_many_grown_tasks_as_an_answer_holds() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        for _ in 0..4 {
            add(fresh, "T1").await;
        }
        let claim = async || keys(&claim_as(&fresh.database, 4, Some("c-1")).await.unwrap());
        let first = claim().await;
        let grow = "UPDATE tbl_async_task SET result = JSON_QUOTE(REPEAT('x', 990000))";
        execute(fresh, grow).await;
        assert_eq!((first.len(), claim().await), (4, first[..2].to_vec()));
    })
    .await;
}

#[tokio::test]
async fn a_claim_that_is_sent_twice_at_once_burns_no_run() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        for _ in 0..20 {
            add(fresh, "T1").await;
        }
        let database = fresh.another(8);
        let claims = (0..8).map(async |_| claim_as(&database, 2, Some("c-1")).await.unwrap());
        let mut got: Vec<_> = join_all(claims)
            .await
            .iter()
            .map(|tasks| keys(tasks))
            .collect();
        got.sort();
        got.dedup();
        assert_eq!(got.len(), 1, "{got:?}");
        assert_eq!(
            count(fresh, "SELECT COUNT(*) FROM tbl_work WHERE state = 3").await,
            2
        );
    })
    .await;
}

#[tokio::test]
async fn a_queue_has_no_more_runs_in_work_than_it_may() {
    with_database(async |fresh| {
        let change = PolicyChange {
            concurrency: Some(1),
            ..PolicyChange::default()
        };
        declare(fresh, change).await;
        let ids = [add(fresh, "T1").await, add(fresh, "T2").await];
        let database = fresh.another(8);
        let claims = (0..8).map(async |_| claim_as(&database, 5, None).await.unwrap().len());
        assert_eq!(join_all(claims).await.iter().sum::<usize>(), 1);
        assert_eq!(
            code_with_task(start(fresh, ids[1]).await, ids[1]),
            ErrorCode::TaskNotDue
        );
        finish(fresh, ids[0], Some(1)).await.unwrap();
        assert_eq!(keys(&claim(fresh, 5).await), [ids[1].get()]);
    })
    .await;
}

#[tokio::test]
async fn a_station_has_no_more_runs_in_work_than_it_may_and_keeps_no_other_waiting() {
    with_database(async |fresh| {
        let change = PolicyChange {
            station_concurrency: Some(2),
            ..PolicyChange::default()
        };
        declare(fresh, change).await;
        for _ in 0..5 {
            add(fresh, "T1").await;
        }
        let other = add(fresh, "T2").await;
        assert_eq!(claim(fresh, 2).await.len(), 2);
        assert_eq!(
            claim(fresh, 10).await.len(),
            1,
            "one of the two stations is full or served"
        );
        let held = count(
            fresh,
            "SELECT COUNT(*) FROM tbl_work WHERE state = 3 AND station_id = 'T1'",
        )
        .await;
        assert_eq!(
            (held, get(fresh, other).await["status"].clone()),
            (2, json!(2))
        );
    })
    .await;
}

#[tokio::test]
async fn a_paused_queue_hands_out_nothing_and_its_running_work_goes_on() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let running = add(fresh, "T1").await;
        claim_one(fresh).await;
        let waiting = add(fresh, "T1").await;
        let pause = |paused| PolicyChange {
            paused: Some(paused),
            ..PolicyChange::default()
        };
        declare(fresh, pause(true)).await;
        assert!(claim(fresh, 10).await.is_empty());
        assert_eq!(
            code_with_task(start(fresh, waiting).await, waiting),
            ErrorCode::TaskNotDue
        );
        beat(fresh, running, Some(1)).await.unwrap();
        finish(fresh, running, Some(1)).await.unwrap();
        declare(fresh, pause(false)).await;
        assert_eq!(keys(&claim(fresh, 10).await), [waiting.get()]);
    })
    .await;
}

#[tokio::test]
async fn a_claim_waits_for_a_task_and_holds_nothing_meanwhile() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let one = fresh.another(1);
        let name = queue(QUEUE);
        let request = ClaimRequest {
            queue: &name,
            limit: 1,
            wait: Duration::from_secs(10),
            most_waiting: None,
            claim_id: None,
            worker: "request-1",
        };
        let zone = TimeZone::UTC;
        let waiting = runs::claim(&one, &request, &zone);
        let adding = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            // On the only connection that the waiting claim has.
            let new = New::of("T1");
            add_to(&one, &new.request()).await
        };
        let (claimed, added) = futures_util::future::join(waiting, adding).await;
        assert_eq!(claimed.unwrap().tasks.len(), 1);
        added.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_claim_of_a_queue_that_is_not_declared_is_refused_by_name() {
    with_database(async |fresh| {
        let error = claim_as(&fresh.database, 1, None).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::ParamInvalid);
        assert!(error.to_string().contains("report"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_start_claims_a_task_that_is_ready() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let id = add(fresh, "T1").await;
        let started = start(fresh, id).await.unwrap();
        assert_eq!(
            json!([started["status"], started["run_count"]]),
            json!([2, 1])
        );
        assert!(started["lease_time"].is_string());
        finish(fresh, id, Some(1)).await.unwrap();
        assert_eq!(
            code_with_task(start(fresh, id).await, id),
            ErrorCode::TaskFinished
        );
    })
    .await;
}
