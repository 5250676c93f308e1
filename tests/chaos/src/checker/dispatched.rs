//! What is promised of dispatched tasks: each ends; one run finishes it; no run starts while another's lease holds by the
//! database's clock; the worker of a cancelled task learns with its next heartbeat.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use serde_json::Value;
use sqlx::mysql::MySqlConnection;
use sqlx::{Result, Row as _};

use super::rows::text;
use super::{Checked, Report};
use crate::ledger::{Dispatch, Entry};
use crate::load::python;

/// Milliseconds that a run may be silent.
const LEASE_MS: i64 = 10_000;

/// What was seen of one task.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) is_added: bool,
    /// The runs whose finish was acknowledged.
    pub(super) finished: BTreeSet<i64>,
    /// A heartbeat that was sent after the close was answered found the lease renewed.
    pub(super) is_unaware: bool,
    /// Until when the lease of each run held at least, as its last heartbeat was answered, in milliseconds.
    pub(super) leases: BTreeMap<i64, i64>,
}

/// A task and its ended runs.
#[derive(Debug, Default, Clone)]
pub(super) struct Row {
    pub(super) status: i64,
    pub(super) outcome: String,
    /// The run that its result tells of; `None`: its worker tells of none.
    pub(super) by: Option<i64>,
    /// Its workers tell of their runs in results.
    pub(super) is_told: bool,
    pub(super) runs: Vec<Run>,
}

/// An ended run; times in milliseconds.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) number: i64,
    pub(super) started: i64,
    pub(super) ended: i64,
    pub(super) error: Option<String>,
}

/// Sorts what the ledger tells by task.
pub(super) fn seen(entries: &[Entry]) -> BTreeMap<i64, Seen> {
    let mut tasks = BTreeMap::<i64, Seen>::new();
    let mut closed = BTreeSet::new();
    // Heartbeats that were sent after the close of their task was answered.
    let mut late = HashMap::new();
    for entry in entries {
        let Entry::Dispatched(dispatch) = entry else {
            continue;
        };
        match dispatch {
            Dispatch::Added { id } => tasks.entry(*id).or_default().is_added = true,
            Dispatch::Closed { id } => drop(closed.insert(*id)),
            Dispatch::Got { id, .. } => drop(tasks.entry(*id).or_default()),
            Dispatch::Finished { id, run } => {
                tasks.entry(*id).or_default().finished.insert(*run);
            }
            Dispatch::Beating { call, id } => drop(late.insert(*call, closed.contains(id))),
            Dispatch::Beat {
                call,
                id,
                run,
                lease,
            } => {
                let task = tasks.entry(*id).or_default();
                task.is_unaware |= late[call] && lease.is_some();
                if let Some(until) = lease.as_deref().and_then(milliseconds) {
                    task.leases.insert(*run, until);
                }
            }
        }
    }
    tasks
}

/// A printed time of the stack's zone.
fn milliseconds(text: &str) -> Option<i64> {
    let local = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    let zone = TimeZone::fixed(Offset::constant(8));
    Some(local.to_zoned(zone).ok()?.timestamp().as_millisecond())
}

/// Checks every dispatched task.
pub(super) async fn check_all(
    connection: &mut MySqlConnection,
    checked: &mut Checked,
    entries: &[Entry],
) -> Result<()> {
    let rows = read(connection).await?;
    let seen = seen(entries);
    checked.dispatched = rows.len();
    for row in rows.values() {
        checked.dispatched_runs += row.runs.len();
        let is_lost = |run: &&Run| run.error.as_deref().is_some_and(is_lease_lost);
        checked.lost_runs += row.runs.iter().filter(is_lost).count();
    }
    let units = "SELECT COUNT(*) FROM tbl_work WHERE kind = 2";
    let units: i64 = sqlx::query_scalar(units).fetch_one(connection).await?;
    nothing_left(
        &mut Report {
            task: "all",
            checked,
        },
        units,
    );
    for id in seen.keys().chain(rows.keys()).collect::<BTreeSet<_>>() {
        let task = format!("dispatched {id}");
        let mut report = Report {
            task: &task,
            checked,
        };
        check(
            &mut report,
            seen.get(id).unwrap_or(&Seen::default()),
            rows.get(id),
        );
    }
    Ok(())
}

