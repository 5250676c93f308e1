//! Dispatched tasks: their ends, their runs, their leases.

use crate::checker::dispatched::{Row, Run, check, nothing_left, seen};
use crate::checker::{Checked, Report};
use crate::ledger::{Dispatch, Entry};

fn run(number: i64, started: i64, ended: i64, error: Option<&str>) -> Run {
    Run {
        number,
        started,
        ended,
        error: error.map(str::to_owned),
    }
}

/// A task whose first run was lost and whose second one finished it.
fn done() -> Row {
    Row {
        status: 3,
        outcome: "success".to_owned(),
        by: Some(2),
        is_told: true,
        runs: vec![
            run(1, 0, 10_100, Some("LEASE_LOST: …")),
            run(2, 10_200, 10_300, None),
        ],
    }
}

fn rules(events: &[Dispatch], row: Option<&Row>) -> Vec<&'static str> {
    let entries: Vec<_> = events.iter().cloned().map(Entry::Dispatched).collect();
    let mut checked = Checked::default();
    let mut report = Report {
        task: "1",
        checked: &mut checked,
    };
    check(&mut report, &seen(&entries)[&1], row);
    checked.violations.iter().map(|found| found.rule).collect()
}

const ADDED: Dispatch = Dispatch::Added { id: 1 };

#[test]
fn a_task_that_one_run_finished_after_another_was_lost_is_fine() {
    let finished = Dispatch::Finished { id: 1, run: 2 };
    assert_eq!(rules(&[ADDED, finished], Some(&done())), [""; 0]);
}

#[test]
fn a_task_that_is_gone_or_open_is_found() {
    assert_eq!(
        rules(&[ADDED], None),
        ["an acknowledged dispatched task is gone"]
    );
    let open = Row {
        status: 1,
        ..Row::default()
    };
    assert_eq!(rules(&[ADDED], Some(&open)), ["a dispatched task is stuck"]);
}

#[test]
fn a_second_finish_and_one_that_does_not_count_are_found() {
    let mut twice = done();
    twice.runs[0].error = None;
    assert_eq!(
        rules(&[ADDED], Some(&twice)),
        [
            "not exactly one run finished a task",
            "a result is another run's"
        ]
    );
    let late = Dispatch::Finished { id: 1, run: 1 };
    assert_eq!(
        rules(&[ADDED, late], Some(&done())),
        ["an acknowledged finish does not count"]
    );
    let mut other = done();
    other.by = Some(1);
    assert_eq!(rules(&[ADDED], Some(&other)), ["a result is another run's"]);
}

#[test]
fn a_run_that_starts_while_another_one_holds_the_task_is_found() {
    let mut early = done();
    early.runs[0].ended = 10_250;
    assert_eq!(rules(&[ADDED], Some(&early)), ["two runs at once"]);
    let mut hasty = done();
    hasty.runs[0].ended = 9_000;
    assert_eq!(
        rules(&[ADDED], Some(&hasty)),
        ["a run was lost while its lease held"]
    );
    let beat = [
        Dispatch::Beating { call: 1, id: 1 },
        Dispatch::Beat {
            call: 1,
            id: 1,
            run: 1,
            lease: Some("1970-01-01 08:00:20".to_owned()),
        },
    ];
    assert_eq!(
        rules(&beat, Some(&done())),
        ["a run was lost while its lease held"]
    );
}

#[test]
fn a_worker_that_does_not_learn_of_a_close_is_found() {
    let beat = |lease: Option<&str>| Dispatch::Beat {
        call: 1,
        id: 1,
        run: 2,
        lease: lease.map(str::to_owned),
    };
    let beating = Dispatch::Beating { call: 1, id: 1 };
    let closed = Dispatch::Closed { id: 1 };
    let late = [
        closed.clone(),
        beating.clone(),
        beat(Some("1970-01-01 08:00:01")),
    ];
    assert_eq!(
        rules(&late, Some(&done())),
        ["the worker of a cancelled task goes on"]
    );
    let before = [
        beating.clone(),
        closed.clone(),
        beat(Some("1970-01-01 08:00:01")),
    ];
    assert_eq!(rules(&before, Some(&done())), [""; 0]);
    assert_eq!(
        rules(&[closed, beating, beat(None)], Some(&done())),
        [""; 0]
    );
}

#[test]
fn a_unit_that_is_left_is_found() {
    let mut checked = Checked::default();
    let mut report = Report {
        task: "all",
        checked: &mut checked,
    };
    nothing_left(&mut report, 0);
    nothing_left(&mut report, 2);
    let found = checked.violations.iter().map(|found| found.rule);
    assert_eq!(found.collect::<Vec<_>>(), ["units of ended tasks are left"]);
}
