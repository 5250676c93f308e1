//! The targets of pushed runs and the receivers of callbacks: servers on loopback that note each request before they answer it, well
//! or badly.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};
use task_service::targets::{SigningKey, signature};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use super::client::answer;
use super::mood::{Mood, Moods};
use crate::ledger::{Dispatch, End, Entry, Push};
use crate::stage::Stage;

/// How a target behaves while faults happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It answers at once, and well.
    Quick,
    /// It accepts a run, and finishes it by a call of its own a little later.
    Accepting,
    /// It does not answer, or never comes to the end of its answer.
    Hanging,
    /// It resets connections, some of them after it has done the work.
    Dying,
    /// It answers anything.
    Odd,
}

/// What a target does about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Deed {
    /// Answers with a status, headers and a body.
    Says(u16, &'static str, String),
    /// Accepts, and finishes the run later.
    Accepts,
    /// Finishes the run by a call of its own, then dies without an answer.
    Works,
    Resets,
    Hangs,
    /// Begins an answer, and sends a byte of it now and then.
    Drips,
    /// Speaks no HTTP.
    Babbles,
}

/// A running server; it ends when it is dropped.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    accepting: AbortHandle,
}

/// What the connections of a server share.
struct Server {
    stage: Arc<Stage>,
    moods: Arc<Moods>,
    http: reqwest::Client,
    key: SigningKey,
    name: &'static str,
    manner: Manner,
    rng: Mutex<Rng>,
}

