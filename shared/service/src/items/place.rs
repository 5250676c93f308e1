//! Where in an order a value stands: the path an error carries and the words a person finds it by.
//! Only put into words once something is wrong, so that a sound order costs nothing.

use task_engine::ItemError;

use super::code::ItemErrorCode;
use super::quote::quoted;

/// One field of the order or of one of its lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    line: Option<usize>,
    key: &'static str,
    name: &'static str,
}

impl Place {
    /// Makes a field of the order itself: its key, and its name in Chinese.
    pub(crate) const fn order(key: &'static str, name: &'static str) -> Self {
        Self {
            line: None,
            key,
            name,
        }
    }

    /// Makes a field of the line at `index`.
    pub(crate) const fn line(index: usize, key: &'static str, name: &'static str) -> Self {
        Self {
            line: Some(index),
            key,
            name,
        }
    }

    /// Creates the error of a field that is not there.
    pub(crate) fn missing(self, code: ItemErrorCode) -> ItemError {
        let (line, name, key) = (self.line_words(), self.name, self.key);
        ItemError::absent(code, self.path(), format!("{line}缺少{name} {key}"))
    }

    /// Creates the error of a value that breaks `rule`, a phrase that follows the field's name.
    pub(crate) fn breaks(self, code: ItemErrorCode, value: &str, rule: &str) -> ItemError {
        let (line, name, key, sent) = (self.line_words(), self.name, self.key, quoted(value));
        ItemError::new(
            code,
            self.path(),
            value,
            format!("{line}{name} {key} {rule}，实际为 {sent}"),
        )
    }

    /// Creates an error with a sentence of its own.
    pub(crate) fn error(self, code: ItemErrorCode, value: &str, sentence: &str) -> ItemError {
        ItemError::new(
            code,
            self.path(),
            value,
            format!("{}{sentence}", self.line_words()),
        )
    }

    fn path(self) -> String {
        match self.line {
            Some(index) => format!("details[{index}].{}", self.key),
            None => self.key.to_owned(),
        }
    }

    /// Returns the line as people count: from one.
    fn line_words(self) -> String {
        self.line
            .map(|index| format!("第 {} 行", index + 1))
            .unwrap_or_default()
    }
}
