//! `tbl_task_queue`: queues of plain tasks and their policies.

mod counts;
mod targets;

use sqlx::mysql::MySqlRow;
use sqlx::{MySql, Row as _};

use crate::connections::Connection;
use crate::error::{Result, StoreError};

pub use counts::{Counts, MOST_COUNTED, counts, longest_wait};
pub(crate) use targets::queue_target;
pub use targets::{QueueTarget, set_target, target, targets};

/// The name of a queue: a lower-case letter, then up to 31 lower-case letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct QueueName(String);

impl QueueName {
    /// The most characters of a name.
    pub const MAX: usize = 32;

    /// Reads a name; `None` when it is empty, too long, or holds another character.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
        (begins && text.len() <= Self::MAX && text.chars().all(is_plain))
            .then(|| Self(text.to_owned()))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for QueueName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How the workers of a queue get their tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// They ask `/task/claim`.
    #[default]
    Pull,
    /// A message goes to an SQS queue of the same name, whose consumers start the task.
    Sqs,
    /// We call the queue's target.
    Push,
}

impl Mode {
    /// Returns the word that the column holds.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Sqs => "sqs",
            Self::Push => "push",
        }
    }

    /// Tells whether a message tells of each run.
    #[must_use]
    pub const fn is_announced(self) -> bool {
        matches!(self, Self::Sqs | Self::Push)
    }

    /// Reads a word that the column may hold.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Pull, Self::Sqs, Self::Push]
            .into_iter()
            .find(|mode| mode.word() == word)
    }

    /// Reads the column `mode` of a row.
    pub(crate) fn from_row(row: &MySqlRow) -> Result<Self> {
        let word: String = row.try_get_unchecked("mode")?;
        Self::parse(&word).ok_or(StoreError::Unreadable("a queue's mode"))
    }
}

/// The policy of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// How its workers get their tasks.
    pub mode: Mode,
    /// Seconds a run may be silent before it counts as dead.
    pub timeout: u32,
    /// Runs of a task before it ends as failed.
    pub max_attempts: u32,
    /// The longest wait before the second run, in seconds; doubled for each further one.
    pub backoff_first: u32,
    /// The longest wait before any run, in seconds.
    pub backoff_longest: u32,
    /// Runs in work at once; 0 for any number.
    pub concurrency: u32,
    /// Runs of one station in work at once; 0 for any number.
    pub station_concurrency: u32,
    /// Nothing is claimed; running work goes on.
    pub paused: bool,
}

impl Policy {
    /// Tells whether the number of runs in work is bounded.
    #[must_use]
    pub const fn is_capped(&self) -> bool {
        self.concurrency > 0 || self.station_concurrency > 0
    }

    /// Returns the longest wait before the run that follows attempt number `attempt`, in seconds.
    #[must_use]
    pub fn longest_wait(&self, attempt: u32) -> u32 {
        let doubled = 1_u32.checked_shl(attempt.saturating_sub(1));
        let wait = doubled.and_then(|factor| self.backoff_first.checked_mul(factor));
        wait.unwrap_or(u32::MAX).min(self.backoff_longest)
    }
}

/// The members of a policy that a call sets; absent ones stay, or get their defaults where the queue is new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PolicyChange {
    /// See [`Policy::mode`].
    pub mode: Option<Mode>,
    /// See [`Policy::timeout`].
    pub timeout: Option<u32>,
    /// See [`Policy::max_attempts`].
    pub max_attempts: Option<u32>,
    /// See [`Policy::backoff_first`].
    pub backoff_first: Option<u32>,
    /// See [`Policy::backoff_longest`].
    pub backoff_longest: Option<u32>,
    /// See [`Policy::concurrency`].
    pub concurrency: Option<u32>,
    /// See [`Policy::station_concurrency`].
    pub station_concurrency: Option<u32>,
    /// See [`Policy::paused`].
    pub paused: Option<bool>,
}

/// Declares a queue, or changes the members that are given.
pub async fn set(
    connection: &mut Connection,
    name: &QueueName,
    change: &PolicyChange,
) -> Result<()> {
    let bound = change.bind(sqlx::query(SET).bind(name.as_str()));
    change.bind(bound).execute(connection).await?;
    Ok(())
}

