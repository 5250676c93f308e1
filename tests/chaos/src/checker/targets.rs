//! What is promised of targets, callbacks and schedules: a run is called once, signed, and told as its row says; every end of a task
//! with a callback is told at least once, and truly; every instant of a schedule has one task, which does not run before it.

mod rows;
mod seen;

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use sqlx::Result;
use sqlx::mysql::MySqlConnection;

use super::{Checked, Report};
use crate::ledger::Entry;
use rows::read;
pub(super) use rows::{Delivery, Row};
pub(super) use seen::{Call, Seen, seen};

/// Tries of a delivery until it is given up.
const TRIES: i64 = 10;
const MINUTE_MS: i64 = 60_000;

/// Checks everything about targets.
pub(super) async fn check_all(
    connection: &mut MySqlConnection,
    checked: &mut Checked,
    entries: &[Entry],
) -> Result<()> {
    let seen = seen(entries);
    let rows = read(connection).await?;
    checked.calls = seen.calls.values().map(Vec::len).sum();
    let of_callbacks = seen.calls.iter().filter(|(id, _)| id.starts_with("cb_"));
    checked.told = of_callbacks.map(|(_, calls)| calls.len()).sum();
    for row in rows.values() {
        checked.deliveries += row.deliveries.len();
        let is_given_up = |delivery: &&Delivery| delivery.state == 2;
        checked.untold += row.deliveries.iter().filter(is_given_up).count();
        let task = format!("pushed {}", row.id);
        let mut report = Report {
            task: &task,
            checked,
        };
        check(&mut report, &seen, row);
    }
    let mut report = Report {
        task: "all",
        checked,
    };
    nothing_unknown(&mut report, &seen, &rows);
    report.checked.instants = schedules(&mut report, &seen, &rows);
    Ok(())
}

/// Checks a task, its runs and its deliveries.
pub(super) fn check(report: &mut Report<'_>, seen: &Seen, row: &Row) {
    if let Some(asked) = seen.asked.get(&row.id) {
        was_asked(report, asked, row);
    }
    for run in 1..=row.run_count {
        let id = format!("task_{}_{run}", row.id);
        if let Some(calls) = seen.calls.get(&id) {
            pushed(report, row, run, calls);
        }
    }
    finished_by_target(report, seen, row);
    told(report, seen, row);
}

/// The row is what was asked for.
fn was_asked(report: &mut Report<'_>, asked: &Value, row: &Row) {
    let stored = json!([
        row.user_task_id,
        row.station,
        row.queue,
        row.input,
        row.callback
    ]);
    let sent = ["user_task_id", "station_id", "queue", "input", "callback"];
    let sent = json!(sent.map(|member| &asked[member]));
    if stored != sent {
        let told = format!("{stored}, asked for {sent}");
        report.violation("a pushed task is not what was asked for", told);
    }
}

/// A run's target was called once at most, with a signature, and told what the row says.
fn pushed(report: &mut Report<'_>, row: &Row, run: i64, calls: &[Call]) {
    if calls.len() > 1 {
        let told = format!("run {run}, {} times", calls.len());
        report.violation("a run was pushed twice", told);
    }
    for call in calls {
        if !call.is_signed {
            report.violation("a call is not signed", format!("run {run}"));
        }
        let data = &call.body["data"];
        let expected = json!([
            row.id,
            row.user_task_id,
            row.station,
            row.name,
            row.type_id,
            row.queue,
            run,
            row.input
        ]);
        let members = [
            "task_id",
            "user_task_id",
            "station_id",
            "task_name",
            "type_id",
            "queue",
            "run_count",
            "input",
        ];
        let found = json!(members.map(|member| &data[member]));
        if found != expected || row.queue.as_ref() != Some(&call.target) {
            let told = format!("{found} to {}, the row says {expected}", call.target);
            report.violation("a target was told something untrue", told);
        }
    }
}

/// A run of a queue in mode `push` is finished by its target alone.
fn finished_by_target(report: &mut Report<'_>, seen: &Seen, row: &Row) {
    let is_pushed = row
        .queue
        .as_ref()
        .is_some_and(|queue| queue.starts_with('t'));
    let by = row.result["by"].as_i64();
    if is_pushed
        && row.outcome == "success"
        && !by.is_some_and(|by| seen.finishing.contains(&(row.id, by)))
    {
        report.violation("a pushed run was finished by nobody", format!("run {by:?}"));
    }
}

