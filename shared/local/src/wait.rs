//! Waiting by asking, never by sleeping a guessed time; and free ports.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use crate::error::{LocalError, Result};
use crate::pool::Pool;

/// How long a part may take to come up.
pub(crate) const START_TIMEOUT: Duration = Duration::from_secs(30);
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

/// Returns a port of the loopback interface that nobody listens on.
pub(crate) fn free_port() -> Result<u16> {
    let address =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    address
        .map(|address| address.port())
        .map_err(|error| LocalError::part("free port", error))
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
