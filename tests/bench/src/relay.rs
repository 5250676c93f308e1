//! A relay to the database that counts round trips: one for each statement that a client sends.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// The first bytes of the commands that are counted: a text of statements, and a prepared statement. What happens once
/// in the life of a connection, which is held, is not: setting its session up, and preparing statements.
const STATEMENTS: [u8; 2] = [0x03, 0x17];

/// A relay on a port of its own, until the process ends.
pub(crate) struct Relay {
    /// The database's URL by way of the relay.
    pub(crate) url: String,
    trips: Arc<AtomicU64>,
}

impl Relay {
    /// A relay to the server of a URL.
    pub(crate) fn to(url: &str) -> Self {
        let after_login = url.split_once('@').expect("a login").1;
        let server = after_login.split('/').next().expect("a host").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let own = listener.local_addr().expect("an address").to_string();
        let trips = Arc::new(AtomicU64::new(0));
        let relay = Self {
            url: url.replacen(&server, &own, 1),
            trips: Arc::clone(&trips),
        };
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(&server).expect("the server");
                for stream in [&client, &server] {
                    stream.set_nodelay(true).expect("a socket");
                }
                let (mut answers, mut asker) = (clone(&server), clone(&client));
                thread::spawn(move || io::copy(&mut answers, &mut asker));
                let trips = Arc::clone(&trips);
                thread::spawn(move || {
                    let _ = pass_on(client, &server, &trips);
                    let _ = server.shutdown(Shutdown::Both);
                });
            }
        });
        relay
    }

    /// Statements that were sent so far.
    pub(crate) fn trips(&self) -> u64 {
        self.trips.load(Ordering::Relaxed)
    }
}

fn clone(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("a socket")
}

/// Passes packets on, until one side has gone. A packet is its length in three bytes, its number within its exchange
/// (0: it begins one), and its body, whose first byte then says what is asked.
fn pass_on(mut client: TcpStream, mut server: &TcpStream, trips: &AtomicU64) -> io::Result<()> {
    let mut is_set_up = false;
    loop {
        let mut packet = vec![0; 4];
        client.read_exact(&mut packet)?;
        let length = u32::from_le_bytes([packet[0], packet[1], packet[2], 0]);
        let begins = packet[3] == 0;
        packet.resize(4 + length as usize, 0);
        client.read_exact(&mut packet[4..])?;
        if begins && packet.get(4).is_some_and(|byte| STATEMENTS.contains(byte)) {
            trips.fetch_add(u64::from(is_set_up), Ordering::Relaxed);
            is_set_up = true;
        }
        server.write_all(&packet)?;
    }
}