impl Target {
    pub(crate) async fn start(
        stage: &Arc<Stage>,
        moods: &Arc<Moods>,
        (name, manner): (&'static str, Manner),
        seed: u64,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/{name}", listener.local_addr().unwrap());
        let http = reqwest::Client::builder().timeout(Duration::from_secs(12));
        let server = Arc::new(Server {
            stage: Arc::clone(stage),
            moods: Arc::clone(moods),
            http: http.no_proxy().build().unwrap(),
            key: Stage::target_key(),
            name,
            manner,
            rng: Mutex::new(Rng::with_seed(seed)),
        });
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = Arc::clone(&server);
                tokio::spawn(async move { server.serve(stream).await });
            }
        });
        Self {
            name,
            url,
            accepting: accepting.abort_handle(),
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Server {
    /// Serves one request; `None`: the caller has broken off.
    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let (head, body) = request(&mut stream).await?;
        let id = header(&head, "webhook-id").to_owned();
        let sent: Value = serde_json::from_str(&body).unwrap_or_default();
        self.moods.note_called(&id);
        let deed = self.deed(&sent);
        self.stage.ledger.write(&Entry::Pushed(Push::Called {
            target: self.name.to_owned(),
            id,
            is_signed: self.is_signed(&head, &body),
            is_delivered: matches!(deed, Deed::Says(200..=299, ..) | Deed::Accepts),
            is_gone: matches!(deed, Deed::Says(410, ..)),
            body: sent.clone(),
        }));
        self.act(&mut stream, deed, &sent["data"]).await
    }

    /// Draws what becomes of a request.
    fn deed(&self, sent: &Value) -> Deed {
        let is_run = sent["type"] == "task.run";
        let well = match is_run {
            true => Deed::Says(200, "", finished(&sent["data"])),
            false => Deed::Says(204, "", String::new()),
        };
        let mut rng = self.rng.lock().unwrap();
        match (self.moods.mood(), self.manner) {
            (Mood::Well, _) | (_, Manner::Quick) => well,
            (_, Manner::Accepting) if is_run => Deed::Accepts,
            (_, Manner::Accepting) => well,
            (Mood::Hanging, _) => Deed::Hangs,
            (Mood::Misbehaving, Manner::Hanging) => match rng.u8(..4) {
                0 => Deed::Drips,
                _ => Deed::Hangs,
            },
            (Mood::Misbehaving, Manner::Dying) => match rng.u8(..3) {
                0 if is_run => Deed::Works,
                1 => Deed::Resets,
                _ => well,
            },
            (Mood::Misbehaving, Manner::Odd) => odd(&mut rng, is_run).unwrap_or(well),
        }
    }

    async fn act(&self, stream: &mut TcpStream, deed: Deed, data: &Value) -> Option<()> {
        match deed {
            Deed::Says(status, headers, body) => say(stream, status, headers, &body).await,
            Deed::Accepts => {
                say(stream, 202, "", "").await?;
                let wait = self.rng.lock().unwrap().u64(..3_000);
                tokio::time::sleep(Duration::from_millis(wait)).await;
                self.finish(data).await
            }
            Deed::Works => self.finish(data).await,
            Deed::Resets => stream.set_zero_linger().ok(),
            Deed::Hangs => {
                self.moods.until_it_changes().await;
                None
            }
            Deed::Drips => {
                let head = b"HTTP/1.1 200 -\r\ncontent-length: 60000\r\n\r\n";
                stream.write_all(head).await.ok()?;
                loop {
                    stream.write_all(b" ").await.ok()?;
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
            }
            Deed::Babbles => stream.write_all(b"220 ready when you are\r\n").await.ok(),
        }
    }

    /// Finishes a run as a business does, by a call.
    async fn finish(&self, data: &Value) -> Option<()> {
        let (id, run) = (data["task_id"].as_i64()?, data["run_count"].as_i64()?);
        let finished = Push::Finishing { id, run };
        self.stage.ledger.write(&Entry::Pushed(finished));
        let url = self.stage.stack.url("/task/finish");
        let body = json!({"task_id": id, "run_count": run, "result": {"by": run}});
        let (end, _) = answer(self.http.post(url).json(&body)).await;
        if end == End::Done {
            let finished = Dispatch::Finished { id, run };
            self.stage.ledger.write(&Entry::Dispatched(finished));
        }
        Some(())
    }

    /// Verifies a request as the verifiers of Standard Webhooks do.
    fn is_signed(&self, head: &str, body: &str) -> bool {
        let timestamp: i64 = header(head, "webhook-timestamp").parse().unwrap_or(0);
        let age = jiff::Timestamp::now().as_second() - timestamp;
        let id = header(head, "webhook-id");
        let key = std::slice::from_ref(&self.key);
        (-5..300).contains(&age)
            && signature(key, id, timestamp, body) == header(head, "webhook-signature")
    }
}

/// Draws an odd answer; `None`: a good one.
fn odd(rng: &mut Rng, is_run: bool) -> Option<Deed> {
    let says = |status, headers| Deed::Says(status, headers, "nonsense".to_owned());
    Some(match rng.u8(..20) {
        0 | 1 => says(500, ""),
        2 => says(503, "retry-after: 1\r\n"),
        3 => says(429, "retry-after: 1\r\n"),
        4 => says(410, ""),
        5 => says(413, ""),
        6 => says(302, "location: http://127.0.0.1:1/elsewhere\r\n"),
        7 => says(404, ""),
        8 if is_run => says(400, ""),
        9 => Deed::Babbles,
        10 => Deed::Resets,
        11 => Deed::Hangs,
        12 if is_run => Deed::Accepts,
        // More than is read of an answer: a run that is accepted, and then not heard of.
        13 => Deed::Says(200, "", "x".repeat(100_000)),
        14 if is_run => Deed::Says(200, "", r#"{"finished": true, "result": 1e999}"#.to_owned()),
        _ => return None,
    })
}

/// The answer that finishes a run.
fn finished(data: &Value) -> String {
    json!({"finished": true, "result": {"by": data["run_count"]}}).to_string()
}

/// Reads a request; `None`: it breaks off.
async fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut request = Vec::new();
    loop {
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(0) => return None,
            Ok(length) => request.extend(&part[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && header(head, "content-length").parse() == Ok(body.len())
        {
            return Some((head.to_owned(), body.to_owned()));
        }
    }
}

async fn say(stream: &mut TcpStream, status: u16, headers: &str, body: &str) -> Option<()> {
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} -\r\ncontent-length: {length}\r\n{headers}connection: close\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await.ok()
}

fn header<'h>(head: &'h str, name: &str) -> &'h str {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let mut values = lines.filter(|(found, _)| found.eq_ignore_ascii_case(name));
    values.next().map_or("", |(_, value)| value)
}
