//! What operators see of a batch: its metrics, and one trace from the request to the worker.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use task_local::{StackConfig, project_root};

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

/// The sum of a metric that counts.
fn total(lines: &[Value], metric: &str) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small counts"
    )]
    let total = values(lines, metric).iter().sum::<f64>() as u64;
    total
}

fn traces(lines: &[Value], message: &str) -> Vec<String> {
    let lines = lines.iter().filter(|line| line["message"] == message);
    let ids = lines.filter_map(|line| line["span"]["trace.id"].as_str());
    ids.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_batch_is_measured_and_its_trace_leads_from_the_submit_to_every_chunk() {
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
    })
    .await;
    let (submit, worker) = (
        logged(&folder, "order-batch-submit"),
        logged(&folder, WORKER),
    );
    assert_eq!(total(&worker, "OrdersSucceeded"), 24);
    assert_eq!(total(&worker, "OrdersFailed"), 1);
    assert_eq!(total(&worker, "Retries"), 0);
    for metric in ["ChunkTime", "QueueWait"] {
        assert_eq!(values(&worker, metric).len(), 3, "{metric}");
    }
    assert_eq!(values(&worker, "BatchTime").len(), 1);
    let invocations = worker.iter().filter(|line| line["_aws"].is_object());
    assert!(invocations.count() <= 3, "one line an invocation at most");
    let sent = traces(&submit, "answered");
    assert_eq!(sent.len(), 1);
    assert_eq!(traces(&worker, "message done"), vec![sent[0].clone(); 3]);
}
