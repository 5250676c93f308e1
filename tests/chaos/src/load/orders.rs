//! The orders that are sent: right ones, wrong ones whose error is known beforehand, repeated and poisonous ones.

use fastrand::Rng;
use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::ledger::{Expected, Job};
use crate::reference::{CHANGING_ADDRESS, CHANGING_SKU};

/// How many orders of a batch are worked together.
const CHUNK: u32 = 50;

/// A list of orders, or of other items, and which of them must fail.
#[derive(Debug, Clone, Default)]
pub(crate) struct Payload {
    pub(crate) job: Job,
    /// The last part of the operating cycle's id.
    pub(crate) cycle: &'static str,
    pub(crate) orders: Vec<Value>,
    pub(crate) expected: Expected,
}

/// Orders for a batch, told apart by numbers that start with the batch's name; short lists sometimes by address.
pub(crate) fn payload(rng: &mut Rng, task: &str, size: u32) -> Payload {
    let day = receive_day();
    let by_address = size <= 50 && rng.u8(..5) == 0;
    let wrong_of_hundred = *pick(rng, &[0, 0, 3, 20]);
    let mut payload = Payload {
        cycle: if rng.u8(..4) == 0 { "night" } else { "day" },
        ..Payload::default()
    };
    for index in 0..size {
        let mut order = right(rng, index, &day);
        if !by_address {
            order["out_order_no"] = json!(format!("{task}-{index}"));
            // The first one is right, so that others can repeat its number.
            if index > 0 && rng.u32(..100) < wrong_of_hundred {
                let (wrong, code) = wrong(rng, order, task);
                payload.expected.insert(index, code.to_owned());
                order = wrong;
            } else if rng.u8(..12) == 0 {
                depend(rng, &mut order);
            }
        }
        payload.orders.push(order);
    }
    payload
}

/// Orders for two batches with the same numbers: which of the two makes an order, nobody can say beforehand. In each chunk
/// the first ones depend on data that changes, and are settled by themselves when the others clash.
pub(crate) fn twins(rng: &mut Rng, name: &str) -> [Payload; 2] {
    let (day, size) = (receive_day(), rng.u32(10..120));
    [(); 2].map(|()| {
        let order = |index| {
            let mut order = right(rng, index, &day);
            if index % CHUNK < 3 {
                order["address_id"] = json!(CHANGING_ADDRESS);
            }
            order["out_order_no"] = json!(format!("{name}-{index}"));
            order
        };
        Payload {
            cycle: "day",
            orders: (0..size).map(order).collect(),
            ..Payload::default()
        }
    })
}

/// Makes an order depend on data that changes: then it may be made or refused.
fn depend(rng: &mut Rng, order: &mut Value) {
    if rng.bool() {
        order["address_id"] = json!(CHANGING_ADDRESS);
    } else {
        order["details"][0]["sku_id"] = json!(CHANGING_SKU);
    }
}

/// A right order that mends another one: known by a number of its own.
pub(crate) fn mended(rng: &mut Rng, number: &str) -> Value {
    let address = rng.u32(..50);
    let mut order = right(rng, address, &receive_day());
    order["out_order_no"] = json!(number);
    order
}

/// A day that every cycle of the stage receives on, also when the run goes on past midnight.
fn receive_day() -> String {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let today = jiff::Timestamp::now().to_zoned(zone).date();
    today.saturating_add(3.days()).to_string()
}

fn right(rng: &mut Rng, index: u32, day: &str) -> Value {
    let lines = rng.usize(1..=4);
    let details: Vec<_> = (0..lines).map(|_| line(rng)).collect();
    let mut order = json!({"address_id": format!("S{}", index % 50), "receive_begin_time": format!("{day} 08:00"),
        "receive_end_time": format!("{day} 09:30"), "details": details});
    if rng.u8(..8) == 0 {
        order["remark"] = json!(format!("轻放 {index}"));
        order["unknown"] = json!({"kept": [index, "1.50"]});
    }
    order
}

fn line(rng: &mut Rng) -> Value {
    let hundredths = rng.u32(50..3000);
    let mut line = json!({"sku_id": *pick(rng, &["D0", "D1"]),
        "amount": format!("{}.{:02}", hundredths / 100, hundredths % 100)});
    if rng.bool() {
        let price = rng.u32(0..5000);
        line["unit_price"] = json!(format!("{}.{:02}", price / 100, price % 100));
    }
    if rng.u8(..10) == 0 {
        line["is_price_timing"] = json!(true);
    }
    if rng.u8(..10) == 0 {
        line["spu_remark"] = json!("要新鲜");
    }
    line
}

/// Makes an order wrong and names the fault.
fn wrong(rng: &mut Rng, mut order: Value, task: &str) -> (Value, &'static str) {
    let code = match rng.u8(..6) {
        0 => {
            order["address_id"] = json!("S404");
            "ADDRESS_NOT_FOUND"
        }
        1 => {
            order["details"][0]["amount"] = json!("-1");
            "QUANTITY_NOT_POSITIVE"
        }
        2 => {
            order["details"][0]["sku_id"] = json!("D2");
            "SKU_OFF_SALE"
        }
        3 => {
            order["details"] = json!([]);
            "LINES_EMPTY"
        }
        4 => {
            order["out_order_no"] = json!(format!("{task}-0"));
            "DUPLICATE_IN_BATCH"
        }
        _ => {
            order = json!("no order");
            "ORDER_FORMAT"
        }
    };
    (order, code)
}

pub(crate) fn pick<'a, T>(rng: &mut Rng, all: &'a [T]) -> &'a T {
    &all[rng.usize(..all.len())]
}
