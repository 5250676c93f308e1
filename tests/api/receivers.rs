//! The receivers and the target of `examples/`: they accept what is signed, with the verifiers of Standard Webhooks, and refuse a
//! forged request.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use task_local::project_root;
use task_service::targets::{SigningKey, signature};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout};

use crate::support::{Api, eventually, unique, with_api};

/// A running example; it ends with the test.
struct Receiver {
    url: String,
    says: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl Receiver {
    async fn start(program: &Path, script: &Path, more: &[String]) -> Self {
        let mut command = tokio::process::Command::new(program);
        command.arg(script).arg("0").args(more);
        command.stdout(Stdio::piped());
        command.env("WEBHOOK_SECRET", secret());
        let mut process = command.kill_on_drop(true).spawn().unwrap();
        let mut says = BufReader::new(process.stdout.take().unwrap()).lines();
        let first = says.next_line().await.unwrap().unwrap();
        let port = first.strip_prefix("listening ").unwrap();
        Self {
            url: format!("http://127.0.0.1:{port}/hooks"),
            says,
            _process: process,
        }
    }
}

fn secret() -> String {
    let secrets = fs::read_to_string(project_root().join(".local/target-secrets.json"));
    let secrets: Value = serde_json::from_str(&secrets.unwrap()).unwrap();
    secrets["demo"].as_str().unwrap().to_owned()
}

/// Adds a task that tells a callback of its end, finishes it, and answers its key.
async fn ended(api: &Api, url: &str) -> i64 {
    let callback = unique("cb");
    let set = json!({"name": callback, "url": url, "secret": "demo"});
    api.post("/task/callback/set", &set).await.data();
    let new = json!({"station_id": "T1", "task_name": "n", "input": "i", "callback": callback});
    let id = api.post("/task/add", &new).await.data()["task_id"]
        .as_i64()
        .unwrap();
    api.post("/task/finish", &json!({"task_id": id}))
        .await
        .data();
    id
}

/// Hangs up in the middle of a body.
async fn hang_up(url: &str) {
    let host = url.trim_start_matches("http://").trim_end_matches("/hooks");
    let mut stream = TcpStream::connect(host).await.unwrap();
    let begin = format!("POST /hooks HTTP/1.1\r\nhost: {host}\r\ncontent-length: 100\r\n\r\nabc");
    stream.write_all(begin.as_bytes()).await.unwrap();
}

/// Sends a body longer than is read of anybody, without one; answers the status.
async fn too_long(url: &str) -> String {
    let host = url.trim_start_matches("http://").trim_end_matches("/hooks");
    let mut stream = TcpStream::connect(host).await.unwrap();
    let begin = format!("POST /hooks HTTP/1.1\r\nhost: {host}\r\ncontent-length: 1048577\r\n\r\n");
    stream.write_all(begin.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next_line().await.unwrap().unwrap();
    first.split(' ').nth(1).unwrap().to_owned()
}

/// Sends a signed body.
async fn signed(url: &str, body: &'static str) -> reqwest::Result<u16> {
    let key = SigningKey::parse(&secret()).unwrap();
    let timestamp = jiff::Timestamp::now().as_second();
    let request = reqwest::Client::new()
        .post(url)
        .header("webhook-id", "cb_2_1")
        .header("webhook-timestamp", timestamp.to_string())
        .header(
            "webhook-signature",
            signature(&[key], "cb_2_1", timestamp, body),
        );
    let answer = request.body(body).send().await?;
    Ok(answer.status().as_u16())
}

async fn accepts_what_we_sign_and_nothing_else(program: &Path, script: &Path) {
    with_api(async |api| {
        let mut receiver = Receiver::start(program, script, &[]).await;
        let forged = reqwest::Client::new()
            .post(&receiver.url)
            .header("webhook-id", "cb_1_1")
            .header(
                "webhook-timestamp",
                jiff::Timestamp::now().as_second().to_string(),
            )
            .header(
                "webhook-signature",
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            )
            .body("{}");
        assert_eq!(forged.send().await.unwrap().status(), 401);
        hang_up(&receiver.url).await;
        assert_eq!(too_long(&receiver.url).await, "413");
        // Its work fails: it says so, or hangs up; either way the delivery comes again.
        let status = signed(&receiver.url, r#"{"type": "task.finished"}"#).await;
        assert!(status.is_err() || status.is_ok_and(|status| status == 500));
        let id = ended(api, &receiver.url).await;
        let line = receiver.says.next_line().await.unwrap().unwrap();
        assert_eq!(line.trim_end(), format!("task.finished T1 {id} success"));
    })
    .await;
}

#[tokio::test]
async fn a_python_receiver_accepts_what_we_sign_and_nothing_else() {
    let python = project_root().join(".local/tools/bin/python");
    let script = project_root().join("examples/receiver.py");
    accepts_what_we_sign_and_nothing_else(&python, &script).await;
}

#[tokio::test]
async fn the_python_target_does_the_whole_way_of_a_pushed_task() {
    with_api(async |api| {
        let python = project_root().join(".local/tools/bin/python");
        let script = project_root().join("examples/target.py");
        let target = Receiver::start(&python, &script, &[api.stack.base_url()]).await;
        hang_up(&target.url).await;
        assert_eq!(too_long(&target.url).await, "413");
        let queue = unique("t");
        let policy = json!({"queue": queue, "mode": "push", "url": target.url, "secret": "demo"});
        api.post("/task/queue/set", &policy).await.data();
        let mut ids = Vec::new();
        for input in [json!({"count": 2}), json!({"count": 0}), json!({})] {
            let new = json!({"station_id": "T1", "task_name": "n", "input": input, "queue": queue});
            ids.push(api.post("/task/add", &new).await.data()["task_id"].clone());
        }
        let said = [
            json!(["success", "counted to 2", null]),
            json!(["success", "nothing to count", null]),
            json!(["failed", null, "the input has no count"]),
        ];
        for (id, said) in ids.iter().zip(said) {
            let ended = async || {
                let task = api.get(&format!("/task/get?task_id={id}")).await;
                Some(task.data().clone()).filter(|task| task["status"] == 3)
            };
            let task = eventually("the task has ended", ended).await;
            let ended = json!([task["outcome"], task["result"]["msg"], task["last_error"]]);
            assert_eq!(ended, said);
        }
    })
    .await;
}

#[tokio::test]
async fn a_node_receiver_accepts_what_we_sign_and_nothing_else() {
    match with_node() {
        Ok(script) => accepts_what_we_sign_and_nothing_else(Path::new("node"), &script).await,
        Err(reason) => {
            let line = format!("SKIPPED the receiver in Node: {reason}\n");
            std::io::stderr().write_all(line.as_bytes()).unwrap();
        }
    }
}

/// Puts the receiver beside its package, as `npm install` in `examples/` does; answers where it is.
fn with_node() -> Result<PathBuf, String> {
    let folder = project_root().join(".local/receiver-node");
    fs::create_dir_all(&folder).unwrap();
    for file in ["package.json", "receiver.mjs"] {
        fs::copy(
            project_root().join("examples").join(file),
            folder.join(file),
        )
        .unwrap();
    }
    if !folder.join("node_modules/standardwebhooks").exists() {
        let mut npm = Command::new("npm");
        npm.args([
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
        ]);
        let done = npm.current_dir(&folder).output();
        let done = done.map_err(|error| format!("npm cannot be run: {error}"))?;
        if !done.status.success() {
            return Err(String::from_utf8_lossy(&done.stderr).into_owned());
        }
    }
    Ok(folder.join("receiver.mjs"))
}
