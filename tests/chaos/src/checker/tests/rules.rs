//! Rules about rows that do not fit together; and that every rule has a case at all.

use std::collections::BTreeSet;

use serde_json::json;

use super::fixture::*;
use crate::checker::Checked;

/// Where rules are checked, and where they are shown to find something.
const RULES: [&str; 9] = [
    include_str!("../mod.rs"),
    include_str!("../promises.rs"),
    include_str!("../items.rs"),
    include_str!("../seen.rs"),
    include_str!("../reference.rs"),
    include_str!("../prices.rs"),
    include_str!("../tasks.rs"),
    include_str!("../dispatched.rs"),
    include_str!("../targets.rs"),
];
const CASES: [&str; 7] = [
    include_str!("../tests.rs"),
    include_str!("rules.rs"),
    include_str!("changes.rs"),
    include_str!("prices.rs"),
    include_str!("tasks.rs"),
    include_str!("dispatched.rs"),
    include_str!("targets.rs"),
];

#[test]
fn every_rule_is_shown_to_find_something() {
    let rules: BTreeSet<_> = RULES.iter().copied().flat_map(told).collect();
    assert!(rules.len() >= 63, "{rules:?}");
    let is_shown = |rule: &&str| {
        let case = format!("\"{rule}\"");
        CASES.iter().any(|cases| cases.contains(&case))
    };
    let unshown: Vec<_> = rules.iter().filter(|rule| !is_shown(rule)).collect();
    assert_eq!(unshown, [&""; 0]);
}

/// The rules that a file names: the first text after `violation(` or `fail(`.
fn told(source: &str) -> impl Iterator<Item = &str> {
    let calls = source
        .split("violation(")
        .flat_map(|s| s.split("fail("))
        .skip(1);
    calls.filter_map(|call| call.trim_start().strip_prefix('"')?.split('"').next())
}

#[test]
fn another_stations_batch_is_found() {
    assert_caught("a batch is another station's", |_, rows| {
        rows.station = "T2".to_owned();
    });
}

#[test]
fn rows_that_do_not_fit_together_are_found() {
    assert_caught("the number of items is wrong", |_, rows| {
        rows.item_count = 5;
    });
    assert_caught("an outcome belongs to no chunk", |_, rows| {
        rows.items[0].chunk_id = 99;
    });
    assert_caught("outcomes and orders do not match", |_, rows| {
        rows.items.push(item(9, 2, None, &["ADDRESS_NOT_FOUND"]));
    });
    assert_caught("what was sent is gone", |_, rows| {
        rows.chunks.get_mut(&8).unwrap().payload.clear();
    });
    assert_caught("an order was made of another one", |_, rows| {
        rows.items[0].made_id = Some(7001);
        rows.orders.remove(&7000);
        rows.orders.insert(7001, order(0));
    });
}

#[test]
fn an_earlier_run_that_is_seen_again_is_found() {
    assert_caught("an earlier run was seen again", |entries, rows| {
        rows.run = 2;
        entries.push(seen(2, 1, 0, None));
        entries.push(seen(1, 3, 100, Some("10:00")));
    });
}

#[test]
fn an_order_or_a_line_that_belongs_to_no_batch_is_found() {
    for (orders, lines, rules) in [
        (2, 4, vec![]),
        (3, 4, vec!["something was made that nobody sent"]),
        (2, 5, vec!["something was made that nobody sent"]),
    ] {
        let mut checked = Checked {
            made: 2,
            lines: 4,
            ..Checked::default()
        };
        checked.all_made(orders, lines);
        let found: Vec<_> = checked.violations.iter().map(|one| one.rule).collect();
        assert_eq!(found, rules);
    }
}

#[test]
fn a_poisonous_order_that_fails_alone_is_counted() {
    let (mut entries, mut rows) = (ledger(), rows());
    let out_order_no = format!("{TASK}-1");
    entries.insert(0, crate::ledger::Entry::Poison { out_order_no });
    rows.items[1] = item(1, 2, None, &["SYSTEM_BUSY"]);
    rows.items[1].attempts = 2;
    rows.result["failure_count"] = json!(1);
    let mut checked = Checked::default();
    checked.batch(&crate::checker::History::of(entries), TASK, Some(&rows));
    assert_eq!(checked.violations, []);
    assert_eq!((checked.poisoned, checked.interrupted), (1, 0));
}
