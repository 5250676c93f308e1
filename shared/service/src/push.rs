//! Mode `push`: we call the target of a queue for each run of its tasks. The same function, `task-push`, tells callbacks.

mod announce;
mod answer;
mod body;
mod message;
mod queue;
mod run;

use jiff::tz::TimeZone;
use task_store::Database;

use crate::callbacks::{self, Try};
use crate::error::Result;
use crate::targets::TargetCaller;

pub(crate) use announce::{announce_due, note_again};
pub(crate) use message::Announcement;
pub use message::PushMessage;
pub use queue::{PushQueue, ReceivedMessage};
use run::PushedRun;

/// The state of `task-push`.
#[derive(Debug)]
pub struct Pusher {
    /// The database; no connection is held while a target is called.
    pub database: Database,
    /// Calls targets.
    pub targets: TargetCaller,
    /// The zone of the times that targets are told.
    pub zone: TimeZone,
}

/// A claimed piece of work.
#[derive(Debug)]
pub enum PushWork {
    /// A try of a delivery.
    Delivery(Box<Try>),
    /// A run of a task.
    Run(Box<PushedRun>),
}

impl Pusher {
    /// Does the work that a message announces, if it is due, nobody else does it, and its target has a place for a call.
    ///
    /// # Errors
    /// The database's. What a target does is no error.
    pub async fn handle(&self, message: PushMessage) -> Result<()> {
        let task = message.task_id;
        if let Some(no) = message.delivery {
            return callbacks::deliver(&self.database, &self.targets, (task, no)).await;
        }
        match run::begin(&self.database, task, &self.zone).await? {
            Some(run) => self.work(PushWork::Run(Box::new(run))).await,
            None => Ok(()),
        }
    }

    /// Claims work whose target has a place for a call; `None`: there is none.
    ///
    /// # Errors
    /// The database's.
    pub async fn next(&self) -> Result<Option<PushWork>> {
        let run = async || {
            let run = run::next(&self.database).await?;
            Ok::<_, crate::Error>(run.map(|run| PushWork::Run(Box::new(run))))
        };
        let delivery = async || {
            let tried = callbacks::next(&self.database).await?;
            Ok::<_, crate::Error>(tried.map(|tried| PushWork::Delivery(Box::new(tried))))
        };
        // Either comes first as often as the other, so that a flood of one kind does not hold up the other.
        if fastrand::bool() {
            match run().await? {
                None => delivery().await,
                found => Ok(found),
            }
        } else {
            match delivery().await? {
                None => run().await,
                found => Ok(found),
            }
        }
    }

    /// Calls the target of claimed work, and writes what came of it.
    ///
    /// # Errors
    /// The database's.
    pub async fn work(&self, work: PushWork) -> Result<()> {
        match work {
            PushWork::Delivery(tried) => {
                callbacks::tell(&self.database, &self.targets, *tried).await
            }
            PushWork::Run(run) => run::push(&self.database, &self.targets, *run, &self.zone).await,
        }
    }
}
