//! The costs of the database server: processor time and redo.

use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Row as _};

use crate::threads::block_on;

/// Clock ticks a second, which Linux fixes for `/proc`.
const TICKS: f64 = 100.0;

/// Counters of a server; the counters of two moments are subtracted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    /// Processor time of the server, in seconds; 0 where it does not run on this machine.
    pub(crate) processor: f64,
    /// Processor time of this process and the children it has waited for, in seconds.
    pub(crate) own_processor: f64,
    /// Bytes of redo log written.
    pub(crate) redo: f64,
}

impl Spent {
    /// The counters now.
    pub(crate) fn now(server: &str) -> Self {
        block_on(async {
            let mut connection = MySqlConnection::connect(server).await.expect("a server");
            let pid_file: Option<String> = sqlx::query("SELECT @@pid_file")
                .fetch_one(&mut connection)
                .await
                .ok()
                .and_then(|row| row.try_get(0).ok());
            let pid = pid_file.and_then(|file| std::fs::read_to_string(file).ok());
            let redo: (String, String) =
                sqlx::query_as("SHOW GLOBAL STATUS LIKE 'Innodb_os_log_written'")
                    .fetch_one(&mut connection)
                    .await
                    .expect("a counter");
            Self {
                processor: pid.map_or(0.0, |pid| processor(pid.trim())),
                own_processor: processor("self"),
                redo: redo.1.parse().expect("a number"),
            }
        })
    }

    /// The costs since `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            processor: self.processor - before.processor,
            own_processor: self.own_processor - before.own_processor,
            redo: self.redo - before.redo,
        }
    }
}

/// User and system time of a process.
pub(crate) fn processor(pid: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / TICKS
}
