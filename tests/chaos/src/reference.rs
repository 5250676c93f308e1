//! The reference data of a stage: most of it never changes, one sku, one address and one cycle of each station do.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The sku that goes off sale and comes back, at changing prices.
pub(crate) const CHANGING_SKU: &str = "V0";
/// The address that is forbidden and allowed in turns.
pub(crate) const CHANGING_ADDRESS: &str = "V1";
/// How many skus, `P0` and up, have their prices changed in batches.
pub(crate) const PRICED_SKUS: u32 = 120;

/// The part of a station's reference data that changes, as it is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    /// Of the changing sku.
    pub(crate) price: String,
    pub(crate) on_sale: bool,
    /// Of the changing address.
    pub(crate) can_order: bool,
    /// The night cycle takes orders.
    pub(crate) open: bool,
}

impl Version {
    /// Everything is allowed; also the end of a run, so that unanswered calls can be sent again.
    pub(crate) fn allowing(price: &str) -> Self {
        Self {
            price: price.to_owned(),
            on_sale: true,
            can_order: true,
            open: true,
        }
    }
}

/// A station with a cycle `<id>-day`, which is always open; addresses `S0` to `S49`; skus `D0` (2.50, at least 0.5), `D1`
/// (1.00) and `D2`, which is off sale; skus `P0` and up; and a first version of the rest.
pub(crate) fn station(id: &str) -> Value {
    let mut station = changing(id, &Version::allowing("3.00"));
    extend(&mut station, "time_configs", [cycle(id, "day", true)]);
    let addresses = (0..50).map(|n| address(&format!("S{n}"), true));
    extend(&mut station, "addresses", addresses);
    let priced = (0..PRICED_SKUS).map(|n| sku(&format!("P{n}"), "1.00", "0.01", true));
    extend(&mut station, "skus", priced);
    let fixed = [
        sku("D0", "2.50", "0.5", true),
        sku("D1", "1.00", "0.01", true),
        sku("D2", "1.00", "0.01", false),
    ];
    extend(&mut station, "skus", fixed);
    station
}

/// The changing part of a station alone.
pub(crate) fn changing(id: &str, version: &Version) -> Value {
    json!({
        "station_id": id,
        "time_configs": [cycle(id, "night", version.open)],
        "addresses": [address(CHANGING_ADDRESS, version.can_order)],
        "skus": [sku(CHANGING_SKU, &version.price, "0.01", version.on_sale)],
    })
}

fn extend(station: &mut Value, field: &str, more: impl IntoIterator<Item = Value>) {
    if let Some(list) = station[field].as_array_mut() {
        list.extend(more);
    }
}

fn cycle(station: &str, name: &str, enabled: bool) -> Value {
    json!({"id": format!("{station}-{name}"), "name": station, "type": 1, "enabled": enabled,
        "order_time_limit": {"start": "00:00", "end": "23:59", "e_span_time": 0},
        "receive_time_limit": {"start": "00:00", "end": "23:59", "s_span_time": 0, "e_span_time": 9, "weekdays": 127}})
}

fn address(id: &str, can_order: bool) -> Value {
    json!({"address_id": id, "name": format!("客户{id}"), "can_order": can_order})
}

fn sku(id: &str, price: &str, least: &str, on_sale: bool) -> Value {
    json!({"sku_id": id, "name": "白菜", "sale_unit": "斤", "sale_price": price, "sale_num_least": least,
        "on_sale": on_sale, "time_config_id": null})
}
