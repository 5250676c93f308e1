//! A JSON string of megabytes, read into memory once.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A JSON string, read in pieces into a buffer that fits. `serde_json` reads one with escapes into a buffer that it doubles as
/// it goes, and copies it from there: of a body of 4 MB, three times as much for a moment.
///
/// `null` is an empty text. Anything else that is no string is kept as the fault it is, so that the rest of the event can be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) Result<String, String>);

impl Default for Text {
    fn default() -> Self {
        Self(Ok(String::new()))
    }
}

/// How many bytes are read at a time.
const PIECE: usize = 32 * 1024;

impl<'de> Deserialize<'de> for Text {
    /// Returns from JSON text that is there as a whole.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        if json == "null" {
            return Ok(Self::default());
        }
        Ok(Self(unescaped(json).map_err(|error| error.to_string())))
    }
}

/// Returns the text of a JSON string.
///
/// # Errors
/// The errors of `serde_json`: another type, or half of a surrogate pair.
pub(crate) fn unescaped(json: &str) -> serde_json::Result<String> {
    in_pieces(json, PIECE)
}

/// Returns the text of a JSON string, read in pieces of about `size` bytes.
fn in_pieces(json: &str, size: usize) -> serde_json::Result<String> {
    let inside = json
        .strip_prefix('"')
        .and_then(|json| json.strip_suffix('"'));
    let Some(mut rest) = inside else {
        return serde_json::from_str(json);
    };
    let mut text = String::with_capacity(rest.len());
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(cut(rest, size));
        text.push_str(&serde_json::from_str::<String>(&format!("\"{piece}\""))?);
        rest = after;
    }
    Ok(text)
}

/// Returns where a piece ends: after `size` bytes or more, before an escape that is no half of a pair, or with the text.
fn cut(text: &str, size: usize) -> usize {
    let bytes = text.as_bytes();
    let is_before_escape = |at: &usize| {
        let before = bytes[..*at].iter().rev().take_while(|byte| **byte == b'\\');
        bytes[*at] == b'\\' && bytes.get(at + 1) != Some(&b'u') && before.count() % 2 == 0
    };
    (size..bytes.len())
        .find(is_before_escape)
        .unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a text as `serde_json` does.
    fn plain(json: &str) -> Option<Text> {
        serde_json::from_str(json).map(|text| Text(Ok(text))).ok()
    }

    /// Reads a text in pieces of every size, which all read the same.
    fn read(json: &str) -> Option<Text> {
        let whole = serde_json::from_str::<Text>(json).ok();
        let whole = whole.filter(|text| text.0.is_ok());
        let is_json = serde_json::from_str::<&RawValue>(json).is_ok();
        for size in (1..=9).filter(|_| is_json) {
            assert_eq!(
                in_pieces(json, size).map(|text| Text(Ok(text))).ok(),
                whole,
                "{size}: {json}"
            );
        }
        whole
    }

    #[test]
    fn each_escape_is_read_and_so_are_its_neighbours() {
        for escape in [
            r#"\""#,
            r"\\",
            r"\/",
            r"\b",
            r"\f",
            r"\n",
            r"\r",
            r"\t",
            r"\u0041",
            r"\u6279",
            r"\uD83D\uDE00",
            r"\ud83d\ude00",
            r"\ud83d",
            r"\ud83dx",
            r"\ud83d\n",
            r"\ud83d\u0041",
            r"\ude00",
            r"\ude00\ud83d",
            r"\udfff\udfff",
            r"\u12",
            r"\x",
            r"\",
        ] {
            for json in [format!("\"{escape}\""), format!("\"批{escape}量{escape}\"")] {
                assert_eq!(read(&json), plain(&json), "{json}");
            }
        }
    }

    #[test]
    fn nothing_else_is_a_text() {
        for json in ["1", "[]", r#"{"a":"b"}"#, "true", "\"", ""] {
            assert_eq!(read(json), None, "{json}");
        }
        assert_eq!(
            serde_json::from_str::<Text>("null").unwrap(),
            Text::default()
        );
    }

    proptest! {
        #[test]
        fn any_string_comes_back(text: String) {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(read(&json), Some(Text(Ok(text))));
        }

        #[test]
        fn whatever_is_between_quotes_is_read_or_refused_as_serde_json_does(
            parts in prop::collection::vec(
                prop_oneof![
                    Just(r"\u".to_owned()), Just(r"\".to_owned()), "[dD][89abAB][0-9a-f]{2}", "[dD][c-fC-F][0-9a-f]{2}",
                    "[0-9a-f]{1,4}", "[nrtbf/\"a批]{1,2}", "\\PC{0,3}",
                ],
                0..12,
            )
        ) {
            let json = format!("\"{}\"", parts.concat());
            prop_assert_eq!(read(&json), plain(&json));
        }
    }
}
