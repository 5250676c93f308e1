//! Tasks that are no batches: acknowledged changes, runs, closes.

use serde_json::{Value, json};

use crate::checker::tasks::Row;
use crate::checker::{Checked, History};
use crate::ledger::{Act, End, Entry};

const TASK: &str = "T1-a0";

/// A ledger of calls in their order; a start that is done is answered with the next run.
fn calls(acts: &[(Act, End)]) -> Vec<Entry> {
    let (mut entries, mut runs) = (Vec::new(), 1..);
    for (call, (act, end)) in (1..).zip(acts) {
        entries.push(Entry::Task {
            call,
            task: TASK.to_owned(),
            station: "T1".to_owned(),
            act: act.clone(),
        });
        let end = end.clone();
        if (act, &end) == (&Act::Start, &End::Done) {
            let run = runs.next().unwrap();
            entries.push(Entry::Started { call, run });
        }
        entries.push(Entry::Answer {
            call,
            at_ms: 0,
            end,
        });
    }
    entries
}

fn found(entries: Vec<Entry>, status: i64, result: Value) -> Vec<&'static str> {
    let row = Row {
        station: "T1".to_owned(),
        status,
        result,
    };
    rules(entries, Some(&row))
}

fn rules(entries: Vec<Entry>, row: Option<&Row>) -> Vec<&'static str> {
    let history = History::of(entries);
    let mut checked = Checked::default();
    checked.task(TASK, &history.tasks[TASK], row);
    checked.violations.iter().map(|found| found.rule).collect()
}

fn append(op_id: Option<&str>) -> Act {
    Act::Append {
        value: "a".to_owned(),
        op_id: op_id.map(str::to_owned),
    }
}

fn increment(op_id: Option<&str>) -> Act {
    Act::Increment {
        digit: 1,
        op_id: op_id.map(str::to_owned),
    }
}

fn finish(run: u32) -> Act {
    Act::Finish {
        value: Some(format!("run {run}")),
        run: Some(run),
    }
}

const GONE: &str = "an acknowledged change of a task is gone";
const TWICE: &str = "a task was changed twice by one request";

#[test]
fn what_was_appended_is_there_and_no_more_often_than_it_was_sent() {
    let sent_twice = |op_id| {
        let act = append(op_id);
        calls(&[(act.clone(), End::Unknown), (act, End::Done)])
    };
    let log = |count: usize| json!({"log": vec!["a"; count]});
    for (op_id, count, rule) in [
        (None, 0, Some(GONE)),
        (None, 1, None),
        (None, 2, None),
        (None, 3, Some(TWICE)),
        (Some("x"), 0, Some(GONE)),
        (Some("x"), 1, None),
        (Some("x"), 2, Some(TWICE)),
    ] {
        assert_eq!(
            found(sent_twice(op_id), 2, log(count)),
            Vec::from_iter(rule)
        );
    }
    let strange = json!({"log": ["a", "b"]});
    let rule = "a task holds what nobody sent";
    assert_eq!(found(sent_twice(None), 2, strange), [rule]);
}

#[test]
fn what_was_added_is_there_and_no_more_often_than_it_was_sent() {
    let sent_twice = |op_id| {
        let act = increment(op_id);
        calls(&[(act.clone(), End::Unknown), (act, End::Done)])
    };
    for (op_id, n, rule) in [
        (None, 0, Some("an acknowledged change of a task is gone")),
        (None, 16, None),
        (Some("x"), 8, None),
        (
            Some("x"),
            16,
            Some("a task was changed twice by one request"),
        ),
        (Some("x"), 9, Some("a task holds what nobody sent")),
    ] {
        assert_eq!(
            found(sent_twice(op_id), 2, json!({ "n": n })),
            Vec::from_iter(rule)
        );
    }
}

#[test]
fn a_change_that_was_refused_must_not_have_happened() {
    let refused = End::Refused("TASK_FINISHED".to_owned());
    let entries = calls(&[(append(None), refused)]);
    assert_eq!(found(entries, 3, json!({"log": ["a"]})), [TWICE]);
}

#[test]
fn a_run_that_ends_another_one_is_found() {
    const RULE: &str = "a run that is over ended another one";
    let begun = [
        (Act::Start, End::Done),
        (finish(1), End::Done),
        (Act::Start, End::Done),
    ];
    let with =
        |late: End| calls(&[&begun[..], &[(finish(1), late), (finish(2), End::Done)]].concat());
    let stale = || End::Refused("RUN_STALE".to_owned());
    assert_eq!(found(with(stale()), 3, json!({"by": "run 2"})), [""; 0]);
    assert_eq!(found(with(stale()), 3, json!({"by": "run 1"})), [RULE]);
    assert_eq!(found(with(End::Done), 3, json!({"by": "run 2"})), [RULE]);
}

#[test]
fn a_cancelled_task_that_is_changed_is_found() {
    const RULE: &str = "a cancelled task was changed";
    let cancelled = || json!({"msg": "", "outcome": "cancelled"});
    let closed = |result| {
        let mut entries = calls(&[(Act::Close, End::Done)]);
        let task = TASK.to_owned();
        entries.push(Entry::Closed { task, result });
        entries
    };
    assert_eq!(found(closed(cancelled()), 3, cancelled()), [""; 0]);
    assert_eq!(
        found(closed(cancelled()), 3, json!({"by": "after"})),
        [RULE]
    );
    assert!(found(closed(cancelled()), 2, cancelled()).contains(&RULE));
    let rule = "a closed task is not cancelled";
    assert_eq!(found(closed(json!({})), 3, json!({})), [rule]);
}

#[test]
fn a_task_that_is_lost_or_not_ended_is_found() {
    let added = || calls(&[(Act::Add { repeat: false }, End::Done)]);
    assert_eq!(rules(added(), None), ["an acknowledged task is gone"]);
    let mut missed = added();
    let task = TASK.to_owned();
    missed.push(Entry::Listed { task, found: false });
    let rule = "an acknowledged task is not listed";
    assert_eq!(found(missed, 1, Value::Null), [rule]);
    let finished = calls(&[(finish(1), End::Done)]);
    assert_eq!(found(finished, 2, Value::Null), ["a finished task goes on"]);
    let row = Row {
        station: "T2".to_owned(),
        status: 1,
        result: Value::Null,
    };
    assert_eq!(rules(added(), Some(&row)), ["a task is another station's"]);
}
