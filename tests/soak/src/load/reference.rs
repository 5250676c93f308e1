//! The stations of a run and what may be ordered there.

use serde_json::{Value, json};

/// How many stations there are.
pub(crate) const STATIONS: usize = 40;
pub(super) const ADDRESSES: u32 = 200;
pub(super) const SKUS: u32 = 100;
/// A sku that is off sale.
pub(super) const OFF_SALE: &str = "OFF";

/// Returns a station's id.
pub(super) fn station(number: usize) -> String {
    format!("S{number:02}")
}

/// Returns the id of a station's operating cycle, which is always open.
pub(super) fn cycle(number: usize) -> String {
    format!("S{number:02}-day")
}

/// Makes the reference file of all stations.
pub(crate) fn file() -> String {
    let stations: Vec<_> = (0..STATIONS).map(of_station).collect();
    json!({ "stations": stations }).to_string()
}

fn of_station(number: usize) -> Value {
    let addresses = (0..ADDRESSES)
        .map(|n| json!({"address_id": format!("A{n}"), "name": "客户", "can_order": true}));
    let skus = (0..SKUS).map(|n| sku(&format!("D{n}"), true));
    let id = station(number);
    json!({
        "station_id": id,
        "time_configs": [{"id": cycle(number), "name": id, "type": 1, "enabled": true,
            "order_time_limit": {"start": "00:00", "end": "23:59", "e_span_time": 0},
            "receive_time_limit": {"start": "00:00", "end": "23:59", "s_span_time": 0, "e_span_time": 9, "weekdays": 127}}],
        "addresses": addresses.collect::<Vec<_>>(),
        "skus": skus.chain([sku(OFF_SALE, false)]).collect::<Vec<_>>(),
    })
}

fn sku(id: &str, on_sale: bool) -> Value {
    json!({"sku_id": id, "name": "白菜", "sale_unit": "斤", "sale_price": "2.50", "sale_num_least": "0.01", "on_sale": on_sale})
}
