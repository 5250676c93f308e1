//! One price change: its verbatim JSON text, and every rule for it (pure code, no database).

use serde::Deserialize;
use task_engine::{ItemError, ItemErrors};

use crate::items::{
    ItemErrorCode, MAX_ID_CHARS, Money, Place, Scalar, price, quoted, readable, too_long, trimmed,
    usable_id,
};

const SKU: Place = Place::order("sku_id", "商品编号");
const PRICE: Place = Place::order("sale_price", "售价");

/// One change as it was sent, borrowed from its text. Unknown fields are skipped.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RawChange<'a> {
    #[serde(borrow, deserialize_with = "trimmed")]
    sku_id: Scalar<'a>,
    #[serde(borrow, deserialize_with = "trimmed")]
    sale_price: Scalar<'a>,
}

/// A change that broke no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The sku; it exists in the station.
    pub sku_id: String,
    /// Its new price.
    pub sale_price: Money,
}

impl RawChange<'_> {
    /// Returns the sku to look up. `None` when there is no usable one.
    #[must_use]
    pub fn sku_id(&self) -> Option<&str> {
        usable_id(&self.sku_id)
    }

    /// Returns the price as it was sent.
    #[must_use]
    pub fn sale_price(&self) -> Option<&str> {
        (!self.sale_price.is_absent()).then(|| self.sale_price.as_sent())
    }
}

/// Splits one change's verbatim JSON text into its fields.
///
/// # Errors
/// `ITEM_FORMAT` for a text that is not one JSON object, or that names one of our fields twice.
pub fn parse(raw: &str) -> Result<RawChange<'_>, ItemError> {
    readable(raw)
        .map_err(|wrong| ItemError::new(ItemErrorCode::ItemFormat, "", raw, format!("该条{wrong}")))
}

/// Returns the key of a change within a batch: its sku. `None` when there is no usable sku.
#[must_use]
pub fn key(raw: &str) -> Option<String> {
    parse(raw).ok()?.sku_id().map(str::to_owned)
}

/// Checks one change, all rules at once. `exists`: the station has the sku; `duplicate_of`: the first change of the
/// batch for the same sku, where that is an earlier one.
///
/// # Errors
/// At least one error.
pub fn check(
    raw: &RawChange<'_>,
    exists: impl Fn(&str) -> bool,
    duplicate_of: Option<u32>,
) -> Result<Change, ItemErrors> {
    let mut errors = ItemErrors::default();
    let sku_id = sku(&raw.sku_id, exists, &mut errors);
    if let (Some(id), Some(first)) = (&sku_id, duplicate_of) {
        let sentence = format!("商品 {} 与本批次中 index 为 {first} 的条目重复", quoted(id));
        errors.push(SKU.error(
            ItemErrorCode::DuplicateInBatch,
            &first.to_string(),
            &sentence,
        ));
    }
    let sale_price = if raw.sale_price.is_absent() {
        errors.push(PRICE.missing(ItemErrorCode::PriceRequired));
        None
    } else {
        price(PRICE, &raw.sale_price, &mut errors)
    };
    match (sku_id, sale_price) {
        (Some(sku_id), Some(sale_price)) if errors.is_empty() => Ok(Change { sku_id, sale_price }),
        _ => Err(errors),
    }
}

fn sku(
    sent: &Scalar<'_>,
    exists: impl Fn(&str) -> bool,
    errors: &mut ItemErrors,
) -> Option<String> {
    if sent.is_absent() {
        errors.push(SKU.missing(ItemErrorCode::SkuRequired));
        return None;
    }
    let Some(id) = usable_id(sent) else {
        let rule = match sent.text() {
            Some(text) => too_long(MAX_ID_CHARS, text.chars().count()),
            None => "应为文本或数字".to_owned(),
        };
        errors.push(SKU.breaks(ItemErrorCode::ItemFormat, sent.as_sent(), &rule));
        return None;
    };
    if !exists(id) {
        let sentence = format!("商品 {} 在本站点不存在", quoted(id));
        errors.push(SKU.error(ItemErrorCode::SkuNotFound, id, &sentence));
    }
    Some(id.to_owned())
}

#[cfg(test)]
mod tests;
