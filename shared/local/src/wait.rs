//! Waiting by asking, never by sleeping a guessed time; and free ports.

use std::iter;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::time::{Duration, Instant};

use crate::error::{LocalError, Result};
use crate::pool::Pool;

/// How long a part may take to come up, on a machine that is busy with much else. One that ends is not waited for.
pub(crate) const START_TIMEOUT: Duration = Duration::from_mins(2);
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until `url` answers anything at all over HTTP; an error with the part's own last words when its process
/// ends instead.
pub(crate) async fn until_answered(url: &str, pool: &Pool) -> Result<()> {
    let client = client(Duration::from_secs(2))?;
    let exits = pool.exits();
    let deadline = Instant::now() + START_TIMEOUT;
    while Instant::now() < deadline && pool.exits() == exits {
        if pool.live() > 0 && client.post(url).send().await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    let recipe = pool.recipe();
    let reason = format!("did not start; its last words:\n{}", recipe.log_tail());
    Err(LocalError::part(&recipe.name, reason))
}

/// Where we choose ports: below those that the system gives away by itself, and beside those of `mysql.sh`.
const OURS: Range<u16> = 10_000..20_000;

/// Returns a port of the loopback interface that nobody listens on.
///
/// A port of the system's own choice could be another program's by the time that the one it is for opens it.
pub(crate) fn free_port() -> Result<u16> {
    let mut tries = iter::repeat_with(|| fastrand::u16(OURS)).take(OURS.len());
    let free = tries.find(|port| check_port(*port).is_ok());
    free.ok_or_else(|| LocalError::part("free port", "every one is taken"))
}

/// Fails when another program listens on `port`.
pub(crate) fn check_port(port: u16) -> Result<()> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map(drop)
        .map_err(|_| LocalError::PortTaken(port))
}

/// Returns an HTTP client whose calls take `timeout` at most.
pub(crate) fn client(timeout: Duration) -> Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .timeout(timeout)
        .no_proxy()
        .build();
    client.map_err(|error| LocalError::part("HTTP client", error))
}
