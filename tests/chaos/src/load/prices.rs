//! Lists of price changes: right ones, wrong ones whose error is known beforehand, and repeated skus.

use std::collections::HashSet;

use fastrand::Rng;
use serde_json::json;

use super::orders::Payload;
use crate::ledger::{Expected, Job};
use crate::reference::PRICED_SKUS;

/// Price changes for a list.
pub(super) fn payload(rng: &mut Rng) -> Payload {
    let (mut orders, mut expected) = (Vec::new(), Expected::new());
    let mut named = HashSet::new();
    for index in 0..rng.u32(1..=150) {
        let sku = format!("P{}", rng.u32(..PRICED_SKUS));
        let hundredths = rng.u32(1..99_999);
        let price = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        let (item, code) = match rng.u8(..30) {
            0 => (
                json!({"sku_id": "P404", "sale_price": price}),
                Some("SKU_NOT_FOUND"),
            ),
            1 => (
                json!({"sku_id": sku, "sale_price": "-1"}),
                Some("PRICE_NEGATIVE"),
            ),
            2 => (json!({ "sku_id": sku }), Some("PRICE_REQUIRED")),
            _ => (json!({"sku_id": sku, "sale_price": price}), None),
        };
        let is_first = named.insert(item["sku_id"].to_string());
        let code = code.or((!is_first).then_some("DUPLICATE_IN_BATCH"));
        expected.extend(code.map(|code| (index, code.to_owned())));
        orders.push(item);
    }
    Payload {
        job: Job::Prices,
        orders,
        expected,
        ..Payload::default()
    }
}
