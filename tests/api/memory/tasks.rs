//! The largest tasks that are accepted, by the hundred.

use serde_json::json;

use super::Sender;
use crate::support::unique;

/// The input and the result of a task may have 1,000,000 bytes as they are printed.
const LARGEST: usize = 999_000;
const COUNT: usize = 100;

/// A hundred tasks with the largest input and result: got, listed, and closed at once.
pub(super) async fn largest_tasks(sender: &Sender<'_>) {
    let names: Vec<_> = (0..COUNT).map(|_| unique("memory-")).collect();
    for (n, task) in names.iter().enumerate() {
        // Printed, a quotation mark is two bytes.
        let text = match n % 10 {
            0 => "\"".repeat(LARGEST / 2),
            _ => "x".repeat(LARGEST),
        };
        let add = json!({"user_task_id": task, "station_id": sender.station.id, "task_name": "n", "input": text});
        sender.accept("/task/add", &add).await;
        sender
            .accept("/task/start", &json!({ "user_task_id": task }))
            .await;
        let result =
            json!({"user_task_id": task, "field": "result", "value": text, "value_type": "str"});
        sender.accept("/task/update", &result).await;
    }
    list(sender).await;
    for task in &names[..3] {
        let again = json!({"user_task_id": task, "result": {"text": "y".repeat(LARGEST)}});
        sender.accept("/task/finish", &again).await;
        let start = json!({ "user_task_id": task });
        sender.refuse("/task/start", &start, "TASK_FINISHED").await;
    }
    let close = json!({"user_task_ids": names, "station_id": sender.station.id});
    sender.accept("/async_task/close", &close).await;
    list(sender).await;
}

async fn list(sender: &Sender<'_>) {
    let id = &sender.station.id;
    for path in [
        format!("/task/list?station_id={id}&limit=100"),
        format!("/async_task/list?station_id={id}&limit=100"),
    ] {
        sender.read(&path).await;
    }
}

/// A result that grows until it is refused: the task can be answered all the time.
pub(super) async fn appends_up_to_the_limit(sender: &Sender<'_>) {
    let task = unique("memory-");
    let add = json!({"user_task_id": task, "station_id": sender.station.id, "task_name": "n", "input": "i"});
    sender.accept("/task/add", &add).await;
    let append = |size: usize| {
        json!({"user_task_id": task, "field": "result", "postion": "$.log", "op": "append",
            "value": "z".repeat(size), "value_type": "str"})
    };
    for size in [600_000, 300_000, 90_000] {
        sender.accept("/task/update", &append(size)).await;
    }
    for size in [90_000, 2_500_000] {
        let more = append(size);
        sender
            .refuse("/task/update", &more, "RESULT_TOO_LARGE")
            .await;
    }
    sender
        .accept("/task/start", &json!({ "user_task_id": task }))
        .await;
    let path = format!("/async_task/get?user_task_id={task}");
    sender.read(&path).await;
    let path = format!("/async_task/detail?user_task_id={task}");
    sender.read(&path).await;
}
