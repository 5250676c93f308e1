//! The stack's database: the one `DATABASE_URL` names, or a private MySQL server that `mysql.sh` runs.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use task_service::reference::{self, Loaded};
use task_service::tasks::queues::SqsNames;
use task_store::{Database, DatabaseConfig};
use tokio::process::Command;
use tokio::runtime::Handle;

use crate::config::project_root;
use crate::error::{LocalError, Result};
use crate::instance::DEFAULT_NAME;

const PART: &str = "database";

/// How long a killed server may take to be started again.
const RESTART_TIMEOUT: Duration = Duration::from_mins(2);

/// The use of a private server: each use has its own data and port (see `mysql.sh`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Profile {
    /// The data of the stack with this name: the stack of `make run`, or a suite's.
    Stack(String),
    /// The server that the chaos suite kills; two runs at once have a server each.
    Chaos,
    /// The durable server of a soak, which it has alone.
    Soak,
}

/// The private server, which runs for as long as anybody uses it.
#[derive(Debug)]
pub struct PrivateMysql {
    script: Script,
    url: String,
    // Dropped first: we do not count as a user any more when the server is left.
    user: Option<File>,
    leaver: Leaver,
}

impl PrivateMysql {
    /// Starts the server, installing it first where that was never done; one that others use is shared with them.
    pub async fn start(profile: Profile) -> Result<Self> {
        let (script, user) = match profile {
            Profile::Stack(name) => {
                let script = Script::new(profile_of(&name));
                let user = script.use_with_others().await?;
                (script, user)
            }
            Profile::Chaos => {
                let (script, user) = alone("chaos")?;
                // A run that was killed may have left it.
                script.run("stop").await?;
                (script, user)
            }
            Profile::Soak => alone("durable-soak")?,
        };
        let leaver = Leaver::start(&script)?;
        script.run("start").await?;
        Ok(Self {
            url: script.run("url").await?,
            script,
            user: Some(user),
            leaver,
        })
    }

    /// Returns its `DATABASE_URL`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Kills the server (SIGKILL) in the middle of whatever it does; for the one who uses it alone.
    pub async fn kill(&self) -> Result<()> {
        let status = self.script.run("status").await?;
        let pid = status.split_whitespace().nth(2);
        let pid = pid.and_then(|text| text.parse().ok());
        let pid = pid
            .and_then(Pid::from_raw)
            .ok_or_else(|| LocalError::part(PART, format!("unknown process: {status}")))?;
        kill_process(pid, Signal::KILL).map_err(|error| LocalError::part(PART, error))
    }

    /// Starts the server again after [`PrivateMysql::kill`], on its data and its port.
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
        Ok(())
    }

    /// Leaves the server. Its last user stops it.
    pub async fn stop(self) -> Result<()> {
        self.left().await.map(drop)
    }

    /// Leaves the server and deletes its data; for the one who used it alone.
    pub async fn purge(self) -> Result<()> {
        self.left().await?.run("purge").await.map(drop)
    }

    async fn left(mut self) -> Result<Script> {
        drop(self.user.take());
        let mut leaver = self.leaver;
        let left = tokio::task::spawn_blocking(move || leaver.leave());
        left.await.map_err(|error| LocalError::part(PART, error))?;
        Ok(self.script)
    }
}

/// Returns `mysql.sh`'s profile for a stack: the data of `make run` survives the machine, a suite's need not.
fn profile_of(stack: &str) -> String {
    if stack == DEFAULT_NAME {
        "durable".to_owned()
    } else {
        format!("dev-{stack}")
    }
}

/// Returns the first server of a suite that no other run uses.
fn alone(suite: &str) -> Result<(Script, File)> {
    for number in 1.. {
        let script = Script::new(format!("{suite}-{number}"));
        let user = script.users()?;
        if user.try_lock().is_ok() {
            return Ok((script, user));
        }
    }
    Err(LocalError::part(PART, "every number is taken"))
}

