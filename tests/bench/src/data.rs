//! The submitted data: a station, and lists of right orders of about 435 bytes with five lines each.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use task_service::orders::{Address, Cycle, Reference, Sku};

/// The station of the benchmark.
pub(crate) const STATION: &str = "B1";
/// Its operating cycle, which is always open.
pub(crate) const CYCLE: &str = "BENCH";
const SKUS: usize = 200;
/// Lines of an order.
pub(crate) const LINES: usize = 5;

/// A JSON array of `count` orders, each for an address of its own.
pub(crate) fn orders(count: usize) -> String {
    let tomorrow = jiff::Zoned::now().tomorrow().map(|day| day.date());
    let day = tomorrow.expect("a day after today");
    let mut list = String::from("[");
    for index in 0..count {
        let _ = write!(
            list,
            r#"{}{{"address_id":"A{index:06}","receive_begin_time":"{day} 08:00","receive_end_time":"{day} 10:00","remark":"门口","details":["#,
            if index > 0 { "," } else { "" },
        );
        for line in 0..LINES {
            let sku = (index * 7 + line * 41) % SKUS;
            let (amount, cents) = (1 + (index + line) % 9, 10 + (index * 3 + line) % 90);
            let _ = write!(
                list,
                r#"{}{{"sku_id":"D{sku:03}","amount":"{amount}.5","unit_price":"{line}.{cents}"}}"#,
                if line > 0 { "," } else { "" },
            );
        }
        list.push_str("]}");
    }
    list.push(']');
    list
}

/// The reference file of a station with `addresses` addresses.
pub(crate) fn reference_file(addresses: usize) -> Value {
    let addresses: Vec<_> = (0..addresses)
        .map(|n| json!({"address_id": format!("A{n:06}"), "name": "客户", "can_order": true}))
        .collect();
    let skus: Vec<_> = (0..SKUS).map(sku).collect();
    json!({"stations": [{"station_id": STATION, "time_configs": [cycle()], "addresses": addresses, "skus": skus}]})
}

/// The same, as validation wants it.
pub(crate) fn reference(addresses: usize) -> Reference {
    let address = |n| {
        let address = Address {
            name: "客户".to_owned(),
            can_order: true,
        };
        (format!("A{n:06}"), address)
    };
    let sku = |n| (format!("D{n:03}"), read::<Sku>(sku(n)));
    Reference {
        addresses: (0..addresses).map(address).collect::<HashMap<_, _>>(),
        skus: (0..SKUS).map(sku).collect(),
    }
}

/// The operating cycle, as validation wants it.
pub(crate) fn open_cycle() -> Cycle {
    read(cycle())
}

fn sku(n: usize) -> Value {
    json!({"sku_id": format!("D{n:03}"), "name": "白菜", "sale_unit": "斤", "sale_price": "2.50",
        "sale_num_least": "0.01", "on_sale": true})
}

fn cycle() -> Value {
    json!({"id": CYCLE, "name": CYCLE, "type": 1, "enabled": true,
        "order_time_limit": {"start": "00:00", "end": "23:59", "e_span_time": 0},
        "receive_time_limit": {"start": "00:00", "end": "23:59", "s_span_time": 0, "e_span_time": 9, "weekdays": 127}})
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("reference data of our own")
}
