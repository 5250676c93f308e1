//! A target that answers each request with the next text, the last one for ever, and remembers what it was sent.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What a target does with a request.
pub(super) enum Answer {
    Says(String),
    /// It closes the connection instead.
    Reset,
}

/// An answer with a status, further headers and a body.
pub(super) fn answer(status: u16, headers: &str, body: &str) -> Answer {
    Answer::Says(text(status, headers, body))
}

/// The same as it is sent.
pub(super) fn text(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} -\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
    )
}

/// A running target; it ends with its test.
pub(super) struct Target {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Target {
    pub(super) async fn answering(answers: impl Into<Vec<Answer>>) -> Self {
        let answers = answers.into();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/run", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let requests = Arc::clone(&seen);
        tokio::spawn(async move {
            for no in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read(&mut stream).await;
                requests.lock().unwrap().push(request);
                if let Answer::Says(text) = answers.get(no).or(answers.last()).unwrap() {
                    stream.write_all(text.as_bytes()).await.unwrap();
                }
            }
        });
        Self { url, seen }
    }

    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

pub(super) async fn read(stream: &mut TcpStream) -> String {
    let mut request = String::new();
    while !request.ends_with("}}") {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).await.unwrap();
        assert!(length > 0, "half a request: {request}");
        request.push_str(std::str::from_utf8(&part[..length]).unwrap());
    }
    request
}
