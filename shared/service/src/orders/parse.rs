//! The shape of one order: its verbatim JSON text, split into borrowed fields without judging them.
//!
//! Only an unreadable order fails here. Unknown fields are skipped, however deep they nest, and a line
//! that is no object is kept as the error it is, so that the rest of the order is still checked.

mod details;

use serde::Deserialize;

pub use details::MAX_LINES;
pub(super) use details::{Details, RawLine};

use task_engine::ItemError;

use crate::items::{ItemErrorCode, Scalar, object, readable, trimmed, usable_id};

/// One order as it was sent, borrowed from its text.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RawOrder<'a> {
    #[serde(borrow, deserialize_with = "trimmed")]
    pub(super) address_id: Scalar<'a>,
    #[serde(borrow, deserialize_with = "trimmed")]
    pub(super) out_order_no: Scalar<'a>,
    #[serde(borrow, deserialize_with = "trimmed")]
    pub(super) uid: Scalar<'a>,
    #[serde(borrow)]
    pub(super) remark: Scalar<'a>,
    #[serde(borrow)]
    pub(super) receive_begin_time: Scalar<'a>,
    #[serde(borrow)]
    pub(super) receive_end_time: Scalar<'a>,
    #[serde(borrow)]
    pub(super) details: Details<'a>,
}

/// The fields of an order that [`key`] reads.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct KeyFields<'a> {
    #[serde(borrow, deserialize_with = "trimmed")]
    pub(super) address_id: Scalar<'a>,
    #[serde(borrow, deserialize_with = "trimmed")]
    pub(super) out_order_no: Scalar<'a>,
}

/// Splits one order's verbatim JSON text into its fields.
///
/// # Errors
/// `ORDER_FORMAT` for a text that is not one JSON object, or that names one of our fields twice.
pub fn parse(raw: &str) -> Result<RawOrder<'_>, ItemError> {
    readable(raw).map_err(|wrong| {
        ItemError::new(ItemErrorCode::OrderFormat, "", raw, format!("订单{wrong}"))
    })
}

/// Returns the key of an order within a batch: `o:<out_order_no>` where the order has that number, else
/// `a:<address_id>`; at most 66 characters. `None` when the order is unreadable or the field that decides is
/// absent or unusable: an order without a key fails on its own account and is nobody's duplicate.
#[must_use]
pub fn key(raw: &str) -> Option<String> {
    let fields: KeyFields<'_> = object(raw).ok()?;
    key_of(&fields.address_id, &fields.out_order_no)
}

fn key_of(address_id: &Scalar<'_>, out_order_no: &Scalar<'_>) -> Option<String> {
    let (prefix, deciding) = if out_order_no.is_absent() {
        ("a:", address_id)
    } else {
        ("o:", out_order_no)
    };
    usable_id(deciding).map(|id| format!("{prefix}{id}"))
}

impl RawOrder<'_> {
    /// Returns the answer of [`key`] for its text.
    #[must_use]
    pub fn key(&self) -> Option<String> {
        key_of(&self.address_id, &self.out_order_no)
    }

    /// Returns the address to look up. `None` when there is no usable one.
    #[must_use]
    pub fn address_id(&self) -> Option<&str> {
        usable_id(&self.address_id)
    }

    /// Returns the caller's order number, to look for an existing order. `None` when there is no usable one.
    #[must_use]
    pub fn out_order_no(&self) -> Option<&str> {
        usable_id(&self.out_order_no)
    }

    /// Returns the skus to look up, once for each line that names a usable one.
    pub fn sku_ids(&self) -> impl Iterator<Item = &str> {
        let lines = match &self.details {
            Details::Lines(lines, _) => lines.as_slice(),
            Details::Absent | Details::NotAList(_) => &[],
        };
        lines
            .iter()
            .flatten()
            .filter_map(|line| usable_id(&line.sku_id))
    }
}

#[cfg(test)]
mod tests;
