//! Ambiguous answers, functions that die, messages that come twice, and targets that hang.

use std::net::Ipv4Addr;

use task_engine::Deadline;
use task_service::sqs::TaskQueues;
use task_service::sweep::sweep as sweep_all;
use task_service::tasks::runs;
use task_store::call_places::PLACES;
use task_store::invocation::{self, OpenedUnit};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::answers::finish;
use super::target::{Answer, Target};
use super::*;

/// Lets the lease of every run and place run out, and the sweeper see it.
async fn lose(fresh: &TestDatabase) {
    let over = "UPDATE tbl_work SET lease_until = NOW(3), due_at = NOW(3) WHERE state = 3";
    run(fresh, over).await;
    run(fresh, "UPDATE tbl_call_place SET until = NOW(3)").await;
    let swept = runs::sweep(&fresh.database, Deadline::default()).await;
    swept.unwrap();
    hasten(fresh).await;
}

#[tokio::test]
async fn an_answer_that_does_not_come_keeps_the_lease_and_the_run_that_follows_makes_it_stale() {
    with_database(async |fresh| {
        let target = Target::answering([Answer::Reset, answer(202, "", "")]).await;
        let id = added(fresh, &target.url).await;
        push(fresh, id).await;
        let ambiguous = task(fresh, id).await;
        assert_eq!(
            (ambiguous.status, ambiguous.run_count),
            (TaskStatus::Running, 1)
        );
        assert_eq!(free_places(fresh).await, i64::from(PLACES));
        push(fresh, id).await;
        assert_eq!(target.seen().len(), 1, "the run is held");
        lose(fresh).await;
        push(fresh, id).await;
        assert_eq!(task(fresh, id).await.run_count, 2);
        assert_eq!(code(finish(fresh, id, 1).await), ErrorCode::RunStale);
        finish(fresh, id, 2).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_target_that_hangs_holds_no_connection_and_a_message_that_comes_twice_makes_one_call() {
    with_database(async |fresh| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let id = added(fresh, &url).await;
        let function = Function::on(fresh.another(1));
        let during = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            target::read(&mut stream).await;
            function.handle(id).await;
            assert!(function.pusher.next().await.unwrap().is_none());
            finish(fresh, id, 1).await.unwrap();
            let said = target::text(200, "", r#"{"finished": true, "result": 2}"#);
            stream.write_all(said.as_bytes()).await.unwrap();
        };
        tokio::join!(function.handle(id), during);
        let ended = task(fresh, id).await;
        assert_eq!((ended.status, ended.run_count), (TaskStatus::Finished, 1));
        assert_eq!(ended.result, None, "the first end counts");
    })
    .await;
}

#[tokio::test]
async fn a_run_whose_function_dies_between_claim_and_answer_is_followed_by_another() {
    with_database(async |fresh| {
        let target = Target::answering([answer(200, "", r#"{"finished": true}"#)]).await;
        let id = added(fresh, &target.url).await;
        let function = Function::on(fresh.another(1));
        let died = function.pusher.next().await.unwrap();
        drop(died.unwrap());
        push(fresh, id).await;
        assert_eq!(target.seen().len(), 0, "the dead run holds its lease");
        assert_eq!(free_places(fresh).await, i64::from(PLACES) - 1);
        lose(fresh).await;
        push(fresh, id).await;
        let ended = task(fresh, id).await;
        assert_eq!((ended.status, ended.run_count), (TaskStatus::Finished, 2));
        assert_eq!(free_places(fresh).await, i64::from(PLACES));
    })
    .await;
}

#[tokio::test]
async fn a_task_without_a_place_for_its_call_waits_and_comes_next_when_one_is_free() {
    with_database(async |fresh| {
        let target = Target::answering([answer(202, "", "")]).await;
        let mut ids = vec![added(fresh, &target.url).await];
        for _ in 0..PLACES {
            ids.push(add(fresh).await);
        }
        let function = Function::on(fresh.another(1));
        let mut open = Vec::new();
        for _ in 0..PLACES {
            open.push(function.pusher.next().await.unwrap().unwrap());
        }
        assert!(function.pusher.next().await.unwrap().is_none());
        let last = *ids.last().unwrap();
        function.handle(last).await;
        assert_eq!(task(fresh, last).await.status, TaskStatus::Submitted);
        function.pusher.work(open.pop().unwrap()).await.unwrap();
        let next = function.pusher.next().await.unwrap().unwrap();
        function.pusher.work(next).await.unwrap();
        assert_eq!(task(fresh, last).await.status, TaskStatus::Running);
    })
    .await;
}

#[tokio::test]
async fn the_concurrency_of_a_queue_bounds_its_runs_and_not_only_its_calls() {
    with_database(async |fresh| {
        let target = Target::answering([answer(202, "", "")]).await;
        let first = added(fresh, &target.url).await;
        let second = add(fresh).await;
        let one = PolicyChange {
            concurrency: Some(1),
            ..PolicyChange::default()
        };
        set(fresh, &one, None).await.unwrap();
        push(fresh, first).await;
        push(fresh, second).await;
        assert_eq!(task(fresh, second).await.status, TaskStatus::Submitted);
        let noted = invocation::within(None, async {
            finish(fresh, first, 1).await.unwrap();
            runs::announce_freed(&fresh.database, &TaskQueues::default()).await;
            invocation::take_opened()
        })
        .await;
        let next = OpenedUnit::Run {
            task: second,
            lane: ("report".to_owned(), "T1".to_owned()),
            delay: 0,
        };
        assert_eq!(noted, [next], "whoever makes room wakes the next");
        push(fresh, second).await;
        assert_eq!(task(fresh, second).await.status, TaskStatus::Running);
    })
    .await;
}

#[tokio::test]
async fn whoever_makes_a_run_due_announces_it_at_the_end_of_the_invocation() {
    with_database(async |fresh| {
        set(fresh, &push_policy(), Some(NOWHERE)).await.unwrap();
        let (id, noted) = invocation::within(None, async {
            (add(fresh).await, invocation::take_opened())
        })
        .await;
        let lane = ("report".to_owned(), "T1".to_owned());
        let run = |delay| OpenedUnit::Run {
            task: id,
            lane: lane.clone(),
            delay,
        };
        assert_eq!(noted, [run(0)]);
        let function = Function::on(fresh.another(1));
        drop(function.pusher.next().await.unwrap().unwrap());
        let named = task_service::TaskReference {
            task_id: Some(id),
            ..task_service::TaskReference::default()
        };
        let failure = runs::FailRequest {
            run_count: Some(1),
            message: "later",
            retry: true,
            retry_after: Some(runs::RetryAfter::Exactly(9)),
        };
        let noted = invocation::within(None, async {
            let failed = runs::fail(&fresh.database, &named, &failure, &TimeZone::UTC).await;
            failed.unwrap();
            invocation::take_opened()
        })
        .await;
        assert_eq!(noted, [run(9)]);
    })
    .await;
}

#[tokio::test]
async fn a_station_at_its_cap_at_the_head_of_a_queue_keeps_no_other_station_waiting() {
    with_database(async |fresh| {
        let accepted = || answer(202, "", "");
        let target = Target::answering([accepted(), accepted()]).await;
        let capped = PolicyChange {
            station_concurrency: Some(1),
            ..push_policy()
        };
        set(fresh, &capped, Some(&target.url)).await.unwrap();
        let held = add(fresh).await;
        push(fresh, held).await;
        // The head of the queue, which has to wait.
        add(fresh).await;
        let other = add_for(fresh, "T2").await;
        let pusher = Function::on(fresh.another(1));
        let found = pusher.pusher.next().await.unwrap().unwrap();
        pusher.pusher.work(found).await.unwrap();
        assert_eq!(task(fresh, other).await.status, TaskStatus::Running);
        assert!(pusher.pusher.next().await.unwrap().is_none());
        assert_eq!(free_places(fresh).await, i64::from(PLACES));
    })
    .await;
}

#[tokio::test]
async fn runs_that_are_too_many_to_be_announced_at_once_are_announced_by_the_next_sweep() {
    with_database(async |fresh| {
        set(fresh, &push_policy(), Some(NOWHERE)).await.unwrap();
        let requests = std::iter::repeat_with(|| Ok(request("T1", Start::In(60)))).take(60);
        let told = invocation::within(None, async {
            let add = tasks::add_many(&fresh.database, requests.collect(), IdScope::Station);
            add.await.unwrap();
            invocation::take_opened().len()
        });
        let left = "SELECT COUNT(*) FROM tbl_work WHERE state = 1 AND announcements = 0";
        assert_eq!((told.await, number(fresh, left).await), (50, 10));
    })
    .await;
}

#[tokio::test]
async fn announcements_that_the_queue_does_not_take_are_made_by_the_next_sweep() {
    with_database(async |fresh| {
        set(fresh, &push_policy(), Some(NOWHERE)).await.unwrap();
        add(fresh).await;
        let later = request("T1", Start::In(60));
        let new = later.task();
        let later = tasks::add(&fresh.database, &new, IdScope::Station);
        later.await.unwrap();
        run(fresh, "UPDATE tbl_work SET due_at = NOW(3) WHERE state = 0").await;
        let away = PushQueue {
            url: format!("{NOWHERE}1/push"),
            endpoint: NOWHERE.parse().unwrap(),
            role: role(),
        };
        let memory = MemoryQueue::default();
        let desk = dispatcher(fresh, &memory);
        let queues = (&TaskQueues::default(), Some(&away));
        let swept = sweep_all(&desk, queues, KINDS, Deadline::default()).await;
        swept.unwrap();
        let due = "SELECT COUNT(*) FROM tbl_work WHERE announcements = 0 AND (state = 1 OR due_at <= NOW(3))";
        assert_eq!(number(fresh, due).await, 2);
    })
    .await;
}