/// An absent member is NULL: the default of a new queue, no change of one that is there.
const SET: &str = "
    INSERT INTO tbl_task_queue
      (name, mode, timeout, max_attempts, backoff_first, backoff_longest, concurrency, station_concurrency, paused)
    VALUES (?, COALESCE(?, 'pull'), COALESCE(?, 900), COALESCE(?, 5), COALESCE(?, 10), COALESCE(?, 3600), COALESCE(?, 0), COALESCE(?, 0),
      COALESCE(?, 0))
    ON DUPLICATE KEY UPDATE
      mode                = COALESCE(?, mode),
      timeout             = COALESCE(?, timeout),
      max_attempts        = COALESCE(?, max_attempts),
      backoff_first       = COALESCE(?, backoff_first),
      backoff_longest     = COALESCE(?, backoff_longest),
      concurrency         = COALESCE(?, concurrency),
      station_concurrency = COALESCE(?, station_concurrency),
      paused              = COALESCE(?, paused),
      modify_time         = NOW(3)";

type Query<'q> = sqlx::query::Query<'q, MySql, sqlx::mysql::MySqlArguments>;

impl PolicyChange {
    fn bind<'q>(&self, query: Query<'q>) -> Query<'q> {
        query
            .bind(self.mode.map(Mode::word))
            .bind(self.timeout)
            .bind(self.max_attempts)
            .bind(self.backoff_first)
            .bind(self.backoff_longest)
            .bind(self.concurrency)
            .bind(self.station_concurrency)
            .bind(self.paused)
    }
}

macro_rules! policy_columns {
    () => {
        "name, mode, timeout, max_attempts, backoff_first, backoff_longest, concurrency, station_concurrency, paused"
    };
}
pub(crate) use policy_columns;

/// Reads the policy of a queue; `None`: it is not declared.
pub async fn find(connection: &mut Connection, name: &str) -> Result<Option<Policy>> {
    const FIND: &str = concat!(
        "SELECT ",
        policy_columns!(),
        " FROM tbl_task_queue WHERE name = ?"
    );
    let row = sqlx::query(FIND).bind(name).fetch_optional(connection);
    row.await?.as_ref().map(policy).transpose()
}

/// Reads and locks the policy of a queue against every claim under a cap, so that the count of runs in work stays true.
pub async fn lock(connection: &mut Connection, name: &str) -> Result<Option<Policy>> {
    const LOCK: &str = concat!(
        "SELECT ",
        policy_columns!(),
        " FROM tbl_task_queue WHERE name = ? FOR UPDATE"
    );
    let row = sqlx::query(LOCK).bind(name).fetch_optional(connection);
    row.await?.as_ref().map(policy).transpose()
}

/// Reads the policies of queues behind `after`, in the order of their names.
pub async fn list(connection: &mut Connection, after: &str, limit: u32) -> Result<Vec<Policy>> {
    const LIST: &str = concat!(
        "SELECT ",
        policy_columns!(),
        " FROM tbl_task_queue WHERE name > ? ORDER BY name LIMIT ?"
    );
    let rows = sqlx::query(LIST).bind(after).bind(limit);
    let rows = rows.fetch_all(connection).await?;
    rows.iter().map(policy).collect()
}

pub(crate) fn policy(row: &MySqlRow) -> Result<Policy> {
    let text = |column| Ok::<_, StoreError>(row.try_get_unchecked(column)?);
    Ok(Policy {
        name: text("name")?,
        mode: Mode::from_row(row)?,
        timeout: row.try_get("timeout")?,
        max_attempts: row.try_get("max_attempts")?,
        backoff_first: row.try_get("backoff_first")?,
        backoff_longest: row.try_get("backoff_longest")?,
        concurrency: row.try_get("concurrency")?,
        station_concurrency: row.try_get("station_concurrency")?,
        paused: row.try_get("paused")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_has_a_short_plain_name() {
        for name in ["a", "report", "stock7", &"x".repeat(32)] {
            assert!(QueueName::parse(name).is_some(), "{name:?}");
        }
        for name in [
            "",
            "7a",
            "Report",
            "a-b",
            "a_b",
            "报表",
            " a",
            &"x".repeat(33),
        ] {
            assert!(QueueName::parse(name).is_none(), "{name:?}");
        }
    }

    #[test]
    fn the_wait_before_a_run_doubles_up_to_the_longest() {
        let policy = Policy {
            name: "a".to_owned(),
            mode: Mode::Pull,
            timeout: 900,
            max_attempts: 50,
            backoff_first: 10,
            backoff_longest: 3600,
            concurrency: 0,
            station_concurrency: 0,
            paused: false,
        };
        let waits = [1, 2, 3, 9, 10, 40, 50].map(|attempt| policy.longest_wait(attempt));
        assert_eq!(waits, [10, 20, 40, 2560, 3600, 3600, 3600]);
    }
}
