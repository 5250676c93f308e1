//! An API of a test's own, which answers each call as the test says.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// How a call is answered.
pub(super) enum Reply {
    Data(Value),
    /// With this word as its error.
    Refused(&'static str),
    /// Of a claim: there is nothing to do.
    Nothing,
    NoJson,
    /// The connection ends in the middle of the answer.
    Cut,
}

/// The path and the body of each call that came.
type Calls = Arc<Mutex<Vec<(String, Value)>>>;

/// A running API; it answers until the test's process ends.
pub(super) struct Scripted {
    pub(super) url: String,
    calls: Calls,
}

impl Scripted {
    /// Answers each call with what `script` says of its path, its body and how many calls of this path came before.
    pub(super) fn start(
        script: impl Fn(&str, &Value, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Calls::default();
        let (script, seen) = (Arc::new(script), Arc::clone(&calls));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
                thread::spawn(move || serve(stream.unwrap(), &*script, &seen));
            }
        });
        Self { url, calls }
    }

    /// Returns the bodies of the calls of a path that have come until now.
    pub(super) fn calls(&self, path: &str) -> Vec<Value> {
        let calls = self.calls.lock().unwrap();
        let of_path = calls.iter().filter(|(called, _)| called == path);
        of_path.map(|(_, body)| body.clone()).collect()
    }
}

/// Answers one call, and closes the connection. A worker that is killed hangs up in the middle.
fn serve(stream: TcpStream, script: &impl Fn(&str, &Value, usize) -> Reply, calls: &Calls) {
    let mut reader = BufReader::new(stream);
    let Some((path, body)) = request(&mut reader) else {
        return;
    };
    let before = {
        let mut calls = calls.lock().unwrap();
        calls.push((path.clone(), body.clone()));
        calls.iter().filter(|(called, _)| *called == path).count() - 1
    };
    let (text, missing) = match script(&path, &body, before) {
        Reply::Data(data) => (json!({"code": 0, "msg": "ok", "data": data}).to_string(), 0),
        Reply::Refused(word) => (
            json!({"code": 1, "msg": word, "error": word}).to_string(),
            0,
        ),
        Reply::Nothing => {
            thread::sleep(Duration::from_millis(200));
            (json!({"code": 0, "msg": "ok", "data": []}).to_string(), 0)
        }
        Reply::NoJson => ("<html>welcome</html>".to_owned(), 0),
        Reply::Cut => (r#"{"code": 0, "da"#.to_owned(), 100),
    };
    let length = text.len() + missing;
    let answer =
        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}");
    let _ = reader.get_mut().write_all(answer.as_bytes());
}

/// Reads the path and the body of a request.
fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, Value)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok()?;
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, serde_json::from_slice(&body).ok()?))
}
