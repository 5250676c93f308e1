//! The stack's database: the one `DATABASE_URL` names, or a private MySQL server that `mysql.sh` runs.

use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Pid;
use task_service::reference::{self, Loaded};
use task_store::{Database, DatabaseConfig};
use tokio::process::Command;
use tokio::runtime::Handle;

use crate::config::project_root;
use crate::error::{LocalError, Result};
use crate::guard::{Fate, Guard};

const PART: &str = "database";

/// The private server, ended with us when it was us who started it.
#[derive(Debug)]
pub struct PrivateMysql {
    script: PathBuf,
    url: String,
    is_ours: bool,
    // Its daemon is no child of ours, so nothing else would end it when we are killed.
    guard: Option<(Guard, Pid)>,
}

impl PrivateMysql {
    /// Starts the server with durable settings, installing it first where that was never done; one that runs is
    /// used as it is.
    pub async fn start() -> Result<Self> {
        let script = project_root().join("shared/local/mysql.sh");
        let is_ours = run(&script, "status").await.is_err();
        if is_ours {
            run(&script, "start").await?;
        }
        let url = run(&script, "url").await?;
        let status = run(&script, "status").await?;
        let pid = status
            .split_whitespace()
            .nth(2)
            .and_then(|text| text.parse().ok())
            .and_then(Pid::from_raw);
        let mut guard = None;
        if let (true, Some(pid)) = (is_ours, pid) {
            let watching = Guard::start()?;
            watching.watch(pid, Fate::Terminate);
            guard = Some((watching, pid));
        }
        Ok(Self {
            script,
            url,
            is_ours,
            guard,
        })
    }

    /// Its `DATABASE_URL`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops it, unless it ran before we came.
    pub async fn stop(self) -> Result<()> {
        if !self.is_ours {
            return Ok(());
        }
        let end = run(&self.script, "stop").await.map(drop);
        if let Some((guard, pid)) = &self.guard {
            guard.forget(*pid, Fate::Terminate);
        }
        end
    }
}

async fn run(script: &PathBuf, command: &str) -> Result<String> {
    let output = Command::new(script)
        .arg(command)
        .env("MYSQL_PROFILE", "durable")
        .process_group(0)
        .stdin(std::process::Stdio::null())
        .output()
        .await
        .map_err(|error| LocalError::part(PART, error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    Err(LocalError::part(
        PART,
        String::from_utf8_lossy(&output.stderr).trim(),
    ))
}

/// Opens the database a URL names; it is reached at the first use.
pub fn open(url: &str) -> Result<Database> {
    let config = DatabaseConfig::parse(url, 1, Duration::from_mins(1));
    let config = config.map_err(|reason| LocalError::part("DATABASE_URL", reason))?;
    Ok(Database::new(config))
}

/// Brings the database a URL names to the newest schema.
pub async fn migrate(url: &str) -> Result<()> {
    let database = open(url)?;
    let migrated = on_one_thread(|| async move { task_store::migrate(&database).await }).await?;
    migrated.map_err(|error| LocalError::part("the database cannot be used", error))
}

/// Loads a reference file's text (stations, cycles, addresses, skus): all of it or nothing.
pub async fn load_reference(url: &str, json: String) -> Result<Loaded> {
    let database = open(url)?;
    let loaded = on_one_thread(|| async move { reference::load(&database, &json).await }).await?;
    loaded.map_err(|error| LocalError::part("reference data", error))
}

/// Runs work whose future may not move between threads.
async fn on_one_thread<F, T>(work: impl FnOnce() -> F + Send + 'static) -> Result<T>
where
    F: Future<Output = T>,
    T: Send + 'static,
{
    let runtime = Handle::current();
    let work = tokio::task::spawn_blocking(move || runtime.block_on(work()));
    work.await.map_err(|error| LocalError::part(PART, error))
}
