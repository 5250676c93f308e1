//! A station of a test's own, so that tests can run side by side in one database.

use serde_json::{Value, json};

use super::{Api, unique};

/// A station: addresses `S0` to `S49` and `S99`, which may not order; skus `D0` (2.50, at least 0.5), `D1`, `D2`,
/// which is off sale, and `D3`, which only `other_cycle` sells.
pub(crate) struct Station {
    pub(crate) id: String,
    /// Takes orders at any time, receives on the next nine days.
    pub(crate) cycle: String,
    pub(crate) other_cycle: String,
    /// Takes no orders.
    pub(crate) closed_cycle: String,
}

impl Station {
    /// Makes one that no other test uses.
    pub(crate) async fn fresh(api: &Api) -> Self {
        let id = unique("T");
        let station = Self {
            cycle: format!("{id}-open"),
            other_cycle: format!("{id}-other"),
            closed_cycle: format!("{id}-closed"),
            id,
        };
        let file = json!({"stations": [station.reference()]}).to_string();
        let url = api.stack.database_url();
        task_local::database::load_reference(url, file)
            .await
            .unwrap();
        station
    }

    fn reference(&self) -> Value {
        let address = |n: usize| json!({"address_id": format!("S{n}"), "name": format!("客户{n}"), "can_order": n != 99});
        json!({"station_id": self.id,
            "time_configs": [cycle(&self.cycle, true), cycle(&self.other_cycle, true), cycle(&self.closed_cycle, false)],
            "addresses": (0..50).chain([99]).map(address).collect::<Vec<_>>(),
            "skus": [
                sku("D0", "2.50", "0.5", true, None), sku("D1", "1.00", "0.01", true, None),
                sku("D2", "1.00", "0.01", false, None), sku("D3", "1.00", "0.01", true, Some(&self.other_cycle))]})
    }
}

fn cycle(id: &str, enabled: bool) -> Value {
    json!({"id": id, "name": id, "type": 1, "enabled": enabled,
        "order_time_limit": {"start": "00:00", "end": "23:59", "e_span_time": 0},
        "receive_time_limit": {"start": "00:00", "end": "23:59", "s_span_time": 0, "e_span_time": 9, "weekdays": 127}})
}

fn sku(id: &str, price: &str, least: &str, on_sale: bool, only_in: Option<&str>) -> Value {
    json!({"sku_id": id, "name": "白菜", "sale_unit": "斤", "sale_price": price, "sale_num_least": least,
        "on_sale": on_sale, "time_config_id": only_in})
}
