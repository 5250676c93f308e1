//! What is promised of tasks that are no batches: an acknowledged change is there, with an `op_id` exactly once; a run that
//! is over ends no other; a cancelled task is never changed.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::mysql::MySqlConnection;
use sqlx::{Result, Row as _};

use super::Report;
use super::rows::text;
use crate::ledger::{Act, End};

/// The calls and sights of one task.
#[derive(Debug, Default)]
pub(crate) struct TaskHistory {
    pub(crate) station: String,
    pub(crate) calls: Vec<TaskCall>,
    /// Its result after its close was answered.
    pub(crate) closed: Option<Value>,
    /// It was not in its station's list after it had been added.
    pub(crate) missed: bool,
}

#[derive(Debug)]
pub(crate) struct TaskCall {
    pub(crate) act: Act,
    pub(crate) end: End,
    /// The run that a start was answered with.
    pub(crate) run: Option<u32>,
}

impl TaskCall {
    pub(crate) const fn new(act: Act) -> Self {
        Self {
            act,
            end: End::Unknown,
            run: None,
        }
    }
}

/// A task's row.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) station: String,
    pub(super) status: i64,
    pub(super) result: Value,
}

impl Row {
    pub(super) async fn read(connection: &mut MySqlConnection, task: &str) -> Result<Option<Self>> {
        let sql = "SELECT station_id, status, CAST(result AS CHAR) FROM tbl_async_task WHERE user_task_id = ?";
        let row = sqlx::query(sql)
            .bind(task)
            .fetch_optional(connection)
            .await?;
        Ok(row.map(|row| Self {
            station: text(&row, 0).unwrap_or_default(),
            status: row.get(1),
            result: text(&row, 2)
                .and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or_default(),
        }))
    }
}

pub(super) fn check(report: &mut Report<'_>, asked: &TaskHistory, row: Option<&Row>) {
    let is_done =
        |call: &TaskCall, is_it: fn(&Act) -> bool| call.end == End::Done && is_it(&call.act);
    let any = |is_it: fn(&Act) -> bool| asked.calls.iter().any(|call| is_done(call, is_it));
    if asked.missed {
        report.violation("an acknowledged task is not listed", "");
    }
    let Some(row) = row else {
        if any(|_| true) {
            report.violation("an acknowledged task is gone", "");
        }
        return;
    };
    if row.station != asked.station {
        report.violation("a task is another station's", row.station.clone());
    }
    let is_over = |act: &Act| matches!(act, Act::Finish { .. } | Act::Close);
    let restarted = asked
        .calls
        .iter()
        .filter(|call| call.act == Act::Start)
        .count()
        > 1;
    if any(is_over) && row.status != 3 && !restarted {
        report.violation("a finished task goes on", format!("status {}", row.status));
    }
    appended(report, asked, row);
    incremented(report, asked, row);
    fenced(report, asked, row);
    cancelled(report, asked, row);
}

/// How often a change was acknowledged, and how often it may have happened.
#[derive(Debug, Default)]
struct Times {
    done: u64,
    at_most: u64,
    has_op_id: bool,
}

impl Times {
    fn count(&mut self, end: &End, op_id: Option<&String>) {
        self.has_op_id = op_id.is_some();
        self.done += u64::from(*end == End::Done);
        self.at_most += u64::from(!matches!(end, End::Refused(_)));
        if self.has_op_id {
            (self.done, self.at_most) = (self.done.min(1), self.at_most.min(1));
        }
    }
}

fn appended(report: &mut Report<'_>, asked: &TaskHistory, row: &Row) {
    let mut expected: BTreeMap<&str, Times> = BTreeMap::new();
    for call in &asked.calls {
        if let Act::Append { value, op_id } = &call.act {
            let times = expected.entry(value).or_default();
            times.count(&call.end, op_id.as_ref());
        }
    }
    let log = row.result["log"].as_array().cloned().unwrap_or_default();
    // The result of a closed task is another one.
    if asked.calls.iter().any(|call| call.act == Act::Close) {
        return;
    }
    for (value, times) in &expected {
        let found = log.iter().filter(|one| *one == value).count() as u64;
        compare(report, times, found, value);
    }
    let is_known = |one: &Value| one.as_str().is_some_and(|one| expected.contains_key(one));
    if let Some(unknown) = log.iter().find(|one| !is_known(one)) {
        report.violation("a task holds what nobody sent", unknown.to_string());
    }
}

fn incremented(report: &mut Report<'_>, asked: &TaskHistory, row: &Row) {
    let mut expected: BTreeMap<u32, Times> = BTreeMap::new();
    for call in &asked.calls {
        if let Act::Increment { digit, op_id } = &call.act {
            let times = expected.entry(*digit).or_default();
            times.count(&call.end, op_id.as_ref());
        }
    }
    let sum = row.result["n"].as_u64().unwrap_or(0);
    for (digit, times) in &expected {
        let found = (sum >> (3 * digit)) & 7;
        compare(report, times, found, &format!("8 to the power of {digit}"));
    }
    let known: u64 = expected.keys().map(|digit| 7 << (3 * digit)).sum();
    if sum & !known != 0 {
        report.violation("a task holds what nobody sent", format!("n is {sum:#o}"));
    }
}

fn compare(report: &mut Report<'_>, times: &Times, found: u64, told: &str) {
    let told = format!("{told}: {found} times, {times:?}");
    if found < times.done {
        report.violation("an acknowledged change of a task is gone", told);
    } else if found > times.at_most {
        report.violation("a task was changed twice by one request", told);
    }
}

/// A run that is over ends no other one.
fn fenced(report: &mut Report<'_>, asked: &TaskHistory, row: &Row) {
    let mut newest = 0;
    for call in &asked.calls {
        newest = newest.max(call.run.unwrap_or(0));
        if let Act::Finish {
            value,
            run: Some(run),
        } = &call.act
            && *run < newest
        {
            let is_its_result = value.is_some() && row.result["by"].as_str() == value.as_deref();
            if call.end == End::Done || is_its_result {
                let told = format!("run {run}, after run {newest} had begun: {:?}", call.end);
                report.violation("a run that is over ended another one", told);
            }
        }
    }
}

/// A cancelled task stays as it was.
fn cancelled(report: &mut Report<'_>, asked: &TaskHistory, row: &Row) {
    let Some(closed) = &asked.closed else {
        return;
    };
    if closed["outcome"] != "cancelled" {
        report.violation("a closed task is not cancelled", closed.to_string());
    }
    if row.status != 3 || row.result != *closed {
        let told = format!("{closed}, then {}", row.result);
        report.violation("a cancelled task was changed", told);
    }
}
