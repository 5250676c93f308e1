//! Values for a task's result: JSON documents and amounts, checked so that MySQL and MariaDB hold the same
//! afterwards.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::numbers::{InexactNumber, kept_exactly};
use crate::json;

/// A JSON text without a repeated name, and how deep it nests.
#[derive(Debug, Clone)]
pub struct Document<'a> {
    text: Cow<'a, str>,
    depth: usize,
}

/// Why a text is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadDocument {
    /// It is no JSON.
    #[error("must be JSON")]
    NoJson,
    /// One of its numbers would not come back as it was sent.
    #[error(transparent)]
    Inexact(#[from] InexactNumber),
}

impl<'a> Document<'a> {
    /// Takes a JSON text as it is; where an object names a member twice the last one counts, as in MySQL, and the
    /// text is written anew (MariaDB would keep both).
    ///
    /// # Errors
    /// The text is no JSON, or holds a number that the database would change.
    pub fn parse(text: Cow<'a, str>) -> Result<Self, BadDocument> {
        let text = match kept_exactly(whole(&text)?)? {
            Some(anew) => Cow::Owned(anew),
            None => text,
        };
        let value: Value = serde_json::from_str(&text).map_err(|_| BadDocument::NoJson)?;
        let depth = depth(&value);
        let text = if members(&value) == json::members(&text) {
            text
        } else {
            let mut once = String::new();
            push_once(&text, &mut once).map_err(|_| BadDocument::NoJson)?;
            Cow::Owned(once)
        };
        Ok(Self { text, depth })
    }

    /// Bounds the bytes that the database prints it with: blanks after `,` and `:`, numbers without exponent.
    #[must_use]
    pub fn most_bytes(&self) -> usize {
        self.text.len().saturating_mul(6).saturating_add(32)
    }

    /// Returns the JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the number of nested lists and objects; 0 for a single value.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.depth
    }

    /// Tells whether it is `null`, which as the whole result means that there is none.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.text.trim() == "null"
    }
}

/// Returns the JSON text without the blanks around it.
fn whole(text: &str) -> Result<&str, BadDocument> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|_| BadDocument::NoJson)?;
    Ok(raw.get())
}

/// Writes a JSON text with the last of each object's members of one name; numbers stay as they are written.
fn push_once(json: &str, once: &mut String) -> serde_json::Result<()> {
    match json.trim_start().as_bytes().first() {
        Some(b'{') => {
            let object: BTreeMap<String, &RawValue> = serde_json::from_str(json)?;
            let mut before = '{';
            for (name, value) in object {
                once.push(std::mem::replace(&mut before, ','));
                once.push_str(&serde_json::to_string(&name)?);
                once.push(':');
                push_once(value.get(), once)?;
            }
            once.push_str(if before == '{' { "{}" } else { "}" });
        }
        Some(b'[') => {
            let list: Vec<&RawValue> = serde_json::from_str(json)?;
            let mut before = '[';
            for value in list {
                once.push(std::mem::replace(&mut before, ','));
                push_once(value.get(), once)?;
            }
            once.push_str(if before == '[' { "[]" } else { "]" });
        }
        _ => once.push_str(json),
    }
    Ok(())
}

fn members(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.len() + object.values().map(members).sum::<usize>(),
        Value::Array(list) => list.iter().map(members).sum(),
        _ => 0,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(object) => 1 + object.values().map(depth).max().unwrap_or(0),
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// A decimal that a number is increased by: at most [`Amount::MAX_DIGITS`] digits, possibly negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount(String);

impl Amount {
    /// The most digits of an amount and of the sum: that many survive a floating-point number unchanged, which is
    /// MySQL's representation of a decimal in JSON.
    pub const MAX_DIGITS: usize = 15;

    /// Parses a decimal without exponent.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let plain = digits(whole) && digits(fraction);
        let fits = number.bytes().filter(u8::is_ascii_digit).count() <= Self::MAX_DIGITS;
        (plain && fits).then(|| Self(text.to_owned()))
    }

    /// Returns the decimal as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document<'_> {
        Document::parse(Cow::Borrowed(text)).unwrap()
    }

    #[test]
    fn a_document_is_kept_as_it_was_written() {
        for text in [
            r#"{"b": 2.50, "a": [1e2, ":"]}"#,
            r#""a:\":b""#,
            "1",
            "null",
        ] {
            assert_eq!(document(text).as_str(), text);
        }
    }

    #[test]
    fn of_a_name_given_twice_the_last_counts() {
        assert_eq!(document(r#"[{"a": 1, "a": 2}]"#).as_str(), r#"[{"a":2}]"#);
        assert_eq!(document(r#"{"a":1,"\u0061":2}"#).as_str(), r#"{"a":2}"#);
        let number = "0.30000000000000004";
        let text = format!(r#"{{"b":[],"a":1,"a":[{number},{{}}]}}"#);
        let once = format!(r#"{{"a":[{number},{{}}],"b":[]}}"#);
        assert_eq!(document(&text).as_str(), once);
    }

    #[test]
    fn depth_counts_lists_and_objects_on_the_longest_way_in() {
        for (text, depth) in [("1", 0), ("[]", 1), (r#"{"a":[1],"b":[[{}]]}"#, 4)] {
            assert_eq!(document(text).depth(), depth, "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_json_is_no_document() {
        assert!(Document::parse(Cow::Borrowed("{")).is_err());
    }

    #[test]
    fn an_amount_is_a_plain_decimal_of_at_most_15_digits() {
        for text in ["0", "-1", "0.25", "-12.50", "123456789012345"] {
            assert_eq!(Amount::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "-",
            "1e3",
            ".5",
            "5.",
            "+1",
            "a",
            "1234567890123456",
            "--1",
            "[1]",
        ] {
            assert_eq!(Amount::parse(text), None, "{text:?}");
        }
    }
}
