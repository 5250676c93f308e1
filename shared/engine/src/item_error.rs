//! Why an item of a batch failed, as it is stored and answered.

use std::ops::Deref;

use serde::Serialize;

/// The most errors that are kept of an item: a person mends these first.
pub const KEPT_ERRORS: usize = 20;
/// Characters of a sent value that an error repeats.
const SHOWN_CHARS: usize = 64;

/// Tells one thing that is wrong with an item, shaped as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemError {
    /// The stable code of the rule that failed.
    pub code: &'static str,
    /// The field of the item, e.g. `details[1].amount`; empty for the item as a whole.
    pub field: String,
    /// The value as sent, cut to 64 characters; `None` when nothing was sent.
    pub value: Option<String>,
    /// A sentence a person can act on: names the field, the limit and the value.
    pub msg: String,
}

impl ItemError {
    /// Creates the error of a value that was sent. `value` is cut; `msg` is the caller's to keep short.
    #[must_use]
    pub fn new(
        code: impl Into<&'static str>,
        field: impl Into<String>,
        value: &str,
        msg: impl Into<String>,
    ) -> Self {
        Self {
            value: Some(shown(value).to_owned()),
            ..Self::absent(code, field, msg)
        }
    }

    /// Creates the error of a value that was not sent.
    #[must_use]
    pub fn absent(
        code: impl Into<&'static str>,
        field: impl Into<String>,
        msg: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            field: field.into(),
            value: None,
            msg: msg.into(),
        }
    }

    /// Creates the error of an item that could not be worked although nothing is wrong with it.
    #[must_use]
    pub fn busy() -> Self {
        Self::absent("SYSTEM_BUSY", "", "系统繁忙，该条未处理，请稍后重新提交")
    }

    /// Creates the error of an item that its batch's close left without an outcome.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::absent("CANCELLED", "", "批次已关闭，该条未处理")
    }
}

/// Cuts a sent value to the characters that an error repeats.
#[must_use]
pub fn shown(value: &str) -> &str {
    value
        .char_indices()
        .nth(SHOWN_CHARS)
        .map_or(value, |(end, _)| &value[..end])
}

/// Collects the errors of one item. It keeps the first [`KEPT_ERRORS`] and counts the rest, so that an item of junk takes
/// no more room than any other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemErrors {
    first: Vec<ItemError>,
    count: usize,
}

impl ItemErrors {
    /// Adds an error.
    pub fn push(&mut self, error: ItemError) {
        self.count += 1;
        if self.first.len() < KEPT_ERRORS {
            self.first.push(error);
        }
    }

    /// Counts all errors, also the errors that are not kept.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }
}

impl From<ItemError> for ItemErrors {
    fn from(error: ItemError) -> Self {
        Self {
            first: vec![error],
            count: 1,
        }
    }
}

impl Deref for ItemErrors {
    type Target = [ItemError];

    fn deref(&self) -> &[ItemError] {
        &self.first
    }
}

impl IntoIterator for ItemErrors {
    type Item = ItemError;
    type IntoIter = std::vec::IntoIter<ItemError>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_twenty_errors_are_kept_and_all_are_counted() {
        let mut errors = ItemErrors::default();
        assert!(errors.is_empty());
        for _ in 0..1_000 {
            errors.push(ItemError::busy());
        }
        assert_eq!((errors.len(), errors.count()), (20, 1_000));
    }

    #[test]
    fn a_long_value_is_cut_to_64_characters_not_bytes() {
        let error = ItemError::new("REMARK_TOO_LONG", "remark", &"菜".repeat(65), "");
        assert_eq!(error.value.unwrap(), "菜".repeat(64));
    }

    #[test]
    fn an_error_is_answered_as_code_field_value_and_msg() {
        let json = serde_json::to_string(&ItemError::cancelled()).unwrap();
        assert_eq!(
            json,
            r#"{"code":"CANCELLED","field":"","value":null,"msg":"批次已关闭，该条未处理"}"#
        );
    }
}
