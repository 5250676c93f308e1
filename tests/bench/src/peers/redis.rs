//! The private Redis that Celery and `BullMQ` use.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::installed;
use super::peer::Fsync;

/// A running Redis; ended with this value.
pub(super) struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    /// Starts Redis on a free port; `None` where it is not installed.
    pub(super) fn start() -> Option<Self> {
        installed("redis/.ok")?;
        let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let port = free.expect("a free port").port();
        let script = task_local::project_root().join("tests/bench/peers/redis.sh");
        let child = Command::new(script)
            .arg(port.to_string())
            .stdout(Stdio::null())
            .spawn()
            .expect("Redis starts");
        let redis = Self { child, port };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(redis)
    }

    /// The URL clients connect to.
    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Sets when the append-only file is flushed to disk.
    pub(super) fn set_fsync(&self, fsync: Fsync) {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).expect("Redis answers");
        let command = format!("CONFIG SET appendfsync {}\r\n", fsync.name());
        socket.write_all(command.as_bytes()).expect("a command");
        let mut answer = [0; 5];
        socket.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"+OK\r\n", "Redis takes the setting");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
