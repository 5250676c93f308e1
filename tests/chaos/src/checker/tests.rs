//! Doctored ledgers and rows: whatever is wrong, the checker must say so, and by its name.

mod changes;
mod dispatched;
mod fixture;
mod prices;
mod rules;
mod targets;
mod tasks;

use serde_json::json;

use super::rows::Order;
use super::{Checked, History};
use crate::ledger::Entry;
use fixture::*;

#[test]
fn rows_that_keep_every_promise_are_found_right() {
    let mut checked = Checked::default();
    checked.batch(&History::of(ledger()), TASK, Some(&rows()));
    assert_eq!(checked.violations, []);
    assert_eq!((checked.outcomes, checked.made, checked.lines), (4, 2, 4));
}

#[test]
fn an_acknowledged_batch_that_is_lost_is_found() {
    assert_eq!(broken(ledger(), None), ["an acknowledged batch is gone"]);
    assert_caught("an acknowledged batch was never run", |_, rows| {
        rows.chunks.get_mut(&8).unwrap().payload.pop();
    });
}

#[test]
fn a_batch_that_was_never_answered_may_be_missing() {
    let mut entries = ledger();
    entries.truncate(1);
    assert_eq!(broken(entries, None), [""; 0]);
}

#[test]
fn what_nobody_sent_is_found() {
    assert_caught("a run holds what nobody sent", |_, rows| {
        rows.chunks.get_mut(&7).unwrap().payload[0]["address_id"] = json!("S9");
    });
    assert_caught("two orders of a run are one", |_, rows| {
        rows.items[2].made_id = Some(7000);
    });
    assert_caught("an order belongs to no outcome", |_, rows| {
        rows.orders.insert(7001, order(1));
    });
    assert_caught("an order was mended by nobody", |entries, _| {
        entries.truncate(4);
    });
    assert_caught("an order was cancelled by nobody", |_, rows| {
        rows.chunks.get_mut(&8).unwrap().state = 2;
        rows.items.pop();
    });
}

#[test]
fn what_is_stuck_is_found() {
    assert_caught("a batch is stuck", |_, rows| rows.status = 2);
    assert_caught("a chunk is stuck", |_, rows| {
        rows.chunks.get_mut(&8).unwrap().state = 0;
    });
    assert_caught("an order has no outcome", |_, rows| drop(rows.items.pop()));
    assert_caught("an order has no outcome", |_, rows| {
        rows.items[0].status = 0;
    });
}

#[test]
fn an_order_that_is_made_twice_is_found() {
    assert_caught("one order was made of two", |_, rows| {
        rows.items[1] = item(1, 1, Some(7000), &[]);
    });
    assert_caught("an order belongs to no outcome", |_, rows| {
        rows.orders.insert(9000, order(0));
    });
    assert_caught("an order is taken for another one", |_, rows| {
        rows.items[0].made_id = Some(8000);
    });
}

#[test]
fn an_order_without_a_row_of_its_own_was_made_if_its_chunk_is_done() {
    let mut rows = rows();
    rows.items.retain(|item| item.status != 1);
    rows.imply_made();
    assert_eq!(broken(ledger(), Some(&rows)), [""; 0]);
    rows.orders.remove(&8000);
    assert!(broken(ledger(), Some(&rows)).contains(&"an order that was made is not there"));
}

#[test]
fn an_order_that_is_lost_is_found() {
    assert_caught("an order that was made is not there", |_, rows| {
        rows.orders.remove(&8000);
    });
}

#[test]
fn an_order_that_is_not_what_was_sent_is_found() {
    let changes: [fn(&mut Order); 8] = [
        |order| order.total = "0.49".to_owned(),
        |order| order.lines[0].amount = "0.49".to_owned(),
        |order| order.lines[0].quantity = "1.51".to_owned(),
        |order| order.lines[1].unit_price = "1.01".to_owned(),
        |order| drop(order.lines.pop()),
        |order| order.lines.push(order.lines[0].clone()),
        |order| order.address_id = "S1".to_owned(),
        |order| order.station = "T2".to_owned(),
    ];
    for change in changes {
        assert_caught("an order is not what was sent", |_, rows| {
            change(rows.orders.get_mut(&7000).unwrap());
        });
    }
}

