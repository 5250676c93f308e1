//! One function process on a Lambda runtime API of the test's own, which gives out events one by one and takes note of how many
//! are asked for and answered: what a managed instance sees of it.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use std::{fs, thread};

use serde_json::Value;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running function.
pub(crate) struct Instance {
    process: Child,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Default)]
struct Seen {
    /// Polls that wait for an event.
    polls: usize,
    /// What the next polls are answered with: the head of the answer, and the event.
    events: VecDeque<String>,
    /// Answers of the function by the ids of their requests.
    answers: HashMap<String, Value>,
}

impl Instance {
    /// Starts a binary; `environment` is added to Lambda's own variables.
    pub(crate) fn start(binary: &Path, environment: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut command = Command::new(binary);
        command.env(
            "AWS_LAMBDA_RUNTIME_API",
            listener.local_addr().unwrap().to_string(),
        );
        for (name, value) in [("NAME", "tested"), ("VERSION", "1"), ("MEMORY_SIZE", "256")] {
            command.env(format!("AWS_LAMBDA_FUNCTION_{name}"), value);
        }
        command
            .envs(environment.iter().copied())
            .stdout(Stdio::piped());
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let serving = Arc::clone(&serving);
                thread::spawn(move || serving.serve(&connection.unwrap()));
            }
        });
        let process = command.spawn().unwrap();
        Self { process, shared }
    }

    /// Waits until the function asks for this many events at once.
    pub(crate) fn polled(&self, times: usize) {
        self.shared.wait(|seen| (seen.polls == times).then_some(()));
    }

    /// Gives the next poll an event. Its request and its trace are named after `id`.
    pub(crate) fn send(&self, id: &str, event: &Value) {
        let event = event.to_string();
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nlambda-runtime-aws-request-id: {id}\r\n\
             lambda-runtime-deadline-ms: 4102444800000\r\nlambda-runtime-trace-id: Root=trace-of-{id};Sampled=1\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:1:function:tested\r\n\
             content-length: {}\r\n\r\n{event}",
            event.len(),
        );
        self.shared.change(|seen| seen.events.push_back(answer));
    }

    /// Waits for the answer to a request.
    pub(crate) fn answer(&self, id: &str) -> Value {
        self.shared.wait(|seen| seen.answers.remove(id))
    }

    /// The number of answers that nobody took.
    pub(crate) fn answered(&self) -> usize {
        self.shared.seen.lock().unwrap().answers.len()
    }

    /// The number of threads of the process.
    pub(crate) fn threads(&self) -> usize {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap();
        tasks.count()
    }

    /// Ends the process; answers the objects that it wrote on standard output, one a line.
    pub(crate) fn stop(mut self) -> Vec<Value> {
        self.process.kill().unwrap();
        let mut text = String::new();
        let mut output = self.process.stdout.take().unwrap();
        output.read_to_string(&mut text).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Shared {
    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap());
        self.changed.notify_all();
    }

    fn wait<T>(&self, look: impl Fn(&mut Seen) -> Option<T>) -> T {
        let mut seen = self.seen.lock().unwrap();
        loop {
            if let Some(found) = look(&mut seen) {
                return found;
            }
            let (woken, end) = self.changed.wait_timeout(seen, PATIENCE).unwrap();
            assert!(!end.timed_out(), "not within a minute");
            seen = woken;
        }
    }

    /// One connection of the function's: one request after the other, until it closes it.
    fn serve(&self, connection: &TcpStream) {
        let mut reader = BufReader::new(connection);
        while let Some((request, body)) = request(&mut reader) {
            let answer = if request.starts_with("GET ") {
                self.next_event()
            } else {
                let id = request.split('/').nth_back(2).unwrap().to_owned();
                self.change(|seen| drop(seen.answers.insert(id, body)));
                "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n".to_owned()
            };
            if (&*connection).write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }

    fn next_event(&self) -> String {
        self.change(|seen| seen.polls += 1);
        let mut seen = self.seen.lock().unwrap();
        loop {
            if let Some(event) = seen.events.pop_front() {
                seen.polls -= 1;
                return event;
            }
            seen = self.changed.wait(seen).unwrap();
        }
    }
}

/// Reads one request: its first line and its body.
fn request(reader: &mut impl BufRead) -> Option<(String, Value)> {
    let mut line = || {
        let mut line = String::new();
        let read = reader.read_line(&mut line).ok()?;
        (read > 0).then(|| line.trim_end().to_owned())
    };
    let first = line()?;
    let mut length = 0;
    loop {
        let header = line()?.to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(number) = header.strip_prefix("content-length: ") {
            length = number.parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((first, serde_json::from_slice(&body).unwrap_or_default()))
}