/// A task that has ended has no unit of work.
pub(super) fn nothing_left(report: &mut Report<'_>, units: i64) {
    if units > 0 {
        report.violation("units of ended tasks are left", units.to_string());
    }
}

async fn read(connection: &mut MySqlConnection) -> Result<BTreeMap<i64, Row>> {
    const TASKS: &str = "SELECT id, status, outcome, CAST(result AS CHAR), queue FROM tbl_async_task WHERE queue IS NOT NULL";
    const RUNS: &str = "SELECT task_id, CAST(run_count AS SIGNED), \
        CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', started_at) DIV 1000 AS SIGNED), \
        CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ended_at) DIV 1000 AS SIGNED), error \
        FROM tbl_task_run ORDER BY task_id, run_count";
    let mut rows = BTreeMap::new();
    for row in sqlx::query(TASKS).fetch_all(&mut *connection).await? {
        let result = text(&row, 3).and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let task = Row {
            status: row.get(1),
            outcome: text(&row, 2).unwrap_or_default(),
            by: result.and_then(|result| result["by"].as_i64()),
            is_told: text(&row, 4).as_deref() != Some(python::QUEUE),
            runs: Vec::new(),
        };
        rows.insert(row.get(0), task);
    }
    for row in sqlx::query(RUNS).fetch_all(connection).await? {
        let task = rows.entry(row.get(0)).or_default();
        task.runs.push(Run {
            number: row.get(1),
            started: row.get(2),
            ended: row.get(3),
            error: text(&row, 4),
        });
    }
    Ok(rows)
}

fn is_lease_lost(error: &str) -> bool {
    error.starts_with("LEASE_LOST")
}

pub(super) fn check(report: &mut Report<'_>, seen: &Seen, row: Option<&Row>) {
    let Some(row) = row else {
        report.violation("an acknowledged dispatched task is gone", "");
        return;
    };
    if row.status != 3 {
        report.violation(
            "a dispatched task is stuck",
            format!("status {}", row.status),
        );
    }
    if seen.is_unaware {
        report.violation("the worker of a cancelled task goes on", "");
    }
    finished_once(report, seen, row);
    one_at_a_time(report, seen, row);
}

fn finished_once(report: &mut Report<'_>, seen: &Seen, row: &Row) {
    let finishes = row.runs.iter().filter(|run| run.error.is_none());
    let finishes: Vec<_> = finishes.map(|run| run.number).collect();
    let expected = usize::from(row.outcome == "success");
    if finishes.len() != expected {
        let told = format!("{} by runs {finishes:?}", row.outcome);
        report.violation("not exactly one run finished a task", told);
    }
    if row.outcome == "success" && row.is_told && row.by != finishes.first().copied() {
        let told = format!("result of {:?}, finished by {finishes:?}", row.by);
        report.violation("a result is another run's", told);
    }
    let acknowledged: Vec<_> = seen.finished.iter().copied().collect();
    if !acknowledged.is_empty() && acknowledged != finishes {
        let told = format!(
            "acknowledged {acknowledged:?}, finished {finishes:?}, {}",
            row.outcome
        );
        report.violation("an acknowledged finish does not count", told);
    }
}

fn one_at_a_time(report: &mut Report<'_>, seen: &Seen, row: &Row) {
    for pair in row.runs.windows(2) {
        if pair[1].started < pair[0].ended {
            let told = format!("{:?} before the end of {:?}", pair[1], pair[0]);
            report.violation("two runs at once", told);
        }
    }
    let lost = row.runs.iter();
    for run in lost.filter(|run| run.error.as_deref().is_some_and(is_lease_lost)) {
        let leased =
            (run.started + LEASE_MS).max(seen.leases.get(&run.number).copied().unwrap_or(0));
        if run.ended < leased {
            let told = format!("{run:?}, its lease held for {} ms more", leased - run.ended);
            report.violation("a run was lost while its lease held", told);
        }
    }
}
