//! The possible outcomes of an order, as far as they depend on data that changed while its run went on.

use std::collections::HashMap;

use serde_json::Value;

use super::content::changing_prices;
use super::reference::Loads;
use super::rows::Order;
use crate::reference::{CHANGING_ADDRESS, CHANGING_SKU};

/// The data that changed around a run.
pub(super) struct Possible<'h> {
    pub(super) loads: Option<&'h Loads>,
    pub(super) owners: &'h HashMap<(String, String), i64>,
    pub(super) station: &'h str,
    pub(super) task_id: i64,
    /// When the run was asked for.
    pub(super) from_ms: i64,
}

impl Possible<'_> {
    /// Why an order could not be made as it is; `None` when it could.
    pub(super) fn not_made(&self, sent: &Value, order: &Order) -> Option<String> {
        let loads = self.loads?;
        let until = order.created_ms;
        let ever = |test: &dyn Fn(&_) -> bool| loads.ever(self.from_ms, until, |v| test(v));
        if names_sku(sent) && !ever(&|version| version.on_sale) {
            return Some(format!("the sku was off sale all the time: {sent}"));
        }
        if names_address(sent) && !ever(&|version| version.can_order) {
            return Some(format!("the address was forbidden all the time: {sent}"));
        }
        let mut prices = changing_prices(sent, order).into_iter();
        let wrong = prices.find(|price| !ever(&|version| version.price == *price))?;
        Some(format!("the price was never {wrong} then: {sent}"))
    }

    /// Whether each of an order's errors could be one.
    pub(super) fn refused(&self, sent: &Value, codes: &[String]) -> bool {
        !codes.is_empty() && codes.iter().all(|code| self.is_possible(sent, code))
    }

    fn is_possible(&self, sent: &Value, code: &str) -> bool {
        let ever = |test: fn(&_) -> bool| {
            self.loads
                .is_some_and(|loads| loads.ever(self.from_ms, i64::MAX, test))
        };
        match code {
            "SKU_OFF_SALE" => names_sku(sent) && ever(|version| !version.on_sale),
            "ADDRESS_FORBIDDEN" => names_address(sent) && ever(|version| !version.can_order),
            // Another batch has made an order with this number.
            "DUPLICATE_ORDER_NO" => sent["out_order_no"].as_str().is_some_and(|number| {
                let owner = (self.station.to_owned(), number.to_owned());
                self.owners
                    .get(&owner)
                    .is_some_and(|task| *task != self.task_id)
            }),
            _ => false,
        }
    }
}

fn names_sku(sent: &Value) -> bool {
    let mut lines = sent["details"].as_array().into_iter().flatten();
    lines.any(|line| line["sku_id"] == CHANGING_SKU)
}

fn names_address(sent: &Value) -> bool {
    sent["address_id"] == CHANGING_ADDRESS
}
