//! Queues of plain tasks: their policies, and how many tasks of each wait, run and failed.

mod sqs_names;

use jiff::tz::TimeZone;
use serde::Serialize;
use task_store::inbox::{self, RefusedRow};
use task_store::task_queues::{self, Counts, Mode, Policy, PolicyChange, QueueName, QueueTarget};
use task_store::work::{self, TurnPlace};
use task_store::{Connection, Database, Moment};

use crate::error::{Error, Result};
use crate::targets::{SecretName, TargetHosts, TargetUrl};
pub use sqs_names::SqsNames;

/// The members of a target that a call sets; absent ones stay.
#[derive(Debug, Clone, Default)]
pub struct TargetChange {
    /// Its URL.
    pub url: Option<String>,
    /// The name of the secret that its requests are signed with.
    pub secret: Option<SecretName>,
}

impl TargetChange {
    /// Returns the target as it is with the changes.
    fn made_to(&self, before: Option<QueueTarget>) -> Result<QueueTarget> {
        let (url, secret) = before.map_or((None, None), |old| (Some(old.url), Some(old.secret)));
        let given = self.secret.as_ref().map(|name| name.as_str().to_owned());
        Ok(QueueTarget {
            url: self
                .url
                .clone()
                .or(url)
                .ok_or_else(|| Error::missing("url"))?,
            secret: given.or(secret).ok_or_else(|| Error::missing("secret"))?,
        })
    }

    /// Returns the name of the first member that is given.
    fn given(&self) -> Option<&'static str> {
        let url = self.url.as_ref().map(|_| "url");
        url.or_else(|| self.secret.as_ref().map(|_| "secret"))
    }
}

/// Declares a queue, or changes the members given; answers its policy.
///
/// # Errors
/// The errors of [`set_with_target`].
pub async fn set(
    database: &Database,
    sqs: &SqsNames,
    name: &QueueName,
    change: &PolicyChange,
) -> Result<PolicyView> {
    let none = (&TargetHosts::default(), &TargetChange::default());
    set_with_target(database, sqs, none, name, change).await
}

/// Declares a queue, or changes the members given, also of the target that mode `push` calls; answers its policy.
///
/// # Errors
/// `PARAM_INVALID` when the first wait of the back-off would be longer than the longest, for mode `sqs` without an SQS queue, for a
/// URL that may not be called, and for a target in another mode than `push`. `PARAM_MISSING` for mode `push` without a target.
pub async fn set_with_target(
    database: &Database,
    sqs: &SqsNames,
    (hosts, target): (&TargetHosts, &TargetChange),
    name: &QueueName,
    change: &PolicyChange,
) -> Result<PolicyView> {
    sqs.check(name, change.mode)?;
    if let Some(url) = &target.url {
        TargetUrl::parse(url, hosts).map_err(|wrong| Error::invalid("url", &wrong))?;
    }
    let write = async |c: &mut _| {
        let set = set_within(c, name, change).await?;
        if set.policy.mode != Mode::Push {
            return match target.given() {
                Some(member) => Err(Error::invalid(member, "is for mode push only")),
                None => Ok((set, None)),
            };
        }
        let before = task_queues::target(c, name.as_str()).await?;
        let target = target.made_to(before)?;
        task_queues::set_target(c, name.as_str(), &target).await?;
        Ok((set, Some(target)))
    };
    let (set, target) = database.transaction(write).await?;
    // Set again, the mode is followed by tasks that a call which died has left.
    if set.has_other_mode || change.mode.is_some_and(Mode::is_announced) {
        follow_mode(database, name).await?;
    }
    Ok(PolicyView::new(set.policy, target))
}

/// How many waiting tasks of a queue follow its mode in one transaction.
const PAGE: u32 = 2_000;

