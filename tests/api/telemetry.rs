//! The traces of a batch for operators: its metrics, and one trace from the request to the worker.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use task_local::{StackConfig, project_root};

use crate::events::sample;
use crate::support::{Station, WORKER, orders, unique, with_own_api};

/// The lines of a function's log.
fn logged(folder: &Path, function: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.join(format!("{function}.log"))).unwrap();
    let lines = text.lines().filter(|line| line.starts_with('{'));
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// All values of a metric.
fn values(lines: &[Value], metric: &str) -> Vec<f64> {
    let measured = lines.iter().filter(|line| line["_aws"].is_object());
    let values = measured.filter_map(|line| line[metric].as_array());
    values.flatten().filter_map(Value::as_f64).collect()
}

fn traces(lines: &[Value], message: &str) -> Vec<String> {
    // Without what the stack asks to see whether it is up.
    let lines = lines
        .iter()
        .filter(|line| line["message"] == message && line["error"].is_null());
    let ids = lines.filter_map(|line| line["span"]["trace.id"].as_str());
    ids.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_batch_is_measured_and_a_worker_logs_the_trace_that_its_message_carries() {
    let name = format!("stack-telemetry-{}", std::process::id());
    let folder = project_root().join(".local/log").join(&name);
    let configure = |config: StackConfig| StackConfig {
        name: name.clone(),
        ..config
            .with("METRICS_NAMESPACE", "tests")
            .with("CHUNK_SIZE", "10")
    };
    with_own_api(configure, async |api| {
        let station = Station::fresh(api).await;
        let mut orders = orders(25);
        orders[7]["address_id"] = json!("nowhere");
        api.import(&station, &unique("measured-"), &orders).await;
        // The local queue forgets the system attributes of messages that are sent in batches; this event has one.
        let event = sample(WORKER);
        api.stack.invoke(WORKER, event).await.unwrap();
    })
    .await;
    let (submit, worker) = (
        logged(&folder, "order-batch-submit"),
        logged(&folder, WORKER),
    );
    for (metric, count) in [("OrdersSucceeded", 24), ("OrdersFailed", 1), ("Retries", 0)] {
        let sum: f64 = values(&worker, metric).iter().sum();
        assert!((sum - f64::from(count)).abs() < 0.1, "{metric}: {sum}");
    }
    for metric in ["ChunkTime", "QueueWait"] {
        assert_eq!(values(&worker, metric).len(), 3 + 3, "{metric}");
    }
    assert_eq!(values(&worker, "BatchTime").len(), 1);
    let invocations = worker.iter().filter(|line| line["_aws"].is_object());
    assert!(
        invocations.count() <= 3 + 1,
        "one line an invocation at most"
    );
    assert_eq!(traces(&submit, "answered").len(), 1);
    let carried = traces(&worker, "message done");
    assert_eq!(
        carried.last().unwrap(),
        "1-6a1f0c00-0123456789abcdef01234567"
    );
}
