//! One JSON value of an order, borrowed from its text and told apart by its first byte, so that a field of
//! any type can be named in a fault instead of failing the whole order. Never looks inside lists or objects.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use task_store::json::plain_string;

/// A field as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Scalar<'a> {
    /// Not there, `null` or `""`.
    #[default]
    Absent,
    /// A string that is not empty, escapes resolved.
    Text(Cow<'a, str>),
    /// A number's raw text.
    Number(&'a str),
    /// `true` or `false`.
    Bool(bool),
    /// A list, an object, or a string that is no Unicode text (a lone surrogate): its raw text.
    Unusable(&'a str),
}

impl<'a> Scalar<'a> {
    /// Tells a raw JSON value apart.
    fn of(raw: &'a str) -> Self {
        match raw.as_bytes().first() {
            None | Some(b'n') => Self::Absent,
            Some(b'"') => Self::of_string(raw),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'{' | b'[') => Self::Unusable(raw),
            Some(_) => Self::Number(raw),
        }
    }

    fn of_string(raw: &'a str) -> Self {
        if raw == "\"\"" {
            return Self::Absent;
        }
        if let Some(plain) = plain_string(raw) {
            return Self::Text(Cow::Borrowed(plain));
        }
        serde_json::from_str(raw).map_or(Self::Unusable(raw), |text| Self::Text(Cow::Owned(text)))
    }

    /// Cuts off the blanks around a text, of whatever kind; a text of nothing but blanks is absent.
    fn trimmed(self) -> Self {
        match self {
            Self::Text(text) if text.trim().is_empty() => Self::Absent,
            Self::Text(Cow::Borrowed(text)) => Self::Text(Cow::Borrowed(text.trim())),
            Self::Text(Cow::Owned(text)) if text.trim().len() < text.len() => {
                Self::Text(Cow::Owned(text.trim().to_owned()))
            }
            other => other,
        }
    }

    /// Tells whether nothing was sent.
    pub(crate) fn is_absent(&self) -> bool {
        *self == Self::Absent
    }

    /// Returns the text of a string or a number: ids and decimals may come as either. `None` for all else.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(raw) => Some(raw),
            Self::Absent | Self::Bool(_) | Self::Unusable(_) => None,
        }
    }

    /// Returns the boolean, also when it was sent as 0 or 1 or as a string. `None` when it is no boolean, or absent.
    pub(crate) fn boolean(&self) -> Option<bool> {
        match (self, self.as_sent()) {
            (Self::Bool(value), _) => Some(*value),
            (Self::Text(_), "true") | (Self::Text(_) | Self::Number(_), "1") => Some(true),
            (Self::Text(_), "false") | (Self::Text(_) | Self::Number(_), "0") => Some(false),
            _ => None,
        }
    }

    /// Returns the value as sent, for a fault: a string's content, all else in its JSON text.
    pub(crate) fn as_sent(&self) -> &str {
        match self {
            Self::Absent => "",
            Self::Text(text) => text,
            Self::Number(raw) | Self::Unusable(raw) => raw,
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Self::of(raw.get()))
    }
}

/// Reads a field whose surrounding blanks mean nothing: an id or a number.
pub(crate) fn trimmed<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Scalar<'a>, D::Error> {
    Scalar::deserialize(deserializer).map(Scalar::trimmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(json: &str) -> Scalar<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn null_and_the_empty_string_are_absent() {
        assert!(scalar("null").is_absent());
        assert!(scalar("\"\"").is_absent());
        assert!(!scalar("\" \"").is_absent());
    }

    #[test]
    fn a_string_without_escapes_is_borrowed() {
        assert_eq!(scalar(r#""白菜""#), Scalar::Text(Cow::Borrowed("白菜")));
        assert!(matches!(scalar(r#""a\nb""#), Scalar::Text(Cow::Owned(text)) if text == "a\nb"));
    }

    #[test]
    fn blanks_of_any_kind_around_a_text_are_trimmed() {
        for json in ["\" \u{3000}S1\u{a0}\"", "\"\\tS1\\u2003\"", "\"S1\""] {
            assert_eq!(scalar(json).trimmed().text(), Some("S1"), "{json}");
        }
        assert_eq!(scalar("\"\u{a0} \u{3000}\"").trimmed(), Scalar::Absent);
        assert_eq!(scalar("\"S 1\"").trimmed().text(), Some("S 1"));
    }

    #[test]
    fn a_number_keeps_its_raw_text() {
        assert_eq!(scalar("12.500").text(), Some("12.500"));
        assert_eq!(
            scalar("123456789012345678901234567890").text(),
            Some("123456789012345678901234567890")
        );
    }

    #[test]
    fn a_lone_surrogate_is_unusable_and_not_an_error() {
        let value = scalar(r#""\ud800""#);
        assert_eq!(value.text(), None);
        assert_eq!(value.as_sent(), r#""\ud800""#);
    }

    #[test]
    fn a_boolean_may_be_a_number_or_a_string() {
        for json in ["true", "1", "\"1\"", "\"true\"", "\"\\u0031\""] {
            assert_eq!(scalar(json).boolean(), Some(true), "{json}");
        }
        for json in ["false", "0", "\"0\"", "\"false\""] {
            assert_eq!(scalar(json).boolean(), Some(false), "{json}");
        }
        for json in ["2", "\"yes\"", "1.0", "[]", "null", "\"TRUE\""] {
            assert_eq!(scalar(json).boolean(), None, "{json}");
        }
    }

    #[test]
    fn a_deeply_nested_value_is_kept_as_text() {
        let deep = "[".repeat(200_000) + &"]".repeat(200_000);
        assert_eq!(scalar(&deep).as_sent().len(), 400_000);
    }
}
