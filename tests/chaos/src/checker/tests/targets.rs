//! Targets, callbacks and schedules: calls, deliveries, instants.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::checker::targets::{Delivery, Row, check, nothing_unknown, schedules, seen};
use crate::checker::{Checked, Report};
use crate::ledger::{Entry, Push};

fn run_body(run: i64) -> Value {
    json!({"type": "task.run", "data": {"task_id": 1, "user_task_id": "p1", "station_id": "T1", "task_name": "推送", "type_id": 7,
        "queue": "ta", "run_count": run, "attempt": run, "input": "{}"}})
}

fn end_body() -> Value {
    json!({"type": "task.finished", "data": {"task_id": 1, "user_task_id": "p1", "station_id": "T1", "task_name": "推送",
        "type_id": 7, "outcome": "success", "run_count": 2}})
}

fn call(target: &str, id: &str, body: Value) -> Push {
    Push::Called {
        target: target.to_owned(),
        id: id.to_owned(),
        is_signed: true,
        is_delivered: true,
        is_gone: false,
        body,
    }
}

/// A task whose second run finished it, and whose callback was told.
fn ledger() -> Vec<Push> {
    let new = json!({"user_task_id": "p1", "station_id": "T1", "queue": "ta", "input": "{}", "callback": "ra"});
    let mut first = call("ta", "task_1_1", run_body(1));
    fail(&mut first);
    vec![
        Push::Asked { id: 1, new },
        first,
        call("ta", "task_1_2", run_body(2)),
        call("ra", "cb_1_1", end_body()),
    ]
}

/// Makes an answer no success.
fn fail(call: &mut Push) {
    let Push::Called { is_delivered, .. } = call else {
        panic!("no call");
    };
    *is_delivered = false;
}

fn row() -> Row {
    Row {
        id: 1,
        user_task_id: "p1".to_owned(),
        station: "T1".to_owned(),
        name: "推送".to_owned(),
        type_id: 7,
        status: 3,
        outcome: "success".to_owned(),
        run_count: 2,
        queue: Some("ta".to_owned()),
        input: "{}".to_owned(),
        result: json!({"by": 2}),
        callback: Some("ra".to_owned()),
        is_batch: false,
        started: Some(0),
        deliveries: vec![Delivery {
            number: 1,
            callback: "ra".to_owned(),
            event: "task.finished".to_owned(),
            outcome: "success".to_owned(),
            run_count: 2,
            counts: Value::Null,
            state: 1,
            tries: 1,
        }],
    }
}

/// The rules that a doctored ledger and row break.
fn broken(change: impl FnOnce(&mut Vec<Push>, &mut Row)) -> Vec<&'static str> {
    let (mut ledger, mut row) = (ledger(), row());
    change(&mut ledger, &mut row);
    let entries: Vec<_> = ledger.into_iter().map(Entry::Pushed).collect();
    let seen = seen(&entries);
    let mut checked = Checked::default();
    let mut report = Report {
        task: "1",
        checked: &mut checked,
    };
    check(&mut report, &seen, &row);
    nothing_unknown(&mut report, &seen, &BTreeMap::from([(1, row)]));
    let found = checked.violations.iter().map(|found| found.rule);
    found.collect()
}

#[test]
fn a_run_that_is_called_and_an_end_that_is_told_are_fine() {
    assert_eq!(broken(|_, _| {}), [""; 0]);
}

#[test]
fn a_task_that_is_not_what_was_asked_for_is_found() {
    let other = broken(|_, row| row.callback = Some("rb".to_owned()));
    assert_eq!(other[0], "a pushed task is not what was asked for");
}

#[test]
fn a_call_that_comes_twice_or_unsigned_or_untrue_is_found() {
    let twice = broken(|ledger, _| ledger.push(call("ta", "task_1_2", run_body(2))));
    assert_eq!(twice, ["a run was pushed twice"]);
    for (at, rule) in [(2, "a call is not signed"), (3, "a call is not signed")] {
        let unsigned = broken(|ledger, _| {
            let Push::Called { is_signed, .. } = &mut ledger[at] else {
                panic!("no call");
            };
            *is_signed = false;
        });
        assert_eq!(unsigned, [rule]);
    }
    let untrue = broken(|ledger, _| ledger[2] = call("ta", "task_1_2", run_body(1)));
    assert!(untrue.contains(&"a target was told something untrue"));
    let strange = broken(|ledger, _| ledger[2] = call("tb", "task_1_2", run_body(2)));
    assert_eq!(strange, ["a target was told something untrue"]);
}

#[test]
fn a_finish_that_no_target_made_is_found() {
    let alone = broken(|ledger, _| fail(&mut ledger[2]));
    // A receiver of its end did not finish it either.
    assert_eq!(alone, ["a pushed run was finished by nobody"]);
    let called = broken(|ledger, _| {
        fail(&mut ledger[2]);
        ledger.push(Push::Finishing { id: 1, run: 2 });
    });
    assert_eq!(called, [""; 0]);
}

