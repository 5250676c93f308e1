//! What hostile callers send in place of a value of each kind, and the word they are refused with.

use super::texts::{NO_FIELDS, NO_IDS, NO_INTS, NO_PATHS};

/// What a parameter takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Takes {
    /// The key of a task.
    Key,
    /// The caller's own id, where also a key is taken.
    Id,
    /// A list of such ids, at most 100.
    Ids,
    /// A station.
    Station,
    /// Text of at most so many characters.
    Text(usize),
    /// Text of any length, or JSON that counts as its text.
    AnyText,
    /// A whole number from one to the other.
    Int(i64, i64),
    /// True or false.
    Flag,
    /// One of several words.
    Word,
    /// A list of such words.
    Words,
    /// A JSON list.
    List,
    /// A JSON object.
    Object,
    /// Any JSON.
    Document,
    /// A decimal of at most 15 digits.
    Amount,
    /// A path inside the result.
    Path,
    /// The name of a field.
    Field,
    /// An order's id or number.
    OrderId,
}

/// A value as it is sent.
#[derive(Debug, Clone)]
pub(super) enum Sent {
    /// By JSON, form and query alike.
    Text(String),
    /// As this JSON text; forms have no such values.
    Json(String),
}

/// What a value is refused with.
pub(super) type Word = &'static str;

const INVALID: Word = "PARAM_INVALID";

impl Takes {
    /// Hostile values, each with the word it is refused with.
    pub(super) fn hostile(self) -> Vec<(Sent, Word)> {
        let word = match self {
            Self::Path => "PATH_INVALID",
            Self::Field => "FIELD_NOT_ALLOWED",
            _ => INVALID,
        };
        let texts = self
            .texts()
            .into_iter()
            .map(|text| (Sent::Text(text), word));
        let json = self
            .json()
            .into_iter()
            .map(|json| (Sent::Json(json), INVALID));
        texts.chain(json).chain(never_text()).collect()
    }

    fn texts(self) -> Vec<String> {
        match self {
            Self::Key => [own(&NO_INTS), own(&["0", "-1", "9223372036854775808"])].concat(),
            Self::Id => [own(&NO_IDS), vec!["x".repeat(65), "x".repeat(100_000)]].concat(),
            Self::Ids => [
                own(&[
                    "a b",
                    "é",
                    "[",
                    "[1,]",
                    "[1 2]",
                    "[\"а\"]",
                    "a\r\n,b",
                    "[\"a\\r\\n\"]",
                    "a,,b",
                ]),
                vec!["1,".repeat(101)],
            ]
            .concat(),
            Self::Station => [
                own(&[
                    "a b",
                    "a\r\n",
                    "a\u{a0}",
                    "\u{3000}",
                    "a\u{1b}[0m",
                    "a\u{85}",
                ]),
                vec!["x".repeat(17), "站".repeat(17)],
            ]
            .concat(),
            Self::Text(max) => vec![
                "x".repeat(max + 1),
                "字".repeat(max + 1),
                "\u{1f34e}".repeat(max + 1),
                "' OR 1=1 --".repeat(50_000),
            ],
            Self::Int(min, max) => [
                own(&NO_INTS),
                vec![
                    (i128::from(min) - 1).to_string(),
                    (i128::from(max) + 1).to_string(),
                ],
            ]
            .concat(),
            Self::Flag => own(&[
                "yes",
                "on",
                "2",
                "-1",
                "01",
                "1.0",
                " true",
                "true\r\n",
                "tru\u{435}",
                "１",
                "null",
            ]),
            Self::Word => own(&[
                "x",
                "ALL",
                "LIST",
                "JSON",
                "SET",
                " list",
                "json\r\n",
                "j\u{455}on",
                "１",
                "' OR 1=1 --",
            ]),
            Self::Words => own(&[
                "0",
                "4",
                "-1",
                "1,4",
                "1.0",
                "1;2",
                "１",
                "1\r\n",
                "[4]",
                "[",
                "[[1]]",
                "input,secret",
                "1,2,3,1",
            ]),
            Self::List => own(&[
                "x", "7", "{}", "[", "[1,]", "[1 2]", "[1]]", "['a']", "[NaN]", "[01]", "null x",
                "[{]",
            ]),
            Self::Object => own(&[
                "x",
                "7",
                "[]",
                "{",
                "{\"a\":1,}",
                "{a:1}",
                "{'a':1}",
                "{}{}",
                "{\"a\":01}",
            ]),
            Self::Amount => own(&[
                "x",
                "1e3",
                "NaN",
                "-",
                ".5",
                "5.",
                "1.2.3",
                "+1",
                "1,5",
                "１",
                "0x1",
                "1234567890123456",
                "[1]",
            ]),
            Self::Path => [
                own(&NO_PATHS),
                vec![
                    format!("${}", "[0]".repeat(17)),
                    format!("$.{}", "x".repeat(1023)),
                    "$.x".repeat(40_000),
                ],
            ]
            .concat(),
            Self::Field => [
                own(&NO_FIELDS),
                vec!["x".repeat(65), "field".repeat(20_000)],
            ]
            .concat(),
            Self::OrderId => own(&[
                "x",
                "0",
                "-1",
                "PL",
                "pl1",
                "PL 1",
                "PL1\r\n",
                "PLPL1",
                "１",
                "1 OR 1=1",
                "9223372036854775808",
                "0000000000000000000000001",
            ]),
            Self::AnyText | Self::Document => Vec::new(),
        }
    }

