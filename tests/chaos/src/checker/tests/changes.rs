//! Reference data that changed: an outcome must be one that was possible during its run.

use serde_json::{Value, json};

use super::fixture::*;
use crate::checker::rows::Rows;
use crate::ledger::{End, Entry, Mending};
use crate::reference::{CHANGING_ADDRESS, CHANGING_SKU, Version};

/// A load that begins and is answered at these times.
fn load(call: u64, [begun, done]: [i64; 2], change: impl FnOnce(&mut Version)) -> [Entry; 2] {
    let mut version = Version::allowing("3.00");
    change(&mut version);
    let load = Entry::Load {
        call,
        at_ms: begun,
        station: "T1".to_owned(),
        version,
    };
    [load, answer(call, done)]
}

/// The first order of the fixture as it is sent; the rows hold the same.
fn send(entries: &mut [Entry], rows: &mut Rows, change: impl FnOnce(&mut Value)) {
    let Entry::Submit { orders, .. } = &mut entries[0] else {
        panic!("the fixture begins with its submit");
    };
    change(&mut orders[0]);
    rows.chunks.get_mut(&7).unwrap().payload[0] = orders[0].clone();
}

fn at_the_changing_address(entries: &mut [Entry], rows: &mut Rows) {
    send(entries, rows, |order| {
        order["address_id"] = json!(CHANGING_ADDRESS);
    });
    rows.orders.get_mut(&7000).unwrap().address_id = CHANGING_ADDRESS.to_owned();
}

fn with_the_changing_sku(entries: &mut [Entry], rows: &mut Rows) {
    send(entries, rows, |order| {
        order["details"][1]["sku_id"] = json!(CHANGING_SKU);
    });
    let line = &mut rows.orders.get_mut(&7000).unwrap().lines[1];
    line.sku_id = CHANGING_SKU.to_owned();
    (line.unit_price, line.amount) = ("3.00".to_owned(), "6.00".to_owned());
}

#[test]
fn an_order_that_could_be_made_at_some_time_of_its_run_is_right() {
    let (mut entries, mut rows) = (ledger(), rows());
    with_the_changing_sku(&mut entries, &mut rows);
    assert_eq!(broken(entries.clone(), Some(&rows)), [""; 0]);
    entries.extend(load(70, [60, 70], |version| version.on_sale = false));
    assert_eq!(broken(entries, Some(&rows)), [""; 0], "while it was loaded");
}

#[test]
fn an_order_that_could_not_be_made_during_its_run_is_found() {
    const RULE: &str = "an order was made that could not be";
    assert_caught(RULE, |entries, rows| {
        with_the_changing_sku(entries, rows);
        entries.extend(load(70, [10, 20], |version| version.on_sale = false));
    });
    assert_caught(RULE, |entries, rows| {
        at_the_changing_address(entries, rows);
        entries.extend(load(70, [10, 20], |version| version.can_order = false));
    });
    assert_caught(RULE, |entries, rows| {
        with_the_changing_sku(entries, rows);
        entries.extend(load(70, [10, 20], |version| {
            version.price = "3.01".to_owned();
        }));
    });
}

#[test]
fn an_order_may_be_refused_only_for_what_was_so_during_its_run() {
    let refused = |begun: Option<i64>| {
        let (mut entries, mut rows) = (ledger(), rows());
        at_the_changing_address(&mut entries, &mut rows);
        rows.orders.remove(&7000);
        rows.items[0] = item(0, 2, None, &["ADDRESS_FORBIDDEN"]);
        rows.result["success_count"] = json!(1);
        rows.result["failure_count"] = json!(2);
        if let Some(begun) = begun {
            entries.extend(load(70, [begun, begun + 5], |version| {
                version.can_order = false;
            }));
        }
        broken(entries, Some(&rows))
    };
    assert_eq!(refused(Some(60)), [""; 0]);
    let rule = "an order was refused for a wrong reason";
    assert_eq!(refused(None), [rule]);
}

#[test]
fn an_order_that_is_reported_failed_yet_made_is_found() {
    assert_caught("a refused order was made", |entries, rows| {
        at_the_changing_address(entries, rows);
        entries.extend(load(70, [60, 70], |version| version.can_order = false));
        rows.items[0] = item(0, 2, None, &["ADDRESS_FORBIDDEN"]);
    });
}

#[test]
fn a_number_is_a_duplicate_only_if_another_batch_has_it() {
    let mut rows = rows();
    rows.orders.remove(&7000);
    rows.items[0] = item(0, 2, None, &["DUPLICATE_ORDER_NO"]);
    rows.result["success_count"] = json!(1);
    rows.result["failure_count"] = json!(2);
    let found = |owner: Option<i64>| {
        let mut history = crate::checker::History::of(ledger());
        let name = ("T1".to_owned(), format!("{TASK}-0"));
        history.owners.extend(owner.map(|owner| (name, owner)));
        let mut checked = crate::checker::Checked::default();
        checked.batch(&history, TASK, Some(&rows));
        checked.violations.len()
    };
    assert_eq!([found(Some(2)), found(Some(1)), found(None)], [0, 1, 1]);
}

#[test]
fn a_cycle_that_is_told_to_be_what_it_was_not_is_found() {
    let sent_at_night = |end: End, open: bool| {
        let (mut entries, rows) = (ledger(), rows());
        if let Entry::Submit { cycle, .. } = &mut entries[0] {
            "T1-night".clone_into(cycle);
        }
        entries[1] = Entry::Answer {
            call: 1,
            at_ms: 100,
            end,
        };
        entries.extend(load(70, [10, 20], |version| version.open = open));
        broken(entries, Some(&rows))
    };
    let closed = || End::Refused("CYCLE_CLOSED".to_owned());
    let rule = "an open cycle was called closed";
    assert!(sent_at_night(closed(), true).contains(&rule));
    assert!(!sent_at_night(closed(), false).contains(&rule));
    let rule = "a closed cycle took a batch";
    assert!(sent_at_night(End::Done, false).contains(&rule));
    assert!(!sent_at_night(End::Done, true).contains(&rule));
}

#[test]
fn a_closed_batch_that_the_same_list_runs_again_is_found() {
    assert_caught("a request sent again undid a close", |entries, rows| {
        let task = TASK.to_owned();
        entries.extend([
            Entry::Close { call: 3, task },
            answer(3, 600),
            Entry::ClosedIn { call: 3, run: 1 },
        ]);
        for (id, state) in [(7, 1), (8, 2)] {
            let mut again = rows.chunks[&id].clone();
            rows.chunks.get_mut(&id).unwrap().state = state;
            again.run = 2;
            rows.chunks.insert(id + 10, again);
        }
        rows.run = 2;
    });
}

#[test]
fn a_dropped_order_may_be_taken_back() {
    let (mut entries, mut rows) = (ledger(), rows());
    rows.items[3].status = 3;
    rows.items[3].made_id = Some(8000);
    let taken_back = Entry::Amend {
        call: 4,
        task: TASK.to_owned(),
        index: 3,
        mending: Mending::Made(8000),
    };
    entries.extend([taken_back, answer(4, 950)]);
    rows.result["success_count"] = json!(3);
    assert_eq!(broken(entries, Some(&rows)), [""; 0]);
}