#[test]
fn an_end_that_is_told_to_nobody_or_told_twice_is_found() {
    let none = broken(|ledger, row| {
        ledger.pop();
        row.deliveries.clear();
    });
    assert_eq!(none, ["an end was told to nobody"]);
    let unnamed = broken(|ledger, row| {
        let Push::Asked { new, .. } = &mut ledger[0] else {
            panic!("no add");
        };
        new["callback"] = Value::Null;
        row.callback = None;
    });
    assert_eq!(unnamed, ["a callback was told that nobody named"]);
    let twice = broken(|ledger, row| {
        ledger.push(call("ra", "cb_1_2", end_body()));
        let mut second = row.deliveries[0].clone();
        second.number = 2;
        row.deliveries.push(second);
    });
    assert_eq!(twice, ["one end was told as several"]);
}

#[test]
fn a_delivery_that_is_missing_is_found() {
    for state in [0, 3] {
        let open = broken(|_, row| row.deliveries[0].state = state);
        assert_eq!(open, ["a callback is missing"]);
    }
    let unheard = broken(|ledger, _| fail(&mut ledger[3]));
    assert_eq!(unheard, ["a callback counts as told that nobody got"]);
    let early = broken(|_, row| row.deliveries[0].state = 2);
    assert_eq!(early, ["a callback was given up too early"]);
    let late = broken(|_, row| {
        row.deliveries[0].state = 2;
        row.deliveries[0].tries = 10;
    });
    assert_eq!(late, [""; 0]);
}

#[test]
fn a_callback_that_is_untrue_is_found() {
    for (member, value) in [
        ("outcome", json!("failed")),
        ("run_count", json!(1)),
        ("task_id", json!(2)),
        ("counts", json!({})),
    ] {
        let untrue = broken(|ledger, _| {
            let mut body = end_body();
            body["data"][member] = value;
            ledger[3] = call("ra", "cb_1_1", body);
        });
        assert_eq!(untrue, ["a callback says something untrue"], "{member}");
    }
    let strange = broken(|ledger, _| ledger[3] = call("rb", "cb_1_1", end_body()));
    assert_eq!(strange, ["a callback says something untrue"]);
    let earlier = broken(|_, row| row.outcome = "failed".to_owned());
    assert_eq!(earlier, ["the last delivery is not the task's end"]);
}

#[test]
fn the_last_delivery_of_a_batch_has_its_counts() {
    let batch = |dropped: i64| {
        broken(|ledger, row| {
            ledger.remove(0);
            let counts =
                json!({"total": 3, "success": 2, "failed": 0, "unprocessed": 0, "dropped": 1});
            let mut body = end_body();
            body["data"]["counts"] = counts.clone();
            *ledger.last_mut().unwrap() = call("ra", "cb_1_1", body);
            row.is_batch = true;
            row.queue = Some("ta".to_owned());
            row.deliveries[0].counts = counts;
            row.result = json!({"by": 2, "total": 3, "success_count": 2, "failure_count": 0, "unprocessed_count": 0,
                "dropped_count": dropped});
        })
    };
    assert_eq!(batch(1), [""; 0]);
    assert_eq!(batch(0), ["the last delivery is not the task's end"]);
}

#[test]
fn a_call_about_nothing_is_found() {
    for id in ["task_1_3", "task_2_1", "cb_1_2", "x"] {
        let strange = broken(|ledger, _| ledger.push(call("ta", id, run_body(3))));
        assert_eq!(
            strange,
            ["a target was told of nothing that is there"],
            "{id}"
        );
    }
}

/// The rules that the tasks of a schedule break, which was set from half a minute on until the third minute.
fn of_schedule(tasks: &[(&str, i64)]) -> Vec<&'static str> {
    let name = || "tick".to_owned();
    let set = [
        Push::Scheduled {
            name: name(),
            from: 30_000,
        },
        Push::Unscheduled {
            name: name(),
            to: 170_000,
        },
    ];
    let rows = (1..).zip(tasks).map(|(id, (instant, started))| {
        let row = Row {
            user_task_id: format!("tick:{instant}"),
            started: Some(*started),
            ..row()
        };
        (id, row)
    });
    let mut checked = Checked::default();
    let mut report = Report {
        task: "all",
        checked: &mut checked,
    };
    let seen = seen(&set.map(Entry::Pushed));
    assert_eq!(schedules(&mut report, &seen, &rows.collect()), 2);
    let found = checked.violations.iter().map(|found| found.rule);
    found.collect()
}

#[test]
fn an_instant_that_is_lost_comes_twice_or_runs_too_early_is_found() {
    let (one, two) = ("1970-01-01T00:01:00Z", "1970-01-01T00:02:00Z");
    assert_eq!(of_schedule(&[(one, 60_000), (two, 120_001)]), [""; 0]);
    assert_eq!(
        of_schedule(&[(two, 120_001)]),
        ["an instant of a schedule is lost"]
    );
    let twice = [(one, 60_000), (two, 120_001), (two, 120_001)];
    assert_eq!(of_schedule(&twice), ["an instant of a schedule came twice"]);
    let early = [(one, 59_999), (two, 120_001)];
    assert_eq!(of_schedule(&early), ["a task ran before its instant"]);
}
