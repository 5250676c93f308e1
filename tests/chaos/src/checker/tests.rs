//! Doctored ledgers and rows: whatever is wrong, the checker must say so, and by its name.

use serde_json::{Value, json};

use super::rows::{Chunk, Item, Line, Order, Rows};
use super::{Checked, History};
use crate::ledger::{End, Entry, Expected, Mending};

const TASK: &str = "T1-b0";

/// Four orders: two right ones, one with an unknown address, one that somebody gave up.
fn sent() -> Vec<Value> {
    let order = |n: u32, address: &str| {
        json!({"out_order_no": format!("{TASK}-{n}"), "address_id": address, "receive_begin_time": "2026-11-25 08:00",
            "receive_end_time": "2026-11-25 09:30", "details": [
                {"sku_id": "D0", "amount": "1.50", "unit_price": "0.33"},
                {"sku_id": "D1", "amount": "2.00", "is_price_timing": true}]})
    };
    vec![
        order(0, "S0"),
        order(1, "S404"),
        order(2, "S2"),
        order(3, "S404"),
    ]
}

fn order(n: u32) -> Order {
    let line = |sku: &str, quantity: &str, unit_price: &str, amount: &str| Line {
        sku_id: sku.to_owned(),
        quantity: quantity.to_owned(),
        unit_price: unit_price.to_owned(),
        amount: amount.to_owned(),
        is_price_timing: sku == "D1",
        spu_remark: None,
    };
    Order {
        station: "T1".to_owned(),
        key: format!("o:{TASK}-{n}"),
        out_order_no: Some(format!("{TASK}-{n}")),
        address_id: format!("S{n}"),
        cycle: "T1-day".to_owned(),
        receive: ["2026-11-25 00:00:00", "2026-11-25 01:30:00"].map(str::to_owned),
        remark: None,
        // Rounded half-up: 1.50 × 0.33 = 0.495. What is weighed later adds nothing.
        total: "0.50".to_owned(),
        created_ms: 500,
        lines: vec![
            line("D0", "1.50", "0.33", "0.50"),
            line("D1", "2.00", "1.00", "2.00"),
        ],
    }
}

fn item(index: u32, status: i64, made_id: Option<i64>, codes: &[&str]) -> Item {
    Item {
        run: 1,
        index,
        chunk_id: 7 + i64::from(index / 2),
        status,
        attempts: 0,
        made_id,
        codes: codes.iter().map(|&code| code.to_owned()).collect(),
    }
}

fn rows() -> Rows {
    let chunk = |number: u32| Chunk {
        run: 1,
        number,
        first_index: number * 2,
        item_count: 2,
        state: 1,
        amends: false,
        cause: None,
        payload: sent()[number as usize * 2..][..2].to_vec(),
    };
    Rows {
        task_id: 1,
        station: "T1".to_owned(),
        status: 3,
        result: json!({"total": 4, "success_count": 2, "failure_count": 1, "unprocessed_count": 0, "outcome": "partial"}),
        run: 1,
        item_count: 4,
        chunks: [(7, chunk(0)), (8, chunk(1))].into(),
        items: vec![
            item(0, 1, Some(7000), &[]),
            item(1, 2, None, &["ADDRESS_NOT_FOUND"]),
            item(2, 1, Some(8000), &[]),
            item(3, 4, None, &["ADDRESS_NOT_FOUND"]),
        ],
        orders: [(7000, order(0)), (8000, order(2))].into(),
    }
}

fn seen(run: u32, status: u64, progress: u64, end_time: Option<&str>) -> Entry {
    Entry::Seen {
        task: TASK.to_owned(),
        run,
        status,
        progress,
        end_time: end_time.map(str::to_owned),
    }
}

fn answer(call: u64, at_ms: i64) -> Entry {
    let end = End::Done;
    Entry::Answer { call, at_ms, end }
}

fn ledger() -> Vec<Entry> {
    let task = || TASK.to_owned();
    let wrong = "ADDRESS_NOT_FOUND".to_owned();
    vec![
        Entry::Submit {
            call: 1,
            task: task(),
            station: "T1".to_owned(),
            orders: sent(),
            expected: Expected::from([(1, wrong.clone()), (3, wrong)]),
        },
        answer(1, 100),
        seen(1, 2, 50, None),
        seen(1, 3, 100, Some("10:00")),
        Entry::Amend {
            call: 2,
            task: task(),
            index: 3,
            mending: Mending::Dropped,
        },
        answer(2, 900),
    ]
}

/// The rules that are found broken.
fn broken(entries: Vec<Entry>, rows: Option<&Rows>) -> Vec<&'static str> {
    let history = History::of(entries);
    let mut checked = Checked::default();
    checked.batch(&history, TASK, rows);
    checked.violations.iter().map(|found| found.rule).collect()
}

#[track_caller]
fn assert_caught(rule: &str, doctor: impl FnOnce(&mut Vec<Entry>, &mut Rows)) {
    let (mut entries, mut rows) = (ledger(), rows());
    doctor(&mut entries, &mut rows);
    let found = broken(entries, Some(&rows));
    assert!(found.contains(&rule), "{rule}: {found:?}");
}

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
    assert_caught("an order belongs to no outcome", |_, rows| {
        rows.orders.insert(7001, order(1));
    });
    assert_caught("an order was mended by nobody", |entries, _| {
        entries.truncate(4)
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
        rows.chunks.get_mut(&8).unwrap().state = 0
    });
    assert_caught("an order has no outcome", |_, rows| drop(rows.items.pop()));
    assert_caught("an order has no outcome", |_, rows| {
        rows.items[0].status = 0
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
        entries.extend(close(1))
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
        rows.items[3].status = 2
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
            rows.result[field] = value
        });
    }
}

#[test]
fn what_callers_saw_go_backwards_is_found() {
    assert_caught("progress went down", |entries, _| {
        entries.insert(3, seen(1, 2, 49, None))
    });
    assert_caught("the status went back", |entries, _| {
        entries.push(seen(1, 2, 99, None))
    });
    assert_caught("a finished task's end changed", |entries, _| {
        entries.push(seen(1, 3, 100, Some("10:01")));
    });
    assert_caught("100 % and finished are not the same", |entries, _| {
        entries.insert(3, seen(1, 2, 100, None));
    });
    assert_caught("a run that was seen is gone", |entries, _| {
        entries.push(seen(2, 1, 0, None))
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
