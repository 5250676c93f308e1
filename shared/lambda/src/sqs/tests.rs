//! Tests of the partial batch response, on events as the queue's event source mapping sends them.

use std::cell::RefCell;

use serde_json::{Value, json};
use task_service::ErrorCode;
use task_store::StoreError;
use tokio::time::sleep;

use super::*;
use crate::telemetry::tests::logged;

/// One record of an event, as SQS sends it.
fn record(id: &str, body: &str) -> Value {
    json!({
        "messageId": id,
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "3",
            "SentTimestamp": "1545082649183",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1545082649185",
            "AWSTraceHeader": "Root=1-65c2b2f6-0a1b2c3d4e5f60718293a4b5"
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:orders",
        "awsRegion": "eu-central-1"
    })
}

fn event(records: &[Value]) -> Event {
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

/// A context whose invocation is cut off in `seconds`.
fn context(seconds: u64) -> Context {
    let deadline = SystemTime::now() + Duration::from_secs(seconds);
    let deadline = deadline
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_millis();
    let mut context = telemetry::tests::context("request-1");
    context.deadline = u64::try_from(deadline).unwrap();
    context
}

/// The ids that stay in the queue.
async fn left<F>(records: &[Value], seconds: u64, handler: impl Fn(Message) -> F) -> Vec<String>
where
    F: Future<Output = Result<(), NotDone>>,
{
    let context = context(seconds);
    let deadline = deadline::of(&context, FunctionTimeout::default());
    let response = handle_all(event(records), &context, deadline, handler)
        .await
        .unwrap();
    response
        .batch_item_failures
        .into_iter()
        .map(|failure| failure.item_identifier)
        .collect()
}

fn busy() -> NotDone {
    Error::refused(ErrorCode::SystemBusy, "no connection").into()
}

#[tokio::test]
async fn what_succeeded_leaves_the_queue_and_what_failed_stays() {
    let records = ["a", "b", "c"].map(|id| record(id, id));
    let handler = async |message: Message| {
        if message.body == "b" {
            Err(busy())
        } else {
            Ok(())
        }
    };
    assert_eq!(left(&records, 60, handler).await, ["b"]);
}

#[tokio::test]
async fn a_panic_fails_its_own_message_only() {
    let records = ["a", "b", "c"].map(|id| record(id, id));
    let handler = async |message: Message| {
        assert_ne!(message.body, "a");
        Ok(())
    };
    assert_eq!(left(&records, 60, handler).await, ["a"]);
}

#[tokio::test]
async fn a_message_that_does_not_parse_stays_for_the_dead_letter_queue() {
    let body = r#"{"version":1,"task_id":7,"run":1,"chunk":1}"#;
    let records = [
        record("a", body),
        record("b", "{\"version\":"),
        record("c", ""),
    ];
    let handler = async |message: Message| message.chunk().map(drop);
    assert_eq!(left(&records, 60, handler).await, ["b", "c"]);
}

#[test]
fn a_message_whose_work_another_worker_holds_is_kept_without_an_alarm() {
    let records = [record("a", "x")];
    let lines = logged(async {
        let kept = left(&records, 60, async |_| Err(Unworked::Held.into())).await;
        assert_eq!(kept, ["a"]);
    });
    assert_eq!((lines.len(), &lines[0]["level"]), (1, &json!("INFO")));
}

#[tokio::test]
async fn a_message_is_known_by_its_attributes() {
    let handler = async |message: Message| {
        assert_eq!((message.id.as_str(), message.receive_count), ("a", 3));
        assert_eq!(message.sent_at, instant(1_545_082_649_183));
        assert!(message.deadline != Deadline::default() && !message.deadline.has_passed());
        Ok(())
    };
    assert!(left(&[record("a", "x")], 60, handler).await.is_empty());
}

#[tokio::test]
async fn a_record_without_attributes_is_a_first_receipt() {
    let handler = async |message: Message| {
        assert_eq!((message.receive_count, message.sent_at), (1, None));
        Ok(())
    };
    assert!(
        left(&[json!({"messageId": "a", "body": "x"})], 60, handler)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn messages_that_could_not_be_begun_in_time_stay_in_the_queue() {
    let seen = RefCell::new(Vec::new());
    let records = ["a", "b", "c"].map(|id| record(id, id));
    let handler = async |message: Message| {
        seen.borrow_mut().push(message.id);
        sleep(Duration::from_millis(800)).await;
        Ok(())
    };
    assert_eq!(left(&records, 1, handler).await, ["b", "c"]);
    assert_eq!(*seen.borrow(), ["a"]);
}

#[tokio::test]
async fn once_the_database_is_gone_the_other_messages_stay_in_the_queue_untried() {
    let gone = || StoreError::TimedOut(Duration::from_secs(1));
    for (fault, tried) in [(gone(), 1), (StoreError::Unreadable("params"), 3)] {
        let seen = RefCell::new(0);
        let fault = RefCell::new(Some(fault));
        let records = ["a", "b", "c"].map(|id| record(id, id));
        let handler = async |_| {
            *seen.borrow_mut() += 1;
            let first = fault.borrow_mut().take();
            Err(first.map_or_else(busy, |fault| Unworked::Store(fault).into()))
        };
        assert_eq!(left(&records, 60, handler).await, ["a", "b", "c"]);
        assert_eq!(*seen.borrow(), tried);
    }
}

#[tokio::test]
async fn the_first_message_is_always_tried() {
    assert!(
        left(&[record("a", "x")], 1, async |_| Ok(()))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_record_without_id_fails_the_whole_batch() {
    let records = [record("a", "x"), json!({"body": "x"})];
    let outcome = handle_all(
        event(&records),
        &context(60),
        Deadline::default(),
        async |_| Ok(()),
    )
    .await;
    assert!(outcome.is_err());
}

#[tokio::test]
async fn the_same_message_twice_in_a_batch_is_done_only_when_both_are() {
    let records = [record("a", "good"), record("a", "bad"), record("b", "good")];
    let handler = async |message: Message| {
        if message.body == "bad" {
            Err(busy())
        } else {
            Ok(())
        }
    };
    assert_eq!(left(&records, 60, handler).await, ["a"]);
}

#[test]
fn the_response_names_the_failures_as_the_queue_wants_them() {
    let failures = vec![Failure {
        item_identifier: "a".to_owned(),
    }];
    let response = serde_json::to_value(PartialBatchResponse {
        batch_item_failures: failures,
    })
    .unwrap();
    assert_eq!(
        response,
        json!({"batchItemFailures": [{"itemIdentifier": "a"}]})
    );
    let empty = serde_json::to_value(PartialBatchResponse::default()).unwrap();
    assert_eq!(empty, json!({"batchItemFailures": []}));
}

#[test]
fn an_event_without_records_is_refused() {
    assert!(serde_json::from_str::<Event>(r#"{"version":"2.0"}"#).is_err());
}

#[test]
fn every_message_is_logged_with_its_id_and_its_wait_in_the_queue() {
    let records = [record("a", "secret")];
    let lines = logged(left(&records, 60, async |_| Err(busy())));
    assert_eq!((lines.len(), &lines[0]["level"]), (1, &json!("ERROR")));
    assert_eq!(lines[0]["span"]["message.id"], "a");
    assert_eq!(
        (&lines[0]["receive_count"], &lines[0]["error"]),
        (&json!(3), &json!("no connection"))
    );
    assert!(lines[0]["queue_wait_ms"].as_u64() > Some(1_000));
    assert!(!lines[0].to_string().contains("secret"));
}