/// A shell that leaves the server for us when we do, or when we die: the server's daemon is no child of ours.
#[derive(Debug)]
struct Leaver(Child);

impl Leaver {
    fn start(script: &Script) -> Result<Self> {
        // It is woken by the end of its input.
        let wait = "trap '' INT TERM HUP; read -r _; exec \"$0\" leave";
        let shell = std::process::Command::new("/bin/sh")
            .args(["-c", wait])
            .arg(&script.path)
            .env("MYSQL_PROFILE", &script.profile)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        shell
            .map(Self)
            .map_err(|error| LocalError::part("/bin/sh", error))
    }

    fn leave(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

impl Drop for Leaver {
    fn drop(&mut self) {
        self.leave();
    }
}

/// `mysql.sh` for one profile.
#[derive(Debug)]
struct Script {
    path: PathBuf,
    profile: String,
}

impl Script {
    fn new(profile: String) -> Self {
        Self {
            path: project_root().join("shared/local/mysql.sh"),
            profile,
        }
    }

    /// Returns the file that everybody who uses the server holds a shared lock on. The lock ends with its holder.
    fn users(&self) -> Result<File> {
        let flavor = std::env::var("MYSQL_FLAVOR").ok();
        let flavor = flavor.filter(|flavor| !flavor.is_empty());
        let folder = project_root()
            .join(".local")
            .join(flavor.as_deref().unwrap_or("mysql"))
            .join(&self.profile);
        let open = || {
            std::fs::create_dir_all(&folder)?;
            File::options()
                .create(true)
                .append(true)
                .open(folder.join("users"))
        };
        open().map_err(|error| LocalError::part(PART, format!("{}: {error}", folder.display())))
    }

    async fn use_with_others(&self) -> Result<File> {
        let user = self.users()?;
        // Somebody who is just leaving keeps us waiting until the server has stopped.
        let locked = tokio::task::spawn_blocking(move || user.lock_shared().map(|()| user));
        let locked = locked
            .await
            .map_err(|error| LocalError::part(PART, error))?;
        locked.map_err(|error| LocalError::part(PART, error))
    }

    async fn run(&self, command: &str) -> Result<String> {
        self.with(command, None).await
    }

    async fn with(&self, command: &str, port: Option<&str>) -> Result<String> {
        let output = Command::new(&self.path)
            .arg(command)
            .env("MYSQL_PROFILE", &self.profile)
            .envs(port.map(|port| ("MYSQL_PORT", port)))
            .process_group(0)
            .stdin(Stdio::null())
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
    open_bounded(url, Duration::from_mins(1))
}

fn open_bounded(url: &str, bound: Duration) -> Result<Database> {
    let config = DatabaseConfig::parse(url, 1, bound);
    let config = config.map_err(|reason| LocalError::part("DATABASE_URL", reason))?;
    Ok(Database::new(config))
}

/// Brings the database a URL names to the newest schema.
pub async fn migrate(url: &str) -> Result<()> {
    migrate_within(url, Duration::from_mins(1)).await
}

/// Brings the database a URL names to the newest schema, in a time of the caller's.
pub async fn migrate_within(url: &str, bound: Duration) -> Result<()> {
    let database = open_bounded(url, bound)?;
    let migrated = on_one_thread(|| async move { task_store::migrate(&database).await }).await?;
    migrated.map_err(|error| LocalError::part("the database cannot be used", error))
}

/// Loads a reference file's text (stations, cycles, addresses, skus, queues) of any size: all of it or nothing. The queues of `TASK_QUEUES`
/// may be of mode `sqs`.
pub async fn load_reference(url: &str, json: String) -> Result<Loaded> {
    let database = open(url)?;
    let sqs = SqsNames::parse(&std::env::var("TASK_QUEUES").unwrap_or_default());
    let sqs = sqs.map_err(|wrong| LocalError::part("TASK_QUEUES", wrong))?;
    let load = || async move { reference::load(&database, &sqs, &json).await };
    let loaded = on_one_thread(load).await?;
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
