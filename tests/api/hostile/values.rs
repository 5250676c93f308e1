//! Hostile texts in place of a value of each kind, and the word of their refusal.

use super::texts;

/// The kind of a parameter's values.
#[derive(Debug, Clone, Copy)]
pub(super) enum Takes {
    /// The key of a task.
    Key,
    /// The caller's own id, where also a key is taken.
    Id,
    /// A list of ids, at most 100.
    Ids,
    /// A station.
    Station,
    /// Text of at most this number of characters.
    Text(usize),
    /// Text of any length, or JSON that counts as its text.
    AnyText,
    /// A whole number from one to the other.
    Int(i64, i64),
    /// True or false.
    Flag,
    /// One of several words.
    ErrorCode,
    /// A list of these words.
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
    /// The name of a queue.
    Queue,
    /// At most 64 of the characters of ids.
    Token,
    /// A time.
    Time,
    /// At most 10 texts of at most 32 characters.
    Tags,
    /// The first and the longest wait.
    Backoff,
    /// The name of a schedule.
    Schedule,
    /// A cron expression.
    Cron,
    /// The name of a time zone.
    Zone,
}

/// A value as it is sent.
#[derive(Debug, Clone)]
pub(super) enum Sent {
    /// By JSON, form and query alike.
    Text(String),
    /// As this JSON text; forms cannot send these values.
    Json(String),
}

/// The word of a value's refusal.
pub(super) type ErrorCode = &'static str;

const INVALID: ErrorCode = "PARAM_INVALID";

impl Takes {
    /// Hostile values, each with the word it is refused with.
    pub(super) fn hostile(self) -> Vec<(Sent, ErrorCode)> {
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

    /// Texts: fixed texts, and texts that are made to a length.
    fn texts(self) -> Vec<String> {
        let long = |unit: &str, max: usize| unit.repeat(max + 1);
        let (fixed, made): (&[&str], Vec<String>) = match self {
            Self::Key => (&texts::NO_INTS, own(&["0", "-1", "9223372036854775808"])),
            Self::Id => (&texts::NO_IDS, vec![long("x", 64), long("x", 100_000)]),
            Self::Ids => (&texts::NO_ID_LISTS, vec![long("1,", 100)]),
            Self::Station => (&texts::NO_STATIONS, vec![long("x", 16), long("站", 16)]),
            Self::Text(max) => {
                let lengths = ["x", "字", "\u{1f34e}"].map(|unit| long(unit, max));
                let large = "' OR 1=1 --".repeat(50_000);
                (&[], [lengths.to_vec(), vec![large]].concat())
            }
            Self::Int(min, max) => {
                let outside = [i128::from(min) - 1, i128::from(max) + 1];
                (&texts::NO_INTS, outside.map(|n| n.to_string()).to_vec())
            }
            Self::Path => {
                let steps = format!("${}", long("[0]", 16));
                let characters = format!("$.{}", long("x", 1022));
                let large = "$.x".repeat(40_000);
                (&texts::NO_PATHS, vec![steps, characters, large])
            }
            Self::Field => (
                &texts::NO_FIELDS,
                vec![long("x", 64), long("field", 20_000)],
            ),
            Self::Flag => (&texts::NO_FLAGS, Vec::new()),
            Self::ErrorCode => (&texts::NO_WORDS, Vec::new()),
            Self::Words => (&texts::NO_WORD_LISTS, Vec::new()),
            Self::List => (&texts::NO_LISTS, Vec::new()),
            Self::Object => (&texts::NO_OBJECTS, Vec::new()),
            Self::Amount => (&texts::NO_AMOUNTS, Vec::new()),
            Self::OrderId => (&texts::NO_ORDER_IDS, Vec::new()),
            Self::Queue => (&texts::NO_QUEUES, vec![long("x", 32)]),
            Self::Token => (&texts::NO_TOKENS, vec![long("x", 64)]),
            Self::Time => (&texts::NO_TIMES, vec![long("2026-11-28 ", 10_000)]),
            Self::Tags => (&["a,,b"], vec![long("字", 32), long("a,", 10)]),
            Self::Backoff => (&texts::NO_BACKOFFS, Vec::new()),
            Self::Schedule => (&texts::NO_SCHEDULES, vec![long("x", 40)]),
            Self::Cron => (&texts::NO_CRONS, vec![long("0 ", 128), long("1,", 100_000)]),
            Self::Zone => (&texts::NO_ZONES, vec![long("x", 64)]),
            Self::AnyText | Self::Document => (&[], Vec::new()),
        };
        [own(fixed), made].concat()
    }

    /// JSON values that are too deep, of the wrong type, or beyond what a database holds.
    fn json(self) -> Vec<String> {
        let deep = format!("{}1{}", "[".repeat(17), "]".repeat(17));
        let deep_object = format!("{}1{}", r#"{"a":"#.repeat(17), "}".repeat(17));
        let deeper = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let long_name = format!("{{\"{}\": 1}}", "name".repeat(16_384));
        let (fixed, made): (&[&str], Vec<String>) = match self {
            Self::AnyText => (&[], Vec::new()),
            Self::Document => (&texts::NO_DOCUMENTS, vec![long_name]),
            Self::List => (&["7", "1.5", "true", "{}", r#"{"0": {}}"#], Vec::new()),
            Self::Object => (&["7", "1.5", "true", "[]", "[{}]"], Vec::new()),
            Self::Ids => (&texts::NO_JSON_IDS, Vec::new()),
            Self::Words => (&texts::NO_JSON_WORDS, Vec::new()),
            Self::Tags => (&texts::NO_JSON_TAGS, Vec::new()),
            Self::Flag => (&["2", "-1", "1.0", "1e0", "[]", "[true]", "{}"], Vec::new()),
            Self::Key | Self::Int(..) | Self::OrderId => (&texts::NO_JSON_INTS, Vec::new()),
            _ => (&["[]", "[1]", "{}", r#"{"$ne": null}"#], Vec::new()),
        };
        [own(fixed), vec![deep, deep_object, deeper], made].concat()
    }
}

/// Texts that no parameter takes: NUL, and escapes that are no character.
fn never_text() -> Vec<(Sent, ErrorCode)> {
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
