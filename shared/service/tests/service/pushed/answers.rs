//! Every row of the table of answers.

use serde_json::Value;

use super::*;

#[tokio::test]
async fn a_target_gets_the_run_signed_and_its_answer_finishes_the_task() {
    with_database(async |fresh| {
        let said = answer(200, "", r#"{"finished": true, "result": {"msg": "10"}}"#);
        let target = Target::answering([said]).await;
        let id = added(fresh, &target.url).await;
        push(fresh, id).await;
        push(fresh, id).await;
        let task = task(fresh, id).await;
        assert_eq!(task.status, TaskStatus::Finished);
        assert_eq!(task.outcome.as_deref(), Some("success"));
        let result: Value = serde_json::from_str(task.result.as_deref().unwrap()).unwrap();
        assert_eq!(result["msg"], "10");
        let seen = target.seen();
        let [request] = &seen[..] else {
            panic!("one call: {seen:?}")
        };
        assert!(request.contains(&format!("webhook-id: task_{id}_1\r\n")));
        assert!(request.contains("webhook-signature: v1,"), "{request}");
        let body: Value = serde_json::from_str(request.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        assert_eq!(body["type"], "task.run");
        let data = &body["data"];
        assert_eq!(
            (&data["task_id"], &data["run_count"]),
            (&id.get().into(), &1.into())
        );
        assert_eq!(
            (&data["queue"], &data["station_id"]),
            (&"report".into(), &"T1".into())
        );
        assert_eq!(data["input"], r#"{"count": 10}"#);
        assert!(data["lease_time"].is_string(), "{data}");
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_work").await, 0);
        assert_eq!(free_places(fresh).await, 10);
    })
    .await;
}

#[tokio::test]
async fn any_other_2xx_accepts_the_run_and_the_target_ends_it_later() {
    with_database(async |fresh| {
        let target = Target::answering([answer(202, "", "I will")]).await;
        let id = added(fresh, &target.url).await;
        push(fresh, id).await;
        let running = task(fresh, id).await;
        assert_eq!(
            (running.status, running.run_count),
            (TaskStatus::Running, 1)
        );
        assert!(running.dispatched.lease_until.is_some());
        assert_eq!(
            free_places(fresh).await,
            10,
            "the call is over, the run is not"
        );
        let ended = finish(fresh, id, 1).await;
        ended.unwrap();
        assert_eq!(task(fresh, id).await.status, TaskStatus::Finished);
    })
    .await;
}

/// Finishes a run as its target does.
pub(super) async fn finish(fresh: &TestDatabase, id: TaskId, run_count: i32) -> Result<()> {
    let named = task_service::TaskReference {
        task_id: Some(id),
        ..task_service::TaskReference::default()
    };
    let changes = tasks::Changes {
        run_count: Some(run_count),
        ..tasks::Changes::default()
    };
    tasks::finish(&fresh.database, KINDS, &named, &changes, &TimeZone::UTC).await
}

#[tokio::test]
async fn a_bad_request_ends_the_task_as_failed_with_what_the_target_says() {
    with_database(async |fresh| {
        for status in [400, 422] {
            let target = Target::answering([answer(status, "", "input.count is missing")]).await;
            let id = added(fresh, &target.url).await;
            push(fresh, id).await;
            let expected = failed(Some("failed"), "input.count is missing");
            assert_eq!(state(fresh, id).await, expected);
            assert_eq!(target.seen().len(), 1);
        }
    })
    .await;
}

#[tokio::test]
async fn a_target_that_is_gone_pauses_its_queue_and_costs_its_task_no_attempt() {
    with_database(async |fresh| {
        let done = answer(200, "", r#"{"finished": true}"#);
        let target = Target::answering([answer(410, "", ""), done]).await;
        let id = added(fresh, &target.url).await;
        push(fresh, id).await;
        let error = "its target answered 410: the queue is paused";
        assert_eq!(state(fresh, id).await, failed(None, error));
        let waiting = task(fresh, id).await;
        assert_eq!((waiting.run_count, waiting.attempt), (1, 0));
        let paused = "SELECT CAST(paused AS SIGNED) FROM tbl_task_queue WHERE name = 'report'";
        assert_eq!(number(fresh, paused).await, 1);
        push(fresh, id).await;
        assert_eq!(target.seen().len(), 1, "a paused queue calls nobody");
        let resume = PolicyChange {
            paused: Some(false),
            ..PolicyChange::default()
        };
        set(fresh, &resume, None).await.unwrap();
        hasten(fresh).await;
        push(fresh, id).await;
        let ended = task(fresh, id).await;
        assert_eq!(
            (ended.status, ended.run_count, ended.attempt),
            (TaskStatus::Finished, 2, 1)
        );
    })
    .await;
}

#[tokio::test]
async fn a_target_that_says_it_is_gone_when_its_queue_has_got_another_pauses_nothing() {
    with_database(async |fresh| {
        let gone = Target::answering([answer(410, "", "")]).await;
        let done = Target::answering([answer(200, "", r#"{"finished": true}"#)]).await;
        let id = added(fresh, &gone.url).await;
        let function = Function::on(fresh.another(1));
        let begun = function.pusher.next().await.unwrap().unwrap();
        set(fresh, &push_policy(), Some(&done.url)).await.unwrap();
        function.pusher.work(begun).await.unwrap();
        assert_eq!(task(fresh, id).await.attempt, 0);
        hasten(fresh).await;
        push(fresh, id).await;
        assert_eq!(task(fresh, id).await.status, TaskStatus::Finished);
    })
    .await;
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_just_now_costs_the_task_no_attempt() {
    with_database(async |fresh| {
        let target = Target::answering([answer(200, "", r#"{"finished": true}"#)]).await;
        let once = PolicyChange {
            max_attempts: Some(1),
            ..push_policy()
        };
        set(fresh, &once, Some(&target.url)).await.unwrap();
        let id = add(fresh).await;
        let unanswered = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let source = SecretSource::Manager {
            prefix: "targets/".to_owned(),
            endpoint: Some(format!("http://{}", unanswered.local_addr().unwrap())),
            role: role(),
        };
        drop(unanswered);
        let mut function = Function::on(fresh.another(1));
        let secrets = Secrets::new(source);
        function.pusher.targets = TargetCaller::new(TargetClient::new(hosts()), secrets);
        function.handle(id).await;
        let error = "its target's secret cannot be used";
        assert_eq!(state(fresh, id).await, failed(None, error));
        assert_eq!(task(fresh, id).await.attempt, 0);
        assert!(target.seen().is_empty());
        hasten(fresh).await;
        push(fresh, id).await;
        assert_eq!(task(fresh, id).await.status, TaskStatus::Finished);
    })
    .await;
}

#[tokio::test]
async fn a_fault_that_passes_is_tried_again_when_the_target_says_so() {
    with_database(async |fresh| {
        for status in [408, 425, 429, 500, 503] {
            let busy = answer(status, "retry-after: 120\r\n", "");
            let target = Target::answering([busy]).await;
            let id = added(fresh, &target.url).await;
            push(fresh, id).await;
            let error = format!("its target answered {status}");
            assert_eq!(state(fresh, id).await, failed(None, &error));
            let wait = format!(
                "SELECT TIMESTAMPDIFF(SECOND, NOW(3), due_at) FROM tbl_work WHERE task_id = {id}"
            );
            assert!(
                (100..=120).contains(&number(fresh, &wait).await),
                "{status}"
            );
            push(fresh, id).await;
            assert_eq!(target.seen().len(), 1, "its time has not come");
        }
    })
    .await;
}

#[tokio::test]
async fn a_target_that_says_at_once_is_left_the_time_of_the_back_off() {
    with_database(async |fresh| {
        let target = Target::answering([answer(503, "retry-after: 0\r\n", "")]).await;
        let id = added(fresh, &target.url).await;
        let patient = PolicyChange {
            backoff_first: Some(86_400),
            backoff_longest: Some(86_400),
            ..PolicyChange::default()
        };
        set(fresh, &patient, None).await.unwrap();
        push(fresh, id).await;
        let wait = "SELECT TIMESTAMPDIFF(SECOND, NOW(3), due_at) FROM tbl_work";
        // Any time up to a day: a second or less once in 86,400 runs of this test.
        assert!(number(fresh, wait).await > 0);
    })
    .await;
}

#[tokio::test]
async fn a_wrong_secret_or_route_or_a_redirect_is_tried_again_and_ends_the_task_after_its_attempts_only()
 {
    with_database(async |fresh| {
        let (moved, wrong) = (answer(302, "location: /\r\n", ""), answer(401, "", ""));
        let target = Target::answering([moved, wrong, answer(404, "", "")]).await;
        let id = added(fresh, &target.url).await;
        for (status, outcome) in [(302, None), (401, None), (404, Some("failed"))] {
            hasten(fresh).await;
            push(fresh, id).await;
            let error = format!("its target answered {status}");
            assert_eq!(state(fresh, id).await, failed(outcome, &error));
        }
        assert_eq!(target.seen().len(), 3, "no redirect is followed");
    })
    .await;
}

#[tokio::test]
async fn a_target_that_cannot_be_reached_or_may_not_be_called_fails_the_run() {
    with_database(async |fresh| {
        let id = added(fresh, NOWHERE).await;
        push(fresh, id).await;
        assert_eq!(
            state(fresh, id).await,
            failed(None, "no connection could be made")
        );
        run(
            fresh,
            "UPDATE tbl_task_target SET url = 'https://127.0.0.2/'",
        )
        .await;
        hasten(fresh).await;
        push(fresh, id).await;
        let (status, _, error) = state(fresh, id).await;
        assert_eq!(status, TaskStatus::Submitted);
        assert_eq!(error.as_deref(), Some("its target's URL may not be called"));
        run(
            fresh,
            &format!("UPDATE tbl_task_target SET url = '{NOWHERE}', secret = 'lost'"),
        )
        .await;
        hasten(fresh).await;
        push(fresh, id).await;
        let (status, outcome, error) = state(fresh, id).await;
        assert_eq!(
            (status, outcome.as_deref()),
            (TaskStatus::Finished, Some("failed"))
        );
        assert_eq!(error.as_deref(), Some("its target's secret cannot be used"));
    })
    .await;
}

#[tokio::test]
async fn a_result_that_cannot_be_stored_fails_the_run() {
    with_database(async |fresh| {
        let said = r#"{"finished": true, "result": 1e400}"#;
        let target = Target::answering([answer(200, "", said)]).await;
        let id = added(fresh, &target.url).await;
        push(fresh, id).await;
        let (status, _, error) = state(fresh, id).await;
        assert_eq!(status, TaskStatus::Submitted);
        assert!(error.unwrap().contains("result"));
    })
    .await;
}
