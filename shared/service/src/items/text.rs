//! Ids and the lengths of texts.

use super::scalar::Scalar;

/// Characters an id may have (`address_id`, `sku_id`, `uid`, `out_order_no`), without the blanks around it.
pub const MAX_ID_CHARS: usize = 64;

/// Answers the id of a string or number of no more than [`MAX_ID_CHARS`] characters.
pub(crate) fn usable_id<'s>(sent: &'s Scalar<'_>) -> Option<&'s str> {
    sent.text()
        .filter(|text| text.len() <= MAX_ID_CHARS || text.chars().count() <= MAX_ID_CHARS)
}

/// Words the rule that a text of `chars` characters breaks where `limit` are allowed.
pub(crate) fn too_long(limit: usize, chars: usize) -> String {
    format!("最多 {limit} 个字符（现有 {chars} 个）")
}
