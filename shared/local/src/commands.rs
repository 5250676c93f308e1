//! The commands behind `make`: `run`, `stop`, `demo`, `load-reference` and `migrate`.

mod count;
mod demo;
mod detach;
mod load;
mod migrate;
mod push;
mod run;
mod station;

use std::time::Duration;

pub use station::import as import_demo;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{StackConfig, built_programs, passed_on};
use crate::consumer::TaskQueue;
use crate::database::{PrivateMysql, Profile};
use crate::error::{LocalError, Result};
use crate::instance::{self, Running};

/// Runs a command by its name.
pub async fn dispatch(command: &str) -> Result<()> {
    match command {
        "run" if variable("DETACH").is_some_and(|value| value != "0") => detach::run().await,
        "run" => run::run().await,
        "demo" => demo::run().await,
        "load-reference" => load::run().await,
        "migrate" => migrate::run().await,
        "stop" => {
            let ended = instance::stop()?;
            println!("{}", if ended { "stopped" } else { "nothing runs" });
            Ok(())
        }
        other => Err(LocalError::part(
            "task-local",
            format!("no command {other:?}: run, demo, load-reference, migrate or stop"),
        )),
    }
}

/// Returns an environment variable that is set and not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the value a command cannot do without, with an example.
fn required(name: &str, example: &str) -> Result<String> {
    variable(name).ok_or_else(|| LocalError::Missing {
        what: name.to_owned(),
        remedy: example.to_owned(),
    })
}

/// Returns an environment variable that is a number, if it is set.
fn number<N: std::str::FromStr>(name: &str) -> Result<Option<N>> {
    let wrong = |text: &str| LocalError::part(name, format!("{text:?} is no number"));
    let read = |text: String| text.parse().map_err(|_| wrong(&text));
    variable(name).map(read).transpose()
}

/// Returns a stack as a person wants it: the binaries beside this one, tuned by the environment.
fn stack_config(name: &str, port: Option<u16>, database_url: &str) -> Result<StackConfig> {
    let mut config = StackConfig::new(built_programs(), database_url)?;
    port.clone_into(&mut config.port);
    name.clone_into(&mut config.name);
    let passed = |name: &str| Some((name.to_owned(), variable(name)?));
    config.environment = passed_on().filter_map(passed).collect();
    let origins = variable("ALLOWED_ORIGINS").unwrap_or_default();
    let origins = origins.split(',').map(str::trim);
    config.allowed_origins = origins
        .filter(|origin| !origin.is_empty())
        .map(str::to_owned)
        .collect();
    let queues = variable("TASK_QUEUES").unwrap_or_default();
    let names = queues.split(',').map(str::trim);
    config.task_queues = names
        .filter(|name| !name.is_empty())
        .map(TaskQueue::named)
        .collect();
    if let Some(workers) = number("WORKERS")? {
        config.workers = workers;
    }
    // A test that waits for a dead letter lets messages come back sooner.
    if let Some(seconds) = number("VISIBILITY_SECONDS")? {
        config.visibility_timeout = Duration::from_secs(seconds);
    }
    Ok(config)
}

/// Returns the running stack, unless `DATABASE_URL` names another database than its.
fn running_on_the_named_database() -> Result<Option<Running>> {
    let running = instance::ready()?;
    Ok(running.filter(|running| {
        variable("DATABASE_URL").is_none_or(|named| named == running.database_url)
    }))
}

/// The database a command works on, and the private server when it is that.
struct ChosenDatabase {
    url: String,
    private: Option<PrivateMysql>,
}

impl ChosenDatabase {
    /// Opens the database that `DATABASE_URL` names, else the private server's.
    async fn open() -> Result<Self> {
        if let Some(url) = variable("DATABASE_URL") {
            return Ok(Self { url, private: None });
        }
        let private = PrivateMysql::start(Profile::Stack(instance::name())).await?;
        let url = private.url().to_owned();
        Ok(Self {
            url,
            private: Some(private),
        })
    }

    /// Leaves it.
    async fn close(self) -> Result<()> {
        match self.private {
            Some(private) => private.stop().await,
            None => Ok(()),
        }
    }
}

/// Waits until the person (Ctrl-C) or the system (SIGTERM) wants us to end.
async fn asked_to_end() -> Result<()> {
    let listen = |kind| signal(kind).map_err(|error| LocalError::part("signals", error));
    let (mut interrupt, mut terminate) = (
        listen(SignalKind::interrupt())?,
        listen(SignalKind::terminate())?,
    );
    let mut hangup = listen(SignalKind::hangup())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}
