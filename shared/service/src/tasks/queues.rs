//! Queues of plain tasks: their policies, and how many tasks of each wait, run and failed.

use jiff::tz::TimeZone;
use serde::Serialize;
use task_store::inbox::{self, RefusedRow};
use task_store::task_queues::{self, Counts, Policy, PolicyChange, QueueName};
use task_store::{Connection, Database, Moment};

use crate::error::{Error, Result};

/// Declares a queue, or changes the members given; answers its policy.
///
/// # Errors
/// `PARAM_INVALID` when the first wait of the back-off would be longer than the longest.
pub async fn set(
    database: &Database,
    name: &QueueName,
    change: &PolicyChange,
) -> Result<PolicyView> {
    let write = async |c: &mut _| set_within(c, name, change).await;
    let policy = database.transaction(write).await?;
    Ok(PolicyView::from(policy))
}

/// The same within a transaction of the caller's.
pub(crate) async fn set_within(
    connection: &mut Connection,
    name: &QueueName,
    change: &PolicyChange,
) -> Result<Policy> {
    task_queues::set(connection, name, change).await?;
    let policy = task_queues::find(connection, name.as_str()).await?;
    let policy = policy.ok_or_else(|| undeclared(name.as_str()))?;
    if policy.backoff_first > policy.backoff_longest {
        let (first, longest) = (policy.backoff_first, policy.backoff_longest);
        let wrong = format!(
            "{first}..{longest} must name the shorter wait first: the first wait of a task, then the longest"
        );
        return Err(Error::invalid("backoff", &wrong));
    }
    Ok(policy)
}

/// `PARAM_INVALID` for a queue that is not declared.
pub(crate) fn undeclared(name: &str) -> Error {
    let wrong = format!("names {name:?}, which is not declared: declare it with /task/queue/set");
    Error::invalid("queue", &wrong)
}

/// A policy as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyView {
    queue: String,
    mode: String,
    timeout: u32,
    max_attempts: u32,
    backoff: String,
    concurrency: u32,
    station_concurrency: u32,
    paused: bool,
}

impl From<Policy> for PolicyView {
    fn from(policy: Policy) -> Self {
        Self {
            backoff: format!("{}..{}", policy.backoff_first, policy.backoff_longest),
            queue: policy.name,
            mode: policy.mode,
            timeout: policy.timeout,
            max_attempts: policy.max_attempts,
            concurrency: policy.concurrency,
            station_concurrency: policy.station_concurrency,
            paused: policy.paused,
        }
    }
}

/// A queue with its counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueView {
    #[serde(flatten)]
    policy: PolicyView,
    counts: Counts,
}

/// A page of queues.
#[derive(Debug, Clone, Serialize)]
pub struct QueueList {
    /// In the order of their names.
    pub queues: Vec<QueueView>,
    /// Where the next page begins; `None`: there is none.
    pub next_after: Option<String>,
    /// Rows of the inbox that cannot be used, the newest first.
    pub refused: Vec<RefusedRow>,
}

/// The most refused rows that are shown.
const MOST_REFUSED: u32 = 20;

/// The queues behind `after`; the day of the failed ones begins in a zone.
pub async fn list(
    database: &Database,
    after: Option<&QueueName>,
    limit: u32,
    zone: &TimeZone,
) -> Result<QueueList> {
    let midnight = midnight(zone);
    let read = async |c: &mut _| {
        let after = after.map_or("", QueueName::as_str);
        let policies = task_queues::list(c, after, limit).await?;
        let names: Vec<_> = policies.iter().map(|policy| policy.name.as_str()).collect();
        let counts = task_queues::counts(c, &names, midnight).await?;
        let refused = inbox::refused(c, MOST_REFUSED).await?;
        Ok::<_, Error>((policies, counts, refused))
    };
    let (policies, counts, refused) = database.read(read).await?;
    let is_full = u32::try_from(policies.len()) == Ok(limit);
    let last = policies.last().filter(|_| is_full);
    let next_after = last.map(|policy| policy.name.clone());
    let view = |(policy, counts): (Policy, Counts)| QueueView {
        policy: policy.into(),
        counts,
    };
    Ok(QueueList {
        queues: policies.into_iter().zip(counts).map(view).collect(),
        next_after,
        refused,
    })
}

/// When the present day began in a zone.
fn midnight(zone: &TimeZone) -> Moment {
    let now = jiff::Timestamp::now();
    let day = now.to_zoned(zone.clone()).start_of_day();
    let second = day.map_or(now, |day| day.timestamp()).as_second();
    Moment::from_seconds(second).unwrap_or(Moment::EPOCH)
}
