//! A sound order, and the errors when one field of it is wrong.

mod fields;
mod lines;
mod prices;
mod properties;
mod times;

use std::collections::BTreeMap;

use jiff::civil::datetime;

use super::*;
use crate::orders::parse;
use crate::orders::reference::{Address, Sku};

/// An order in the making: the raw JSON of each field.
struct Sent {
    fields: BTreeMap<&'static str, String>,
    line: BTreeMap<&'static str, String>,
}

impl Sent {
    /// A sound order of one line.
    fn sound() -> Self {
        let mut sent = Self {
            fields: BTreeMap::new(),
            line: BTreeMap::new(),
        };
        sent = sent.with("address_id", r#""S001""#);
        sent = sent
            .with("receive_begin_time", r#""2026-07-01 20:00""#)
            .with("receive_end_time", r#""2026-07-02 07:00""#);
        sent.line("sku_id", r#""D1""#).line("amount", "2")
    }

    /// With a field of the order, as raw JSON.
    fn with(mut self, field: &'static str, json: &str) -> Self {
        self.fields.insert(field, json.to_owned());
        self
    }

    /// With a field of the line, as raw JSON.
    fn line(mut self, field: &'static str, json: &str) -> Self {
        self.line.insert(field, json.to_owned());
        self
    }

    fn json(&self) -> String {
        let object = |fields: &BTreeMap<&str, String>| {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, json)| format!("\"{name}\":{json}"))
                .collect();
            format!("{{{}}}", fields.join(","))
        };
        let mut fields = self.fields.clone();
        fields
            .entry("details")
            .or_insert_with(|| format!("[{}]", object(&self.line)));
        object(&fields)
    }

    fn checked(&self) -> Result<Order, ItemErrors> {
        self.checked_by(|_| {})
    }

    fn checked_by(&self, change: impl FnOnce(&mut Checks<'_>)) -> Result<Order, ItemErrors> {
        let (reference, cycle) = (reference(), cycle());
        let mut checks = checks(&reference, &cycle);
        change(&mut checks);
        validate(&parse(&self.json()).unwrap(), &checks)
    }

    /// The order as it is accepted.
    fn order(&self) -> Order {
        self.checked().unwrap()
    }

    /// The only error of the order.
    fn error(&self) -> ItemError {
        only(self.checked())
    }

    /// Code and field of the only error of the order.
    fn fails(&self) -> (&'static str, String) {
        let error = self.error();
        (error.code, error.field)
    }
}

fn only(checked: Result<Order, ItemErrors>) -> ItemError {
    let errors = checked.unwrap_err();
    assert_eq!(errors.count(), 1, "{errors:?}");
    errors[0].clone()
}

fn fails(code: &'static str, field: &str) -> (&'static str, String) {
    (code, field.to_owned())
}

fn codes(checked: Result<Order, ItemErrors>) -> Vec<&'static str> {
    checked
        .unwrap_err()
        .into_iter()
        .map(|error| error.code)
        .collect()
}

fn sku(json: &str) -> Sku {
    serde_json::from_str(json).unwrap()
}

fn reference() -> Reference {
    let address = |can_order| Address {
        name: "东门店".to_owned(),
        can_order,
    };
    let plain = r#"{"name": "白菜", "sale_unit": "斤", "sale_price": "2.50", "sale_num_least": "0.01", "on_sale": true}"#;
    let skus = [
        ("D1", plain.to_owned()),
        ("OFF", plain.replace("true", "false")),
        ("LEAST", plain.replace("0.01", "1.50")),
        (
            "HERE",
            plain.replace('}', r#", "time_config_id": "ST001"}"#),
        ),
        (
            "ELSEWHERE",
            plain.replace('}', r#", "time_config_id": "ST002"}"#),
        ),
    ];
    Reference {
        addresses: [("S001", address(true)), ("CLOSED", address(false))]
            .map(|(id, row)| (id.to_owned(), row))
            .into(),
        skus: skus.map(|(id, json)| (id.to_owned(), sku(&json))).into(),
    }
}

fn cycle() -> Cycle {
    let json = r#"{"id": "ST001", "type": 1, "order_time_limit": {"start": "00:00", "end": "23:59"},
        "receive_time_limit": {"start": "06:00", "end": "23:30", "s_span_time": 0, "e_span_time": 1, "weekdays": 63}}"#;
    serde_json::from_str(json).unwrap()
}

/// As Shanghai's: its clock skips nothing.
static SHANGHAI: TimeZone = TimeZone::fixed(jiff::tz::offset(8));

/// Accepted on a Wednesday at noon.
fn checks<'a>(reference: &'a Reference, cycle: &'a Cycle) -> Checks<'a> {
    let accepted_at = datetime(2026, 7, 1, 12, 0, 30, 0);
    Checks {
        reference,
        cycle,
        accepted_at,
        zone: &SHANGHAI,
        duplicate_of: None,
        existing_order: None,
    }
}
