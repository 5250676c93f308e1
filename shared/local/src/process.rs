//! One child process: its own process group, its output in a file, and never left behind.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::error::{LocalError, Result};
use crate::guard::Guard;

/// How long a process may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(2);

/// How to start a process; nothing of our own environment reaches it but `PATH` and `HOME`.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    /// Its name in messages.
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) directory: PathBuf,
    /// The file its output is appended to.
    pub(crate) log: PathBuf,
}

/// A running child process.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pid: Pid,
    guard: Arc<Guard>,
}

impl Recipe {
    /// Starts the process.
    pub(crate) fn start(&self, guard: &Arc<Guard>) -> Result<Process> {
        let fault = |error: std::io::Error| LocalError::part(&self.name, error);
        let output = append(&self.log).map_err(fault)?;
        let inherited = [
            "PATH",
            "HOME",
            "CARGO_HOME",
            "RUSTUP_HOME",
            "RUSTUP_TOOLCHAIN",
        ];
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .envs(
                inherited
                    .iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(output.try_clone().map_err(fault)?)
            .stderr(output)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                LocalError::part(&self.name, format!("{}: {error}", self.program.display()))
            })?;
        let pid = child
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()))
            .ok_or_else(|| LocalError::part(&self.name, "ended at once"))?;
        guard.watch(pid);
        Ok(Process {
            child,
            pid,
            guard: Arc::clone(guard),
        })
    }

    /// Returns the last lines the process wrote.
    pub(crate) fn log_tail(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }
}

impl Process {
    /// Returns its process id.
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits until it has ended.
    pub(crate) async fn wait(&mut self) {
        let _ = self.child.wait().await;
    }

    /// Ends it: asked first when `gently`, killed when that takes too long.
    pub(crate) async fn end(mut self, gently: bool) {
        if gently {
            let _ = kill_process_group(self.pid, Signal::TERM);
            if timeout(GRACE, self.wait()).await.is_ok() {
                return;
            }
        }
        let _ = kill_process_group(self.pid, Signal::KILL);
        self.wait().await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Its number is ours until it has been waited for, so this can hit nobody else.
        if self.child.id().is_some() {
            let _ = kill_process_group(self.pid, Signal::KILL);
        }
        self.guard.forget(self.pid);
    }
}

fn append(path: &Path) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}
