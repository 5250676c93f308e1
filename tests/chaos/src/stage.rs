//! The stage of a run: a private database server, the way to it, and a stack of the functions, with failpoints.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Executor as _};
use task_local::database::{PrivateMysql, Profile};
use task_local::{Stack, StackConfig, TaskQueue, built_programs, project_root};
use task_service::targets::SigningKey;

use crate::faults::{Armory, Link};
use crate::ledger::Ledger;
use crate::load::TOLD;
use crate::options::{Options, Part};
use crate::reference::{self, Version};
use crate::report::Tally;

/// The queue of the order workers.
pub(crate) const QUEUE: &str = "order-import";
pub(crate) const WORKER: &str = "order-batch-worker";
pub(crate) const WORKERS: usize = 3;
/// How long a worker owns a chunk.
pub(crate) const LEASE: Duration = Duration::from_secs(3);

/// The functions that a run needs.
const FUNCTIONS: [&str; 25] = [
    "async-task-close",
    "async-task-get",
    "batch-dead-letter",
    "batch-sweeper",
    "housekeeper",
    "order-batch-amend",
    "order-batch-result",
    "order-batch-submit",
    WORKER,
    "sku-batch-price",
    "sku-price-worker",
    "task-add",
    "task-callback-resend",
    "task-callback-set",
    "task-claim",
    "task-fail",
    "task-finish",
    "task-get",
    "task-heartbeat",
    "task-list",
    "task-push",
    "task-queue-set",
    "task-schedule-set",
    "task-start",
    "task-update",
];
const STATIONS: usize = 6;

/// Everything a run breaks and loads.
pub(crate) struct Stage {
    pub(crate) stack: Stack,
    pub(crate) mysql: PrivateMysql,
    pub(crate) link: Link,
    pub(crate) armory: Armory,
    pub(crate) ledger: Ledger,
    pub(crate) tally: Tally,
    pub(crate) stations: Vec<String>,
    pub(crate) part: Part,
    /// The workers stand still.
    pub(crate) stillness: AtomicBool,
    /// The database as its owner reaches it: not over the link, and with every right.
    owner_url: String,
}

impl Stage {
    pub(crate) async fn set(options: &Options) -> Self {
        let folder = folder(options);
        let _ = fs::remove_dir_all(&folder);
        let mysql = PrivateMysql::start(Profile::Chaos).await.unwrap();

        let owner_url = mysql.url().replace("/app?", "/chaos?");
        make_database(mysql.url()).await;
        let (host, options_of_url) = address(&owner_url);
        let link = Link::open(&host).await;
        let url = format!(
            "mysql://function:function@127.0.0.1:{}/chaos?{options_of_url}",
            link.port()
        );
        let armory = Armory::new(folder.join("failpoints"));
        let stack = Stack::start(config(options, &url, &armory)).await.unwrap();
        let stage = Self {
            stack,
            mysql,
            link,
            armory,
            ledger: Ledger::create(&folder.join("ledger.jsonl")),
            tally: Tally::new(),
            stillness: AtomicBool::new(false),
            part: options.part,
            stations: (0..STATIONS).map(|n| format!("T{n}")).collect(),
            owner_url,
        };
        stage.load_stations().await;
        stage
    }

    /// A connection of the owner's.
    pub(crate) async fn owner(&self) -> sqlx::Result<MySqlConnection> {
        let mut owner = MySqlConnection::connect(&self.owner_url).await?;
        owner
            .execute("SET SESSION innodb_lock_wait_timeout = 3")
            .await?;
        Ok(owner)
    }

    /// The key that requests to targets are signed with.
    pub(crate) fn target_key() -> SigningKey {
        let file = project_root().join(".local/target-secrets.json");
        let secrets: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        SigningKey::parse(secrets["demo"].as_str().unwrap()).unwrap()
    }

    /// Ends everything in order.
    pub(crate) async fn strike(self) {
        self.stack.stop().await;
        self.mysql.stop().await.unwrap();
    }

    /// Loads another version of the changing part of a station's reference data.
    pub(crate) async fn load(&self, station: &str, version: &Version) -> task_local::Result<()> {
        self.load_file(&[reference::changing(station, version)])
            .await
    }

    async fn load_stations(&self) {
        let stations = self.stations.iter().map(|id| reference::station(id));
        self.load_file(&stations.collect::<Vec<_>>()).await.unwrap();
    }

    async fn load_file(&self, stations: &[Value]) -> task_local::Result<()> {
        let file = json!({ "stations": stations }).to_string();
        task_local::database::load_reference(&self.owner_url, file)
            .await
            .map(drop)
    }
}

/// Where a run keeps its files: below the stack's own logs.
pub(crate) fn folder(options: &Options) -> PathBuf {
    project_root().join(format!(".local/log/{}", name(options)))
}

fn name(options: &Options) -> String {
    format!("chaos-{}-{}", options.flavor, options.seed)
}

/// Receive counts, leases and time-outs are short, so that much happens in little time.
fn config(options: &Options, url: &str, armory: &Armory) -> StackConfig {
    let mut config = StackConfig::new(built_programs(), url).unwrap();
    config
        .project
        .functions
        .retain(|name| FUNCTIONS.contains(&name.as_str()));
    StackConfig {
        name: name(options),
        workers: WORKERS,
        http_processes: 2,
        // So few that the chunks of a batch are worked side by side.
        batch_size: 2,
        visibility_timeout: Duration::from_secs(5),
        function_timeout: Duration::from_secs(10),
        // Only the dead letters that the suite sends are any.
        max_receive_count: 1000,
        schedule: Some(Duration::from_secs(1)),
        task_queues: TOLD.map(TaskQueue::named).to_vec(),
        ..config
            .with("CHUNK_SIZE", "50")
            .with("LEASE_SECONDS", LEASE.as_secs().to_string())
            // Fewer than there are workers, so that chunks wait for their station.
            .with("STATION_CHUNKS", "2")
            // Not so short that a busy machine is kept busy by messages that come again.
            .with("RESEND_SECONDS", "4")
            // More than the server's own bound on waiting for a lock, so that both are met.
            .with("DATABASE_TIMEOUT_MS", "7000")
            .with("FAILPOINTS", armory.folder().to_str().unwrap())
    }
}

/// An empty database. Its user `function` comes with the server: he has no rights on anything else.
async fn make_database(server: &str) {
    let mut server = MySqlConnection::connect(server).await.unwrap();
    for sql in [
        "DROP DATABASE IF EXISTS chaos",
        "CREATE DATABASE chaos CHARACTER SET utf8mb4",
        "CREATE TABLE chaos.weight (n INT)",
    ] {
        server.execute(sql).await.unwrap();
    }
}

/// Host and port, and the options, of a database URL.
fn address(url: &str) -> (String, String) {
    let (_, rest) = url.rsplit_once('@').unwrap();
    let (host, rest) = rest.split_once('/').unwrap();
    let (_, options) = rest.split_once('?').unwrap();
    (host.to_owned(), options.to_owned())
}
