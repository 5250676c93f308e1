//! The way from the functions to the database: a TCP proxy that can be slow, swallow everything, or cut connections.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The proxy's treatment of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Open,
    /// Everything comes later.
    Slow(Duration),
    /// Nothing comes any more, and nobody is told.
    BlackHole,
    /// Every connection is reset.
    Cut,
}

/// The proxy.
#[derive(Debug)]
pub(crate) struct Link {
    port: u16,
    mode: watch::Sender<Mode>,
}

impl Link {
    /// Opens a way to the server at `target` (`host:port`).
    pub(crate) async fn open(target: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mode, modes) = watch::channel(Mode::Open);
        tokio::spawn(accept(listener, target.to_owned(), modes));
        Self { port, mode }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Swallows everything for a while; what was connected then is cut.
    pub(crate) async fn black_hole(&self, time: Duration) {
        self.during(Mode::BlackHole, time).await;
    }

    /// Delays everything by `delay` for a while.
    pub(crate) async fn slow(&self, delay: Duration, time: Duration) {
        self.during(Mode::Slow(delay), time).await;
    }

    /// Resets every connection.
    pub(crate) async fn cut(&self) {
        self.during(Mode::Cut, Duration::from_millis(20)).await;
    }

    async fn during(&self, mode: Mode, time: Duration) {
        self.mode.send_replace(mode);
        tokio::time::sleep(time).await;
        self.mode.send_replace(Mode::Open);
    }
}

async fn accept(listener: TcpListener, target: String, modes: watch::Receiver<Mode>) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            continue;
        };
        let (target, mut modes) = (target.clone(), modes.clone());
        tokio::spawn(async move {
            if *modes.borrow_and_update() == Mode::BlackHole {
                let _ = modes.changed().await;
            } else if let Ok(server) = TcpStream::connect(&target).await {
                carry(client, server, modes).await;
            }
        });
    }
}

async fn carry(client: TcpStream, server: TcpStream, mut modes: watch::Receiver<Mode>) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = pump(&from_client, &to_server, modes.clone()) => {}
        () = pump(&from_server, &to_client, modes.clone()) => {}
        _ = modes.wait_for(|mode| *mode == Mode::Cut) => {
            // A reset, not an orderly end.
            let _ = from_client.as_ref().set_zero_linger();
            let _ = from_server.as_ref().set_zero_linger();
        }
    }
}

/// Carries bytes one way until either end closes or a black hole is over.
async fn pump(from: &OwnedReadHalf, to: &OwnedWriteHalf, mut modes: watch::Receiver<Mode>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        if from.readable().await.is_err() {
            return;
        }
        let mode = *modes.borrow_and_update();
        match mode {
            Mode::BlackHole => {
                let _ = modes.changed().await;
                return;
            }
            Mode::Slow(delay) => tokio::time::sleep(delay).await,
            Mode::Open | Mode::Cut => {}
        }
        let count = match from.try_read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            Err(_) => return,
        };
        if count == 0 || write_all(to, &buffer[..count]).await.is_none() {
            return;
        }
    }
}

async fn write_all(to: &OwnedWriteHalf, mut bytes: &[u8]) -> Option<()> {
    while !bytes.is_empty() {
        to.writable().await.ok()?;
        match to.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
    }
    Some(())
}
