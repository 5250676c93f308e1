//! `make run DETACH=1`: starts `run` in the background, shows its output until it is ready, and leaves it there.

use std::fs::{self, File};
use std::io::{Read, Write, stdout};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::{asked_to_end, run, variable};
use crate::config::project_root;
use crate::error::{LocalError, Result};
use crate::instance;

const PART: &str = "make run DETACH=1";

/// Returns when the stack is ready; a stack that already runs is just as good.
pub(super) async fn run() -> Result<()> {
    if let Some(running) = instance::running()? {
        let base_url = format!("http://127.0.0.1:{}", run::port()?);
        let is_other = |named| named != running.database_url;
        if running.base_url == base_url && !variable("DATABASE_URL").is_some_and(is_other) {
            println!(
                "already running (process {})\nready {}",
                running.pid, running.base_url
            );
            return Ok(());
        }
        return Err(LocalError::AlreadyRunning {
            pid: running.pid,
            base_url: running.base_url,
        });
    }
    let fault = |error: std::io::Error| LocalError::part(PART, error);
    let path = project_root().join(format!(".local/log/{}.log", instance::name()));
    fs::create_dir_all(path.parent().unwrap_or(&path)).map_err(fault)?;
    let log = File::create(&path).map_err(fault)?;
    let child = Command::new(std::env::current_exe().map_err(fault)?)
        .arg("run")
        .env_remove("DETACH")
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(fault)?)
        .stderr(log)
        .process_group(0)
        .spawn()
        .map_err(fault)?;
    let mut said = File::open(&path).map_err(fault)?;
    tokio::select! {
        end = until_ready(child, &mut said) => end,
        _ = asked_to_end() => instance::stop().map(drop),
    }
}

/// Shows the child's output until it says `ready`, or until it ends without.
async fn until_ready(mut child: Child, said: &mut File) -> Result<()> {
    let mut shown = String::new();
    loop {
        let ended = child.try_wait().ok().flatten();
        let mut more = String::new();
        said.read_to_string(&mut more)
            .map_err(|error| LocalError::part(PART, error))?;
        print!("{more}");
        let _ = stdout().flush();
        shown.push_str(&more);
        if shown.lines().any(|line| line.starts_with("ready ")) {
            return Ok(());
        }
        if ended.is_some() {
            return Err(LocalError::part(
                PART,
                "it did not start; the reason is above",
            ));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
