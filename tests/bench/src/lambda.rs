//! The runtime API of AWS Lambda for one function process: what a function polls for its events, and no more than that,
//! so that the time between event and answer is the function's.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The processor that functions are pinned to, this process as well while it measures them.
const PROCESSOR: &str = "0";

/// A function process that waits for its next event.
pub(crate) struct Function {
    process: Child,
    listener: TcpListener,
    connection: TcpStream,
    /// From the start of the process to its first poll.
    pub(crate) first_poll: Duration,
}

impl Function {
    /// Starts a binary and waits for its first poll.
    pub(crate) async fn start(binary: &Path, environment: &[(&str, String)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let mut command = Command::new("taskset");
        command.args(["-c", PROCESSOR]).arg(binary);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.env("AWS_LAMBDA_RUNTIME_API", address);
        for (name, value) in [("NAME", "bench"), ("VERSION", "1"), ("MEMORY_SIZE", "128")] {
            command.env(format!("AWS_LAMBDA_FUNCTION_{name}"), value);
        }
        command.envs(environment.iter().map(|(name, value)| (*name, value)));
        let start = Instant::now();
        let process = command.spawn().expect("the function starts");
        let (mut connection, _) = listener.accept().await.expect("a connection");
        connection.set_nodelay(true).expect("a socket");
        let poll = request(&mut connection).await;
        let first_poll = start.elapsed();
        assert!(poll.starts_with("GET "), "{poll}");
        Self {
            process,
            listener,
            connection,
            first_poll,
        }
    }

    /// Gives the function an event; its answer and how long it took.
    pub(crate) async fn invoke(&mut self, event: &str) -> (Duration, String) {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nlambda-runtime-aws-request-id: 8c1f0f1e\r\n\
             lambda-runtime-deadline-ms: 4102444800000\r\nlambda-runtime-trace-id: Root=1-0-0\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:1:function:bench\r\n\
             content-length: {}\r\n\r\n{event}",
            event.len(),
        );
        let start = Instant::now();
        self.connection
            .write_all(head.as_bytes())
            .await
            .expect("the function reads");
        let answer = self.next().await;
        let took = start.elapsed();
        let accepted = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
        self.connection
            .write_all(accepted)
            .await
            .expect("the function reads");
        let poll = self.next().await;
        assert!(poll.starts_with("GET "), "{poll}");
        (took, answer)
    }

    /// The next request, which may come on another connection.
    async fn next(&mut self) -> String {
        tokio::select! {
            _ = self.connection.readable() => {}
            new = self.listener.accept() => {
                self.connection = new.expect("a connection").0;
                self.connection.set_nodelay(true).expect("a socket");
            }
        }
        request(&mut self.connection).await
    }

    /// Memory in MB: resident now, and the most it ever was.
    pub(crate) fn memory(&self) -> (f64, f64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.unwrap_or_default();
        let kilobytes = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
            number.unwrap_or(f64::NAN) / 1024.0
        };
        (kilobytes("VmRSS:"), kilobytes("VmHWM:"))
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads one request: its head and its body.
async fn request(connection: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut part = vec![0; 64 * 1024];
    loop {
        if let Some(head) = text.windows(4).position(|end| end == b"\r\n\r\n") {
            let head_text = String::from_utf8_lossy(&text[..head]).to_ascii_lowercase();
            let body = &text[head + 4..];
            let length = head_text.split("content-length:").nth(1);
            let length = length.and_then(|rest| rest.lines().next()?.trim().parse().ok());
            let is_whole = match length {
                Some(length) => body.len() >= length,
                None if head_text.contains("transfer-encoding") => body.ends_with(b"0\r\n\r\n"),
                None => true,
            };
            if is_whole {
                return String::from_utf8_lossy(&text).into_owned();
            }
        }
        let read = connection
            .read(&mut part)
            .await
            .expect("the function writes");
        assert!(read > 0, "the function ended");
        text.extend_from_slice(&part[..read]);
    }
}

/// Pins this process to the functions' processor, or lets it run on all of them again.
pub(crate) fn pin(pinned: bool) {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let set = if pinned {
        PROCESSOR.to_owned()
    } else {
        format!("0-{}", processors - 1)
    };
    let pid = std::process::id().to_string();
    let done = Command::new("taskset")
        .args(["-a", "-c", "-p", &set, &pid])
        .stdout(Stdio::null())
        .status();
    assert!(
        done.is_ok_and(|status| status.success()),
        "taskset: install util-linux"
    );
}
