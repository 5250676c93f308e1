//! A batch that kept every promise: its ledger and its rows.

use serde_json::{Value, json};

use crate::checker::rows::{Chunk, Item, Line, Order, Rows};
use crate::checker::{Checked, History};
use crate::ledger::{End, Entry, Expected, Job, Mending};

pub(super) const TASK: &str = "T1-b0";

/// Four orders: two right ones, one with an unknown address, one that somebody gave up.
pub(super) fn sent() -> Vec<Value> {
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

pub(super) fn order(n: u32) -> Order {
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

pub(super) fn item(index: u32, status: i64, made_id: Option<i64>, codes: &[&str]) -> Item {
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

pub(super) fn rows() -> Rows {
    let chunk = |number: u32| Chunk {
        run: 1,
        number,
        first_index: number * 2,
        item_count: 2,
        state: 1,
        is_rework: false,
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
        accepted_ms: 90,
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

pub(super) fn seen(run: u32, status: u64, progress: u64, end_time: Option<&str>) -> Entry {
    Entry::Seen {
        task: TASK.to_owned(),
        run,
        status,
        progress,
        end_time: end_time.map(str::to_owned),
    }
}

pub(super) fn answer(call: u64, at_ms: i64) -> Entry {
    let end = End::Done;
    Entry::Answer { call, at_ms, end }
}

pub(super) fn ledger() -> Vec<Entry> {
    let task = || TASK.to_owned();
    let wrong = "ADDRESS_NOT_FOUND".to_owned();
    vec![
        Entry::Submit {
            call: 1,
            at_ms: 50,
            job: Job::Orders,
            task: task(),
            station: "T1".to_owned(),
            cycle: "T1-day".to_owned(),
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
pub(super) fn broken(entries: Vec<Entry>, rows: Option<&Rows>) -> Vec<&'static str> {
    let history = History::of(entries);
    let mut checked = Checked::default();
    checked.batch(&history, TASK, rows);
    checked.violations.iter().map(|found| found.rule).collect()
}

#[track_caller]
pub(super) fn assert_caught(rule: &str, doctor: impl FnOnce(&mut Vec<Entry>, &mut Rows)) {
    let (mut entries, mut rows) = (ledger(), rows());
    doctor(&mut entries, &mut rows);
    let found = broken(entries, Some(&rows));
    assert!(found.contains(&rule), "{rule}: {found:?}");
}
