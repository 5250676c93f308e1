//! The workers of `examples/`: each is killed in the middle of a task, which another one then does; it ends once.

mod outages;
mod scripted;

use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use task_local::project_root;

use crate::support::{Api, eventually, unique, with_api};

/// A running worker; it does not outlive a test that fails.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The command of a worker of a queue.
fn command(program: &str, file: &str, queue: &str, base_url: &str) -> Command {
    let script = project_root().join("examples").join(file);
    let mut command = Command::new(program);
    command.arg(script).arg(queue).arg(base_url);
    command
}

/// Starts a worker of a queue.
fn worker(api: &Api, program: &str, file: &str, queue: &str) -> Worker {
    let mut command = command(program, file, queue, &api.stack.base_url());
    let started = command.stdout(Stdio::null()).spawn();
    Worker(started.unwrap_or_else(|error| panic!("{program}: {error}")))
}

async fn task(api: &Api, id: i64) -> Value {
    let task = api.get(&format!("/task/get?task_id={id}")).await;
    task.data().clone()
}

fn stops_cleanly(mut worker: Worker) {
    let id = worker.0.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &id]).status();
    assert!(sent.unwrap().success());
    assert!(worker.0.wait().unwrap().success());
}

fn has_node() -> bool {
    Command::new("node").arg("--version").output().is_ok()
}

async fn is_followed_by_another(program: &str, file: &str) {
    with_api(async |api| {
        let queue = unique("w");
        let policy = json!({"queue": queue, "timeout": 10, "backoff": "0..0"});
        api.post("/task/queue/set", &policy).await.data();
        let new = json!({"station_id": "T1", "task_name": "count", "input": {"count": 5}, "queue": queue});
        let id = api.post("/task/add", &new).await.data()["task_id"].as_i64().unwrap();

        let mut first = worker(api, program, file, &queue);
        let counting = async || Some(task(api, id).await).filter(|task| task["progress"].as_i64() >= Some(20));
        eventually("the first worker counts", counting).await;
        first.0.kill().unwrap();
        api.database.silence(&queue).await;

        let second = worker(api, program, file, &queue);
        let ended = async || Some(task(api, id).await).filter(|task| task["status"] == 3);
        let task = eventually("the task is done", ended).await;
        assert_eq!(json!([task["outcome"], task["run_count"], task["attempt"]]), json!(["success", 2, 2]));
        assert_eq!(task["result"]["msg"], "counted to 5");
        let detail = api.get(&format!("/async_task/detail?station_id=T1&task_id={id}")).await;
        let finished = detail.data()["runs"].as_array().unwrap().iter().filter(|run| run["error"].is_null());
        assert_eq!(finished.count(), 1);
        stops_cleanly(second);
    })
    .await;
}

#[tokio::test]
async fn a_python_worker_that_is_killed_is_followed_by_another() {
    is_followed_by_another("python3", "worker.py").await;
}

#[tokio::test]
async fn a_node_worker_that_is_killed_is_followed_by_another() {
    if has_node() {
        is_followed_by_another("node", "worker.mjs").await;
    } else {
        std::io::stderr()
            .write_all(b"SKIPPED the worker in Node: there is no Node\n")
            .unwrap();
    }
}