/// Every end was told to the callback at least once, and truly.
fn told(report: &mut Report<'_>, seen: &Seen, row: &Row) {
    let Some(callback) = &row.callback else {
        if !row.deliveries.is_empty() {
            report.violation("a callback was told that nobody named", "");
        }
        return;
    };
    let Some(last) = row.deliveries.last() else {
        if row.status == 3 {
            report.violation("an end was told to nobody", callback.clone());
        }
        return;
    };
    if !row.is_batch && row.deliveries.len() > 1 {
        let told = format!("{} deliveries", row.deliveries.len());
        report.violation("one end was told as several", told);
    }
    let (end, told) = (
        json!([row.outcome, row.run_count, counts(row)]),
        json!([last.outcome, last.run_count, last.counts]),
    );
    if row.status == 3 && end != told {
        let told = format!("{told}, the row says {end}");
        report.violation("the last delivery is not the task's end", told);
    }
    for delivery in &row.deliveries {
        let id = format!("cb_{}_{}", row.id, delivery.number);
        let calls = seen.calls.get(&id).map(Vec::as_slice);
        delivered(report, row, delivery, calls.unwrap_or_default());
    }
}

/// The counts of a batch as its callback is told them.
fn counts(row: &Row) -> Value {
    if !row.is_batch {
        return Value::Null;
    }
    let of = |member: &str| row.result[member].clone();
    json!({"total": of("total"), "success": of("success_count"), "failed": of("failure_count"),
        "unprocessed": of("unprocessed_count"), "dropped": of("dropped_count")})
}

fn delivered(report: &mut Report<'_>, row: &Row, delivery: &Delivery, calls: &[Call]) {
    let number = delivery.number;
    match delivery.state {
        1 if !calls.iter().any(|call| call.is_delivered) => {
            report.violation(
                "a callback counts as told that nobody got",
                number.to_string(),
            );
        }
        2 if delivery.tries < TRIES => {
            let told = format!("{number} after {} tries", delivery.tries);
            report.violation("a callback was given up too early", told);
        }
        1 | 2 => {}
        state => {
            let told = format!("{number} is in state {state}");
            report.violation("a callback is missing", told);
        }
    }
    for call in calls {
        if !call.is_signed {
            report.violation("a call is not signed", format!("delivery {number}"));
        }
        let expected = json!([
            delivery.event,
            row.id,
            row.user_task_id,
            row.station,
            row.name,
            row.type_id,
            delivery.outcome,
            delivery.run_count,
            delivery.counts
        ]);
        let data = &call.body["data"];
        let members = [
            "task_id",
            "user_task_id",
            "station_id",
            "task_name",
            "type_id",
            "outcome",
            "run_count",
            "counts",
        ];
        let members = members.map(|member| data[member].clone());
        let found = json!([vec![call.body["type"].clone()], members.to_vec()].concat());
        if found != expected || call.target != delivery.callback {
            let told = format!("{found} to {}, the row says {expected}", call.target);
            report.violation("a callback says something untrue", told);
        }
    }
}

/// No target was told of a run or a delivery that is not there.
pub(super) fn nothing_unknown(report: &mut Report<'_>, seen: &Seen, rows: &BTreeMap<i64, Row>) {
    for id in seen.calls.keys() {
        let mut parts = id.split('_');
        let kind = parts.next().unwrap_or_default();
        let mut number = || parts.next().and_then(|part| part.parse::<i64>().ok());
        let row = number().and_then(|task| rows.get(&task));
        let is_known = row.zip(number()).is_some_and(|(row, number)| match kind {
            "task" => (1..=row.run_count).contains(&number),
            _ => row
                .deliveries
                .iter()
                .any(|delivery| delivery.number == number),
        });
        if !is_known {
            report.violation("a target was told of nothing that is there", id.clone());
        }
    }
}

/// Every instant of a schedule has one task, which did not run before it; answers how many instants there were.
pub(super) fn schedules(report: &mut Report<'_>, seen: &Seen, rows: &BTreeMap<i64, Row>) -> usize {
    let mut tasks = HashMap::<&str, Vec<&Row>>::new();
    for row in rows.values() {
        tasks.entry(&row.user_task_id).or_default().push(row);
    }
    let mut instants = 0;
    for (name, (from, to)) in &seen.schedules {
        let first = from.div_euclid(MINUTE_MS) + 1;
        for at in first..=to.div_euclid(MINUTE_MS) {
            instants += 1;
            let at = at * MINUTE_MS;
            let id = instant_id(name, at);
            let found = tasks
                .get(id.as_str())
                .map(Vec::as_slice)
                .unwrap_or_default();
            match found {
                [] => report.violation("an instant of a schedule is lost", id),
                [task] if task.started.is_some_and(|started| started < at) => {
                    report.violation("a task ran before its instant", id);
                }
                [_] => {}
                _ => report.violation("an instant of a schedule came twice", id),
            }
        }
    }
    instants
}

fn instant_id(schedule: &str, at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default();
    format!("{schedule}:{}", at.strftime("%Y-%m-%dT%H:%M:%SZ"))
}
