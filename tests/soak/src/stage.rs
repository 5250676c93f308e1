//! The stage of a run: a private database server with durable settings, and a stack of the functions that a batch needs.

use std::time::Duration;

use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Executor as _};
use task_local::database::{PrivateMysql, Profile, load_reference};
use task_local::{Pool, Stack, StackConfig, built_programs};

use crate::load;
use crate::options::Options;
use crate::purge;

const DATABASE: &str = "soak";
pub(crate) const SUBMIT: &str = "order-batch-submit";
pub(crate) const WORKER: &str = "order-batch-worker";
pub(crate) const SWEEPER: &str = "batch-sweeper";
pub(crate) const HOUSEKEEPER: &str = "housekeeper";
const FUNCTIONS: [&str; 7] = [
    SUBMIT,
    WORKER,
    SWEEPER,
    HOUSEKEEPER,
    "batch-dead-letter",
    "sku-price-worker",
    "task-get",
];
/// Processes that answer submits, each one at a time. On AWS there are as many as there are requests at once.
const SUBMITTERS: usize = 4;

/// A running stack on a server of its own.
pub(crate) struct Stage {
    pub(crate) stack: Stack,
    mysql: PrivateMysql,
    url: String,
}

impl Stage {
    pub(crate) async fn set(options: &Options) -> Self {
        let mysql = PrivateMysql::start(Profile::Soak).await;
        let mysql = mysql.expect("the database server starts");
        let url = mysql.url().replace("/app?", &format!("/{DATABASE}?"));
        make_database(mysql.url()).await;
        let config = config(options, &url);
        let stack = Stack::start(config).await.expect("the stack starts");
        let loaded = load_reference(&url, load::reference_file()).await;
        loaded.expect("the stations are loaded");
        if let Some(tasks) = options.purged() {
            println!("adding {tasks} old tasks");
            purge::fill(&url, tasks).await;
        }
        Self { stack, mysql, url }
    }

    /// Opens a connection to the database.
    pub(crate) async fn connect(&self) -> MySqlConnection {
        let connection = MySqlConnection::connect(&self.url).await;
        connection.expect("the database answers")
    }

    /// Returns the processes of a function.
    pub(crate) fn function(&self, name: &str) -> &Pool {
        self.stack
            .function(name)
            .expect("it is a part of the stack")
    }

    /// Ends everything; the data is deleted unless it should be `kept`.
    pub(crate) async fn strike(self, kept: bool) {
        self.stack.stop().await;
        let ended = if kept {
            self.mysql.stop().await
        } else {
            self.mysql.purge().await
        };
        ended.expect("the database server ends");
    }
}

/// Time-outs, leases and pauses are those of the template.
fn config(options: &Options, url: &str) -> StackConfig {
    let mut config = StackConfig::new(built_programs(), url).expect("a project");
    config
        .project
        .functions
        .retain(|name| FUNCTIONS.contains(&name.as_str()));
    if options.purged().is_some() {
        // It is invoked beside the second half, not before.
        let never = Duration::from_hours(24 * 365).as_secs();
        config
            .project
            .schedules
            .insert(HOUSEKEEPER.to_owned(), never);
    }
    StackConfig {
        name: format!("soak-{}", std::process::id()),
        workers: options.workers,
        http_processes: SUBMITTERS,
        visibility_timeout: Duration::from_mins(6),
        function_timeout: Duration::from_mins(1),
        max_receive_count: 6,
        ..config
            .with("LEASE_SECONDS", "90")
            .with("RESEND_SECONDS", "60")
            .with("RETENTION_DAYS", purge::DAYS.to_string())
    }
}

/// Makes an empty database.
async fn make_database(server: &str) {
    let server = MySqlConnection::connect(server).await;
    let mut server = server.expect("the server answers");
    for sql in [
        "DROP DATABASE IF EXISTS soak",
        "CREATE DATABASE soak CHARACTER SET utf8mb4",
    ] {
        server.execute(sql).await.expect("we own the server");
    }
}
