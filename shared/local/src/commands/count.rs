//! The demo queue at work: a worker in Python counts to ten, and says how far it is.

use std::process::Stdio;

use serde_json::json;
use tokio::process::Command;

use crate::api::Api;
use crate::config::project_root;
use crate::error::{LocalError, Result};
use crate::progress::Bar;

const WORKER: &str = "examples/worker.py";

/// Adds a task to the demo queue, starts a worker for it, and follows it to its end.
pub(super) async fn show(base_url: &str) -> Result<()> {
    let root = project_root();
    let mut worker = Command::new(root.join(".local/tools/bin/python"));
    worker
        .arg(root.join(WORKER))
        .args(["demo", base_url])
        .stdout(Stdio::null())
        .kill_on_drop(true);
    let worker = worker
        .spawn()
        .map_err(|error| LocalError::part(WORKER, error))?;
    let id = format!("count-{}", jiff::Timestamp::now().as_second());
    let task = json!({"station_id": "T1", "task_name": "count", "queue": "demo", "user_task_id": id, "input": {"count": 10}});
    let api = Api::new(base_url)?;
    api.add(&task).await?;
    println!("{WORKER} counts to ten: task {id} of the queue demo");
    let mut bar = Bar::start();
    let url = format!("/async_task/get?station_id=T1&user_task_id={id}");
    let followed = api.follow(&url, |percent| bar.draw(percent)).await;
    bar.end();
    drop(worker);
    followed.map(drop)
}
