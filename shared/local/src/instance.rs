//! Which stacks of this checkout run: a locked file for each name says so, and says where it is. The lock goes with the process
//! that holds it, so it is never stale.
//!
//! `make run` is the stack called `run`; a suite that starts its own names it with `STACK`, so that neither hinders the other.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::config::project_root;
use crate::error::{LocalError, Result};

/// The stack of `make run`.
pub(crate) const DEFAULT_NAME: &str = "run";
const PART: &str = "local stack";
/// How long a stack may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(40);

/// The record of a running stack about itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(crate) pid: i32,
    pub(crate) base_url: String,
    pub(crate) database_url: String,
}

/// The right to be this checkout's stack, held for as long as this lives.
#[derive(Debug)]
pub(crate) struct Claim(File);

impl Claim {
    /// Claims it, or says who has it.
    pub(crate) fn take(base_url: &str) -> Result<Self> {
        let file = open()?;
        match file.try_lock() {
            Ok(()) => {
                let claim = Self(file);
                claim.say(base_url, "")?;
                Ok(claim)
            }
            Err(TryLockError::WouldBlock) => {
                let running = read(file)?;
                Err(LocalError::AlreadyRunning {
                    pid: running.pid,
                    base_url: running.base_url,
                })
            }
            Err(TryLockError::Error(error)) => Err(LocalError::part(PART, error)),
        }
    }

    /// Says where it is.
    pub(crate) fn say(&self, base_url: &str, database_url: &str) -> Result<()> {
        let running = Running {
            pid: i32::try_from(std::process::id()).unwrap_or(0),
            base_url: base_url.to_owned(),
            database_url: database_url.to_owned(),
        };
        let write = || -> std::io::Result<()> {
            let mut file = &self.0;
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(serde_json::to_string(&running)?.as_bytes())
        };
        write().map_err(|error| LocalError::part(PART, error))
    }
}

/// Returns the stack that runs, if one does.
pub(crate) fn running() -> Result<Option<Running>> {
    let file = open()?;
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(_) => read(file).map(Some),
    }
}

/// Returns the stack that runs and is up, if one runs.
pub(crate) fn ready() -> Result<Option<Running>> {
    match running()? {
        Some(running) if running.database_url.is_empty() => Err(LocalError::part(
            PART,
            "is just starting: try again when it is ready",
        )),
        found => Ok(found),
    }
}

/// Asks the running stack to end and waits until it has; false when none runs.
pub(crate) fn stop() -> Result<bool> {
    let Some(running) = running()? else {
        return Ok(false);
    };
    let pid = Pid::from_raw(running.pid)
        .ok_or_else(|| LocalError::part(PART, "its process id is unknown"))?;
    kill_process(pid, Signal::TERM).map_err(|error| LocalError::part(PART, error))?;
    let deadline = Instant::now() + STOP_TIMEOUT;
    while Instant::now() < deadline {
        if self::running()?.is_none() {
            return Ok(true);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(LocalError::part(
        PART,
        format!("process {} has not ended in {STOP_TIMEOUT:?}", running.pid),
    ))
}

fn open() -> Result<File> {
    let path = path();
    let open = || {
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
    };
    open().map_err(|error| LocalError::part(PART, format!("{}: {error}", path.display())))
}

/// Returns the name of this process's stack.
pub(crate) fn name() -> String {
    let named = std::env::var("STACK").ok();
    let named = named.filter(|name| !name.is_empty());
    named.unwrap_or_else(|| DEFAULT_NAME.to_owned())
}

fn path() -> PathBuf {
    project_root().join(format!(".local/run/{}.json", name()))
}

fn read(mut file: File) -> Result<Running> {
    let mut text = String::new();
    file.read_to_string(&mut text)
        .map_err(|error| LocalError::part(PART, error))?;
    serde_json::from_str(&text)
        .map_err(|error| LocalError::part(PART, format!("{}: {error}", path().display())))
}
