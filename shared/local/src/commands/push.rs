//! The queue `push` at work: a target in Python is called for a run of its own, counts to ten, and stays.

use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::api::Api;
use crate::config::project_root;
use crate::error::{LocalError, Result};
use crate::progress::Bar;
use crate::target_secrets;

const TARGET: &str = "examples/target.py";

/// Starts the target, declares the queue for it, adds a task and follows it to its end. The target lives as long as what is
/// answered.
pub(super) async fn show(base_url: &str) -> Result<Child> {
    let (target, url) = start(base_url).await?;
    let api = Api::new(base_url)?;
    let queue = json!({"queue": "push", "mode": "push", "url": url, "secret": target_secrets::NAME, "paused": false});
    api.declare(&queue).await?;
    let id = format!("push-{}", jiff::Timestamp::now().as_second());
    let task = json!({"station_id": "T1", "task_name": "count", "queue": "push", "user_task_id": id, "input": {"count": 10}});
    api.add(&task).await?;
    println!("{TARGET} is called, and counts to ten: task {id} of the queue push");
    let mut bar = Bar::start();
    let task = format!("/async_task/get?station_id=T1&user_task_id={id}");
    let followed = api.follow(&task, |percent| bar.draw(percent)).await;
    bar.end();
    followed.map(|_| target)
}

/// Starts the target; answers its URL.
async fn start(base_url: &str) -> Result<(Child, String)> {
    let root = project_root();
    let fault = |error: std::io::Error| LocalError::part(TARGET, error);
    let mut command = Command::new(root.join(".local/tools/bin/python"));
    command.arg(root.join(TARGET)).args(["0", base_url]);
    command.env("WEBHOOK_SECRET", target_secrets::demo(&root)?);
    command.stdout(Stdio::piped()).kill_on_drop(true);
    let mut target = command.spawn().map_err(fault)?;
    let says = target.stdout.take().map(BufReader::new);
    let mut lines = says
        .ok_or_else(|| fault(std::io::Error::other("has no output")))?
        .lines();
    let first = lines.next_line().await.map_err(fault)?.unwrap_or_default();
    // What it says later is read, so that it is never kept from saying it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    let port = first.strip_prefix("listening ").unwrap_or_default();
    Ok((target, format!("http://127.0.0.1:{port}/run")))
}
