//! The stack's database: the one `DATABASE_URL` names, or a private MySQL server that `mysql.sh` runs.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use task_service::reference::{self, Loaded};
use task_store::{Database, DatabaseConfig};
use tokio::process::Command;
use tokio::runtime::Handle;

use crate::config::project_root;
use crate::error::{LocalError, Result};
use crate::guard::{Fate, Guard};

const PART: &str = "database";

/// How long a killed server may take to be started again.
const RESTART_TIMEOUT: Duration = Duration::from_secs(30);

/// What a private server is for: each profile has its own data and port (see `mysql.sh`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// What `make run` keeps.
    Durable,
    /// What the chaos suite kills.
    Chaos,
}

/// The private server, ended with us when it was us who started it.
#[derive(Debug)]
pub struct PrivateMysql {
    script: Script,
    url: String,
    is_ours: bool,
    // Its daemon is no child of ours, so nothing else would end it when we are killed.
    watched: Mutex<Option<(Guard, Pid)>>,
}

impl PrivateMysql {
    /// Starts the server with durable settings, installing it first where that was never done; one that runs is
    /// used as it is.
    pub async fn start(profile: Profile) -> Result<Self> {
        let script = Script::new(profile);
        let is_ours = script.run("status").await.is_err();
        if is_ours {
            script.run("start").await?;
        }
        let server = Self {
            url: script.run("url").await?,
            script,
            is_ours,
            watched: Mutex::default(),
        };
        if is_ours {
            server.watch().await?;
        }
        Ok(server)
    }

    /// Its `DATABASE_URL`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it was started by us.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.is_ours
    }

    /// Kills our server (SIGKILL) in the middle of whatever it does.
    pub fn kill(&self) -> Result<()> {
        let Some((guard, pid)) = self.watched().take() else {
            return Err(LocalError::part(PART, "is not ours to kill"));
        };
        guard.forget(pid, Fate::Terminate);
        kill_process(pid, Signal::KILL).map_err(|error| LocalError::part(PART, error))
    }

    /// Starts our server again after [`PrivateMysql::kill`], on its data and its port.
    pub async fn restart(&self) -> Result<()> {
        let port = self.url.rsplit_once(':').map_or("", |(_, rest)| rest);
        let port: String = port.chars().take_while(char::is_ascii_digit).collect();
        let deadline = Instant::now() + RESTART_TIMEOUT;
        // The port and the process stay for a moment after a kill.
        while let Err(error) = self.script.with("start", Some(&port)).await {
            if Instant::now() > deadline {
                return Err(error);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.watch().await
    }

    /// Stops it, unless it ran before we came.
    pub async fn stop(self) -> Result<()> {
        if !self.is_ours {
            return Ok(());
        }
        let end = self.script.run("stop").await.map(drop);
        if let Some((guard, pid)) = self.watched().take() {
            guard.forget(pid, Fate::Terminate);
        }
        end
    }

    /// Ends the server that runs now when we die.
    async fn watch(&self) -> Result<()> {
        let status = self.script.run("status").await?;
        let pid = status.split_whitespace().nth(2);
        if let Some(pid) = pid
            .and_then(|text| text.parse().ok())
            .and_then(Pid::from_raw)
        {
            let guard = Guard::start()?;
            guard.watch(pid, Fate::Terminate);
            *self.watched() = Some((guard, pid));
        }
        Ok(())
    }

    fn watched(&self) -> MutexGuard<'_, Option<(Guard, Pid)>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `mysql.sh` for one profile.
#[derive(Debug)]
struct Script {
    path: PathBuf,
    profile: &'static str,
}

impl Script {
    fn new(profile: Profile) -> Self {
        Self {
            path: project_root().join("shared/local/mysql.sh"),
            profile: match profile {
                Profile::Durable => "durable",
                Profile::Chaos => "chaos",
            },
        }
    }

    async fn run(&self, command: &str) -> Result<String> {
        self.with(command, None).await
    }

    async fn with(&self, command: &str, port: Option<&str>) -> Result<String> {
        let output = Command::new(&self.path)
            .arg(command)
            .env("MYSQL_PROFILE", self.profile)
            .envs(port.map(|port| ("MYSQL_PORT", port)))
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