#[test]
fn a_wrong_order_that_is_made_and_a_right_one_that_is_refused_are_found() {
    assert_caught("a wrong order was made", |_, rows| {
        rows.items[1] = item(1, 1, Some(7001), &[]);
        rows.orders.insert(7001, order(1));
    });
    assert_caught("an order was refused for a wrong reason", |_, rows| {
        rows.items[0] = item(0, 2, None, &["ADDRESS_NOT_FOUND"]);
    });
    assert_caught("a refused order was made", |_, rows| {
        rows.items[0] = item(0, 2, None, &["ADDRESS_NOT_FOUND"]);
    });
    assert_caught("an order was given up for no reason", |_, rows| {
        rows.items[1] = item(1, 2, None, &["SYSTEM_BUSY"]);
    });
}

#[test]
fn an_order_may_be_given_up_after_two_tries_or_with_its_dead_letter() {
    let (mut entries, mut rows) = (ledger(), rows());
    rows.items[1] = item(1, 2, None, &["SYSTEM_BUSY"]);
    rows.items[1].attempts = 2;
    assert_eq!(broken(entries.clone(), Some(&rows)), [""; 0]);
    rows.items[1].attempts = 0;
    rows.chunks.get_mut(&7).unwrap().cause = Some("dead letter".to_owned());
    entries.push(Entry::DeadLetter {
        task_id: 1,
        run: 1,
        chunk: 0,
    });
    assert_eq!(broken(entries, Some(&rows)), [""; 0]);
}

#[test]
fn a_poisonous_order_that_is_made_is_found() {
    assert_caught("a poisonous order was made", |entries, _| {
        let out_order_no = format!("{TASK}-0");
        entries.insert(0, Entry::Poison { out_order_no });
    });
}

#[test]
fn an_order_that_is_made_after_the_close_is_found() {
    let close = |run| {
        let task = TASK.to_owned();
        [
            Entry::Close { call: 3, task },
            answer(3, 499),
            Entry::ClosedIn { call: 3, run },
        ]
    };
    assert_caught("an order was made after the close", |entries, _| {
        entries.extend(close(1));
    });
    assert_caught("a cancelled order was made", |entries, rows| {
        entries.extend(close(1));
        rows.chunks.get_mut(&8).unwrap().state = 2;
        rows.items.retain(|item| item.index != 2);
    });
}

#[test]
fn an_acknowledged_mending_that_is_lost_is_found() {
    assert_caught("an acknowledged mending is gone", |_, rows| {
        rows.items[3].status = 2;
    });
}

#[test]
fn a_result_that_is_not_the_rows_is_found() {
    for (field, value) in [
        ("total", json!(3)),
        ("success_count", json!(1)),
        ("failure_count", json!(2)),
        ("unprocessed_count", json!(1)),
        ("outcome", json!("success")),
    ] {
        assert_caught("the result is not the rows", |_, rows| {
            rows.result[field] = value;
        });
    }
}

#[test]
fn what_callers_saw_go_backwards_is_found() {
    assert_caught("progress went down", |entries, _| {
        entries.insert(3, seen(1, 2, 49, None));
    });
    assert_caught("the status went back", |entries, _| {
        entries.push(seen(1, 2, 99, None));
    });
    assert_caught("a finished task's end changed", |entries, _| {
        entries.push(seen(1, 3, 100, Some("10:01")));
    });
    assert_caught("100 % and finished are not the same", |entries, _| {
        entries.insert(3, seen(1, 2, 100, None));
    });
    assert_caught("a run that was seen is gone", |entries, _| {
        entries.push(seen(2, 1, 0, None));
    });
}

#[test]
fn a_new_run_may_start_from_nothing() {
    let (mut entries, mut rows) = (ledger(), rows());
    entries.push(seen(2, 1, 0, None));
    rows.run = 2;
    let found = broken(entries, Some(&rows));
    assert!(!found.contains(&"progress went down"), "{found:?}");
}
