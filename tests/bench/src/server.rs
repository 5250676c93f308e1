//! What the database server spends: processor time, statements, redo.

use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Row as _};

use crate::threads::block_on;

/// Clock ticks a second, which Linux fixes for `/proc`.
const TICKS: f64 = 100.0;

/// Counters of a server; those of two moments are subtracted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    /// Processor time of the server, in seconds; 0 where it does not run on this machine.
    pub(crate) processor: f64,
    /// Processor time of this process and the children it has waited for, in seconds.
    pub(crate) own_processor: f64,
    /// Statements that clients sent.
    pub(crate) statements: f64,
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
            let mut status = [0.0; 2];
            for (value, name) in status
                .iter_mut()
                .zip(["Questions", "Innodb_os_log_written"])
            {
                let sql = format!("SHOW GLOBAL STATUS LIKE '{name}'");
                let row = sqlx::query(&sql)
                    .fetch_one(&mut connection)
                    .await
                    .expect("a counter");
                *value = row.get::<String, _>(1).parse().expect("a number");
            }
            Self {
                processor: pid.map_or(0.0, |pid| processor(pid.trim())),
                own_processor: processor("self"),
                statements: status[0],
                redo: status[1],
            }
        })
    }

    /// What was spent since `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            processor: self.processor - before.processor,
            own_processor: self.own_processor - before.own_processor,
            statements: self.statements - before.statements,
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
