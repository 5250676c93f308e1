//! The reference data that orders are checked against, as far as their rules need it: one station's
//! addresses and skus. Another system owns it; see also [`Cycle`](super::Cycle).

use std::collections::HashMap;

use serde::Deserialize;

use crate::items::{Money, Quantity};

/// The addresses and skus that orders name, by id. An id that is missing here does not exist in this station.
#[derive(Debug, Clone, Default)]
pub struct Reference {
    /// By `address_id`.
    pub addresses: HashMap<String, Address>,
    /// By `sku_id`.
    pub skus: HashMap<String, Sku>,
}

/// A customer's delivery address.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Address {
    /// Its name for people; shown in messages, may be empty.
    #[serde(default)]
    pub name: String,
    /// May orders be placed for it?
    pub can_order: bool,
}

/// Something that can be ordered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Sku {
    /// Its name for people; shown in messages, may be empty.
    #[serde(default)]
    pub name: String,
    /// The unit quantities are counted in; shown in messages, may be empty.
    #[serde(default)]
    pub sale_unit: String,
    /// The price of one sale unit, where an order's line names none.
    pub sale_price: Money,
    /// The least quantity of one line.
    pub sale_num_least: Quantity,
    /// Whether it is sold at present.
    pub on_sale: bool,
    /// The only operating cycle it is sold in; `None` for any.
    #[serde(default)]
    pub time_config_id: Option<String>,
}