/// Makes the sweeper look at the waiting tasks of a queue as its mode wants it. Done after the mode was set, page by page: a queue may
/// have more waiting tasks than one transaction can change. Safe to do again.
///
/// # Errors
/// The database's: then the mode should be set again.
pub(crate) async fn follow_mode(database: &Database, name: &QueueName) -> Result<()> {
    let mut after = Some(TurnPlace::default());
    while let Some(place) = after {
        let follow = async |c: &mut Connection| {
            let policy = task_queues::find(c, name.as_str()).await?;
            let policy = policy.ok_or_else(|| undeclared(name.as_str()))?;
            Ok::<_, Error>(work::follow_mode(c, &policy, place, PAGE).await?)
        };
        after = database.transaction(follow).await?;
    }
    Ok(())
}

/// Pauses a queue, or lets it go on; answers its policy. Running work goes on either way.
///
/// # Errors
/// `PARAM_INVALID` when the queue is not declared.
pub async fn pause(database: &Database, name: &QueueName, paused: bool) -> Result<PolicyView> {
    let change = PolicyChange {
        paused: Some(paused),
        ..PolicyChange::default()
    };
    let write = async |c: &mut _| {
        let known = task_queues::lock(c, name.as_str()).await?;
        known.ok_or_else(|| undeclared(name.as_str()))?;
        let policy = set_within(c, name, &change).await?.policy;
        let target = match policy.mode {
            Mode::Push => task_queues::target(c, name.as_str()).await?,
            Mode::Pull | Mode::Sqs => None,
        };
        Ok::<_, Error>((policy, target))
    };
    let (policy, target) = database.transaction(write).await?;
    Ok(PolicyView::new(policy, target))
}

/// A queue that was declared or changed.
pub(crate) struct Set {
    policy: Policy,
    /// Its mode is another one than before: after the transaction its waiting tasks have to [`follow_mode`].
    pub(crate) has_other_mode: bool,
}

/// Declares or changes a queue, as [`set`] does, within a transaction of the caller's.
pub(crate) async fn set_within(
    connection: &mut Connection,
    name: &QueueName,
    change: &PolicyChange,
) -> Result<Set> {
    let before = match change.mode {
        Some(_) => task_queues::lock(connection, name.as_str()).await?,
        None => None,
    };
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
    let has_other_mode = before.is_some_and(|before| before.mode != policy.mode);
    Ok(Set {
        policy,
        has_other_mode,
    })
}

/// Returns `PARAM_INVALID` for a queue that is not declared.
pub(crate) fn undeclared(name: &str) -> Error {
    let wrong = format!("names {name:?}, which is not declared: declare it with /task/queue/set");
    Error::invalid("queue", &wrong)
}

/// A policy as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyView {
    queue: String,
    mode: Mode,
    timeout: u32,
    max_attempts: u32,
    backoff: String,
    concurrency: u32,
    station_concurrency: u32,
    paused: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl PolicyView {
    /// Shows the target of a queue in mode `push` only.
    fn new(policy: Policy, target: Option<QueueTarget>) -> Self {
        let target = target.filter(|_| policy.mode == Mode::Push);
        let (url, secret) = target.map_or((None, None), |to| (Some(to.url), Some(to.secret)));
        Self {
            url,
            secret,
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

/// Returns the queues behind `after`; the day of the failed ones begins in a zone.
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
        let targets = task_queues::targets(c, &names).await?;
        let refused = inbox::refused(c, MOST_REFUSED).await?;
        Ok::<_, Error>((policies, counts, targets, refused))
    };
    let (policies, counts, mut targets, refused) = database.read(read).await?;
    let is_full = u32::try_from(policies.len()) == Ok(limit);
    let last = policies.last().filter(|_| is_full);
    let next_after = last.map(|policy| policy.name.clone());
    let view = |(policy, counts): (Policy, Counts)| {
        let target = targets.remove(&policy.name);
        let policy = PolicyView::new(policy, target);
        QueueView { policy, counts }
    };
    let queues = policies.into_iter().zip(counts).map(view).collect();
    Ok(QueueList {
        queues,
        next_after,
        refused,
    })
}

/// Returns when the present day began in a zone.
pub(crate) fn midnight(zone: &TimeZone) -> Moment {
    let now = jiff::Timestamp::now();
    let day = now.to_zoned(zone.clone()).start_of_day();
    let second = day.map_or(now, |day| day.timestamp()).as_second();
    Moment::from_seconds(second).unwrap_or(Moment::EPOCH)
}
