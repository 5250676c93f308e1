//! A way to the server that can be cut at a chosen moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use task_store::testing::TestDatabase;
use task_store::{Database, DatabaseConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A relay that swallows an answer of the server and cuts the connection then, once it is told to.
pub(crate) struct Relay {
    pub(crate) database: Database,
    swallows: Arc<AtomicBool>,
}

impl Relay {
    /// A database that is reached through a relay of its own.
    pub(crate) async fn to(fresh: &TestDatabase) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (_, address) = fresh.url.split_once('@').unwrap();
        let (target, _) = address.split_once('/').unwrap();
        let url = fresh.url.replace(target, &format!("127.0.0.1:{port}"));
        let swallows = Arc::new(AtomicBool::new(false));
        tokio::spawn(accept(listener, target.to_owned(), Arc::clone(&swallows)));
        let config = DatabaseConfig::parse(&url, 1, std::time::Duration::from_secs(20));
        Self {
            database: Database::new(config.unwrap()),
            swallows,
        }
    }

    /// The server's next answer does not arrive.
    pub(crate) fn swallow_the_next_answer(&self) {
        self.swallows.store(true, Ordering::Relaxed);
    }
}

async fn accept(listener: TcpListener, target: String, swallows: Arc<AtomicBool>) {
    while let Ok((client, _)) = listener.accept().await {
        let server = TcpStream::connect(&target).await.unwrap();
        tokio::spawn(relay(client, server, Arc::clone(&swallows)));
    }
}

async fn relay(mut client: TcpStream, mut server: TcpStream, swallows: Arc<AtomicBool>) {
    let (mut asked, mut answered) = ([0; 16_384], [0; 16_384]);
    loop {
        tokio::select! {
            Ok(count @ 1..) = client.read(&mut asked) => {
                server.write_all(&asked[..count]).await.unwrap();
            }
            Ok(count @ 1..) = server.read(&mut answered) => {
                if swallows.swap(false, Ordering::Relaxed) {
                    return;
                }
                if client.write_all(&answered[..count]).await.is_err() {
                    return;
                }
            }
            else => return,
        }
    }
}
