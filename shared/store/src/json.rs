//! Cutting a valid JSON text into its parts, without reading it into memory as values.
//!
//! Megabytes pass through here: these functions are inlined into callers, which are compiled for speed.

use std::ops::Range;

/// A part of a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A string or the name of a member, quotes included.
    String,
    /// A number.
    Number,
    /// Blanks between other parts.
    Blanks,
    /// Any other byte: a bracket, a comma, a colon, a letter of `true`, `false` or `null`.
    Byte(u8),
}

/// Cuts a valid JSON text into its parts: each with the bytes that it takes. A text that is not valid is cut as well, at
/// places that mean nothing.
#[inline]
pub fn parts(json: &str) -> impl Iterator<Item = (Part, Range<usize>)> {
    let bytes = json.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let (part, length) = first_part(bytes.get(at..)?)?;
        let range = at..at + length;
        at = range.end;
        Some((part, range))
    })
}

/// Returns the part that a text begins with, and its length.
#[inline]
fn first_part(text: &[u8]) -> Option<(Part, usize)> {
    let (first, rest) = text.split_first()?;
    Some(match first {
        b'"' => (Part::String, 1 + to_closing_quote(rest)),
        b'-' | b'0'..=b'9' => (Part::Number, 1 + run_of(rest, is_of_number)),
        b' ' | b'\t' | b'\n' | b'\r' => (Part::Blanks, 1 + run_of(rest, is_blank)),
        byte => (Part::Byte(*byte), 1),
    })
}

/// Returns the bytes of a string behind its opening quote, the closing one included.
#[inline]
fn to_closing_quote(text: &[u8]) -> usize {
    let mut escaped = false;
    let closes = |byte: &u8| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    };
    text.iter()
        .position(closes)
        .map_or(text.len(), |quote| quote + 1)
}

#[inline]
fn run_of(text: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    text.iter()
        .position(|byte| !belongs(*byte))
        .unwrap_or(text.len())
}

const fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Appends a valid JSON text without the blanks between its parts; the other parts stay as they are.
#[inline]
pub fn push_minified(to: &mut String, json: &str) {
    let mut kept_from = 0;
    for (part, range) in parts(json) {
        if part == Part::Blanks {
            to.push_str(&json[kept_from..range.start]);
            kept_from = range.end;
        }
    }
    to.push_str(&json[kept_from..]);
}

/// Tells whether the lists and objects of a valid JSON text nest at most `most` levels. Recurses nowhere.
#[inline]
#[must_use]
pub fn nests_at_most(json: &str, most: usize) -> bool {
    let mut depth = 0_usize;
    for (part, _) in parts(json) {
        match part {
            Part::Byte(b'[' | b'{') if depth == most => return false,
            Part::Byte(b'[' | b'{') => depth += 1,
            Part::Byte(b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

/// Counts the members of all objects in a valid JSON text.
#[must_use]
pub fn members(json: &str) -> usize {
    let is_colon = |(part, _): &(Part, Range<usize>)| *part == Part::Byte(b':');
    parts(json).filter(is_colon).count()
}

/// Borrows the text of a JSON string without escapes; `None` for a string with escapes and for any other value.
#[inline]
#[must_use]
pub fn plain_string(json: &str) -> Option<&str> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    (!inside.as_bytes().contains(&b'\\')).then_some(inside)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn cut(json: &str) -> Vec<(Part, &str)> {
        parts(json)
            .map(|(part, range)| (part, &json[range]))
            .collect()
    }

    fn minified(json: &str) -> String {
        let mut text = String::new();
        push_minified(&mut text, json);
        text
    }

    fn nested(levels: usize) -> String {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn a_text_is_cut_into_strings_numbers_blanks_and_single_bytes() {
        assert_eq!(
            cut("{\"a\\\"b\": \n-1.5e+3}"),
            [
                (Part::Byte(b'{'), "{"),
                (Part::String, r#""a\"b""#),
                (Part::Byte(b':'), ":"),
                (Part::Blanks, " \n"),
                (Part::Number, "-1.5e+3"),
                (Part::Byte(b'}'), "}"),
            ]
        );
        assert_eq!(
            cut(r#""\\""批""#),
            [(Part::String, r#""\\""#), (Part::String, "\"批\"")]
        );
        assert_eq!(cut("null").len(), 4);
        assert_eq!(cut(""), []);
    }

    #[test]
    fn a_string_that_does_not_close_takes_the_rest() {
        assert_eq!(cut(r#"["a\""#)[1], (Part::String, r#""a\""#));
    }

    #[test]
    fn blanks_inside_strings_are_kept() {
        assert_eq!(
            minified("\t[ 1 ,\r\n \" \\\" \" , { } ] "),
            r#"[1," \" ",{}]"#
        );
    }

    #[test]
    fn sixteen_levels_are_within_sixteen_and_seventeen_are_not() {
        assert!(nests_at_most(&nested(16), 16));
        assert!(!nests_at_most(&nested(17), 16));
        assert!(!nests_at_most(&nested(1_000_000), 16));
    }

    #[test]
    fn siblings_do_not_add_up() {
        let siblings = format!("[{}]", vec![nested(15); 100].join(","));
        assert!(nests_at_most(&siblings, 16));
    }

    #[test]
    fn brackets_and_colons_inside_strings_do_not_count() {
        let text = format!(r#"["{}\"{}\\:"]"#, "[".repeat(50), "{".repeat(50));
        assert!(nests_at_most(&text, 1));
        assert_eq!(members(&text), 0);
        assert_eq!(members(r#"{"a":{"b:":1},"c":[{"d":2}]}"#), 4);
    }

    #[test]
    fn only_a_string_without_escapes_is_borrowed() {
        assert_eq!(plain_string("\"a批\""), Some("a批"));
        assert_eq!(plain_string("\"\""), Some(""));
        for json in [r#""a\n""#, "\"", "1", "[\"a\"]", ""] {
            assert_eq!(plain_string(json), None, "{json}");
        }
    }

    /// Generates any JSON value of a few levels.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map(".{0,8}", inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn members_of(value: &Value) -> usize {
        match value {
            Value::Object(object) => object.len() + object.values().map(members_of).sum::<usize>(),
            Value::Array(list) => list.iter().map(members_of).sum(),
            _ => 0,
        }
    }

    proptest! {
        #[test]
        fn a_printed_value_minified_is_the_value_printed_short(value in value()) {
            let long = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(minified(&long), value.to_string());
        }

        #[test]
        fn parts_follow_one_another_and_count_every_member(value in value()) {
            let text = value.to_string();
            let whole: String = parts(&text).map(|(_, range)| &text[range]).collect();
            prop_assert_eq!(whole, &*text);
            prop_assert_eq!(members(&text), members_of(&value));
        }
    }
}