    /// JSON values of the wrong type, out of every range, or too deep.
    fn json(self) -> Vec<String> {
        let deep = format!("{}1{}", "[".repeat(17), "]".repeat(17));
        let deep_object = format!("{}1{}", r#"{"a":"#.repeat(17), "}".repeat(17));
        let deeper = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let nested = vec![deep, deep_object, deeper];
        let more = match self {
            Self::AnyText => Vec::new(),
            Self::Document => own(&[
                &format!("{{\"{}\": 1}}", "name".repeat(16_384)),
                "1e400",
                "-1e400",
                r#"{"a": [1e999]}"#,
                r#"{"a": "\ud800"}"#,
                r#"{"\udc00": 1}"#,
            ]),
            Self::List => own(&["7", "1.5", "true", "{}", r#"{"0": {}}"#]),
            Self::Object => own(&["7", "1.5", "true", "[]", "[{}]"]),
            Self::Ids => own(&[
                "{}",
                "[[1]]",
                "[{}]",
                "[null]",
                r#"["\ud800"]"#,
                r#"["a\u0000"]"#,
                r#"["a b"]"#,
                r#"[""]"#,
            ]),
            Self::Words => own(&[
                "{}",
                "[[1]]",
                "[{}]",
                "[null]",
                "[4]",
                "[1.0]",
                "true",
                "1.5",
                "[1, 2, 3, 1]",
            ]),
            Self::Flag => own(&["2", "-1", "1.0", "1e0", "[]", "[true]", "{}"]),
            Self::Key | Self::Int(..) | Self::OrderId => own(&[
                "true",
                "0.5",
                "1e2",
                "1E400",
                "[]",
                "[1]",
                "{}",
                r#"{"$gt": 0}"#,
            ]),
            _ => own(&["[]", "[1]", "{}", r#"{"$ne": null}"#]),
        };
        [nested, more].concat()
    }
}

/// What no parameter takes: NUL, and escapes that are no character.
fn never_text() -> Vec<(Sent, Word)> {
    let nul = ["\0", "1\0", "a\0b"].map(|text| (Sent::Text(text.to_owned()), INVALID));
    let escaped = [
        r#""\ud800""#,
        r#""a\udfff""#,
        r#""\udc00\ud800""#,
        r#""1\u0000""#,
    ];
    let escaped = escaped.map(|json| (Sent::Json(json.to_owned()), INVALID));
    nul.into_iter().chain(escaped).collect()
}

fn own(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
