//! A JSON string of megabytes, read into memory once.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::value::RawValue;

/// A JSON string, read straight into a buffer that fits. `serde_json` itself reads one with escapes into a buffer that it
/// doubles as it goes, and copies it from there: of a body of 4 MB, three times as much for a moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text(pub(super) String);

impl<'de> Deserialize<'de> for Text {
    /// From JSON text that is there as a whole.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        unescaped(json).map(Self).map_err(D::Error::custom)
    }
}

/// The text of a JSON string.
///
/// # Errors
/// Those of `serde_json`: another type, or half of a surrogate pair.
fn unescaped(json: &str) -> serde_json::Result<String> {
    let inside = json
        .strip_prefix('"')
        .and_then(|json| json.strip_suffix('"'));
    let Some(mut rest) = inside else {
        return serde_json::from_str(json);
    };
    let mut text = String::with_capacity(rest.len());
    while let Some(at) = rest.find('\\') {
        let (plain, escaped) = rest.split_at(at);
        text.push_str(plain);
        let (escape, after) = escaped.split_at(escape_length(escaped));
        match escape {
            r#"\""# => text.push('"'),
            r"\\" => text.push('\\'),
            r"\n" => text.push('\n'),
            other => text.push_str(&serde_json::from_str::<String>(&format!("\"{other}\""))?),
        }
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

/// How many bytes belong to the escape that a text begins with: two, or six, or both halves of a surrogate pair.
fn escape_length(escaped: &str) -> usize {
    const UNICODE: usize = r"\u0000".len();
    let is_unicode = |text: &str| text.starts_with(r"\u");
    let is_pair = || {
        let high = escaped.as_bytes()[3].to_ascii_lowercase();
        escaped.as_bytes()[2].eq_ignore_ascii_case(&b'd')
            && matches!(high, b'8'..=b'9' | b'a'..=b'b')
            && escaped.get(UNICODE..).is_some_and(is_unicode)
    };
    match is_unicode(escaped) {
        false => 2,
        true if is_pair() => 2 * UNICODE,
        true => UNICODE,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As `serde_json` reads it.
    fn plain(json: &str) -> Option<Text> {
        serde_json::from_str(json).map(Text).ok()
    }

    fn read(json: &str) -> Option<Text> {
        serde_json::from_str(json).ok()
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
        assert_eq!(serde_json::from_str::<Option<Text>>("null").unwrap(), None);
    }

    proptest! {
        #[test]
        fn any_string_comes_back(text: String) {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(read(&json), Some(Text(text)));
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
