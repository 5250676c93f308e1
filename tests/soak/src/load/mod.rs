//! The load: batches sent at the times they were meant to be, however long the earlier ones take.

mod kills;
mod orders;
mod plan;
mod reference;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::ledger::{Answer, Ledger};
use crate::watch::Signals;
pub(crate) use kills::{Kills, kill_workers, touched};
pub(crate) use orders::Outcomes;
use orders::{Body, Writer};
pub(crate) use plan::Plan;
pub(crate) use reference::{STATIONS, file as reference_file};

/// Bodies that are written ahead, so that a batch can leave when it is meant to.
const AHEAD: usize = 32;
/// A little longer than the HTTP front waits for a function.
const TIMEOUT: Duration = Duration::from_secs(35);
/// How long the sender sleeps at most before it looks whether it should stop.
const LOOK: Duration = Duration::from_millis(100);

/// Sends the batches of a plan until its end or a stop, and waits for their answers.
pub(crate) async fn send(
    url: String,
    seed: u64,
    plan: Plan,
    ledger: Arc<Ledger>,
    signals: Arc<Signals>,
) {
    let (sender, bodies) = sync_channel(AHEAD);
    thread::spawn(move || {
        let writer = Writer::new(seed);
        for planned in plan {
            if sender.send(writer.body(planned)).is_err() {
                // The load was stopped.
                break;
            }
        }
    });
    let client = Client::builder().no_proxy().timeout(TIMEOUT).build();
    let client = client.expect("a client");
    let runtime = Handle::current();
    let sent = tokio::task::spawn_blocking(move || {
        let calls = Calls {
            client,
            url,
            ledger,
        };
        calls.all(&bodies, &signals.stop, &runtime)
    });
    let answers = sent.await.expect("the sender does not panic");
    answers.join_all().await;
}

/// Makes the calls.
struct Calls {
    client: Client,
    url: String,
    ledger: Arc<Ledger>,
}

impl Calls {
    /// Starts a call for each body when it is meant to be sent.
    ///
    /// A thread of its own sleeps to the tenth of a millisecond, the runtime's timer to a whole one.
    fn all(&self, bodies: &Receiver<Body>, stop: &AtomicBool, runtime: &Handle) -> JoinSet<()> {
        let mut answers = JoinSet::new();
        for body in bodies {
            let moment = self.ledger.moment(body.planned.at);
            if !sleep_until(moment, stop) {
                break;
            }
            let place = self.ledger.send(body.task, body.planned.at, body.expected);
            let request = self.client.post(&self.url).body(body.json);
            let request = request.header("content-type", "application/json");
            let ledger = Arc::clone(&self.ledger);
            let call = async move { ledger.answer(place, answer(request).await) };
            answers.spawn_on(call, runtime);
            while answers.try_join_next().is_some() {}
        }
        answers
    }
}

/// Sleeps until a moment; false when the load was stopped.
fn sleep_until(moment: Instant, stop: &AtomicBool) -> bool {
    loop {
        if stop.load(Ordering::Relaxed) {
            return false;
        }
        let left = moment.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        thread::sleep(left.min(LOOK));
    }
}

/// Makes a call.
async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return Answer::Unknown(error.to_string()),
    };
    let status = response.status();
    let body: Value = response.json().await.unwrap_or_default();
    let word = body["error"].as_str().unwrap_or("no word");
    match body["code"].as_i64() {
        Some(0) => Answer::Accepted,
        Some(1) => Answer::Refused(word.to_owned()),
        _ => Answer::Unknown(format!("HTTP {} {word}", status.as_u16())),
    }
}
