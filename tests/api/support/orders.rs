//! Orders that are right for a [`Station`](super::Station) of the tests.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// Tomorrow in the zone of the tests' cycles.
pub(crate) fn tomorrow() -> Date {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    Timestamp::now().to_zoned(zone).date().tomorrow().unwrap()
}

/// An order for address `S<n>` (0 to 49) of 3.85 in two lines, with a member of the caller's own.
pub(crate) fn order(n: usize) -> Value {
    let day = tomorrow();
    json!({"address_id": format!("S{n}"), "unknown": {"kept": [n, "1.50"]},
        "receive_begin_time": format!("{day} 08:00"), "receive_end_time": format!("{day} 09:00"),
        "details": [{"sku_id": "D0", "amount": "1.5"}, {"sku_id": "D1", "amount": 2, "unit_price": 0.05}]})
}

/// One order each for the first `count` addresses, at most 50.
pub(crate) fn orders(count: usize) -> Vec<Value> {
    assert!(count <= 50, "more need order numbers");
    (0..count).map(order).collect()
}

/// Any number of orders, told apart by an order number that starts with `prefix`.
pub(crate) fn numbered(prefix: &str, count: usize) -> Vec<Value> {
    let numbered = |n: usize| {
        let mut order = order(n % 50);
        order["out_order_no"] = json!(format!("{prefix}-{n}"));
        order
    };
    (0..count).map(numbered).collect()
}
