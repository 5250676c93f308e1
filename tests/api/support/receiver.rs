//! A target of callbacks: it answers as it is told, and remembers what it was sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use task_local::project_root;
use task_service::targets::{SigningKey, signature};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) id: String,
    pub(crate) body: Value,
    pub(crate) at: Instant,
}

/// How a request is answered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answers {
    Status(u16),
    Text(u16, &'static str),
    /// Not at all, until the caller has had enough.
    Hang,
    /// The connection is closed instead.
    Reset,
}

type Shared = Arc<Mutex<(Vec<Received>, VecDeque<Answers>)>>;

/// A running target; it ends when it is dropped.
pub(crate) struct Receiver {
    pub(crate) url: String,
    shared: Shared,
    accepting: AbortHandle,
}

impl Receiver {
    /// Answers the first requests so, one after the other, all others with 204.
    pub(crate) async fn start(answers: &[Answers]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let shared: Shared = Arc::new(Mutex::new((Vec::new(), answers.iter().copied().collect())));
        let serving = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Self {
            url,
            shared,
            accepting: accepting.abort_handle(),
        }
    }

    /// What has come until now.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.lock().unwrap().0.clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(mut stream: TcpStream, shared: Shared) {
    let mut request = String::new();
    let (head, body) = loop {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).await.unwrap();
        assert!(length > 0, "half a request: {request}");
        request.push_str(std::str::from_utf8(&part[..length]).unwrap());
        if let Some((head, body)) = request.split_once("\r\n\r\n")
            && header(head, "content-length").parse() == Ok(body.len())
        {
            break (head, body);
        }
    };
    verify(head, body);
    let received = Received {
        id: header(head, "webhook-id").to_owned(),
        body: serde_json::from_str(body).unwrap(),
        at: Instant::now(),
    };
    let answer = {
        let mut shared = shared.lock().unwrap();
        shared.0.push(received);
        shared.1.pop_front().unwrap_or(Answers::Status(204))
    };
    match answer {
        Answers::Status(status) => say(&mut stream, status, "").await,
        Answers::Text(status, text) => say(&mut stream, status, text).await,
        Answers::Hang => tokio::time::sleep(Duration::from_mins(1)).await,
        Answers::Reset => {}
    }
}

async fn say(stream: &mut TcpStream, status: u16, text: &str) {
    let length = text.len();
    let answer = format!(
        "HTTP/1.1 {status} -\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}"
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}

fn header<'h>(head: &'h str, name: &str) -> &'h str {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let mut values = lines.filter(|(found, _)| found.eq_ignore_ascii_case(name));
    values.next().map_or("", |(_, value)| value)
}

/// As the verifiers of Standard Webhooks do.
fn verify(head: &str, body: &str) {
    let file = project_root().join(".local/target-secrets.json");
    let secrets: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let key = SigningKey::parse(secrets["demo"].as_str().unwrap()).unwrap();
    let timestamp: i64 = header(head, "webhook-timestamp").parse().unwrap();
    let age = jiff::Timestamp::now().as_second() - timestamp;
    assert!((-5..300).contains(&age), "{head}");
    let expected = signature(&[key], header(head, "webhook-id"), timestamp, body);
    assert_eq!(header(head, "webhook-signature"), expected);
}
