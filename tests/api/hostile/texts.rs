//! Texts that look like an id, a number, a path or a field and are none.

mod dispatch;

pub(super) use dispatch::{
    NO_BACKOFFS, NO_CRONS, NO_JSON_TAGS, NO_QUEUES, NO_SCHEDULES, NO_TIMES, NO_TOKENS, NO_ZONES,
};

/// Ids with look-alikes, invisible characters, line ends, paths and pieces of SQL.
pub(super) const NO_IDS: [&str; 22] = [
    "a b",
    "a\r\nSet-Cookie: b=c",
    "a\r\n",
    "\na",
    "a\t",
    "a,b",
    "a/b",
    "../../etc/passwd",
    "%00",
    "a%0d%0a",
    "'",
    "\"",
    "\\",
    "1 OR 1=1",
    "' OR '1'='1",
    "x'; DROP TABLE x; --",
    "１２３",
    "аdmin",
    "a\u{200b}",
    "\u{202e}a",
    "\u{feff}a",
    "é",
];

/// Texts that look like a number and are no plain decimal whole number.
pub(super) const NO_INTS: [&str; 25] = [
    "x",
    "1.0",
    "0.5",
    "1e2",
    "1E2",
    "+1",
    "--1",
    "-",
    " 1",
    "1 ",
    "1\r\n",
    "\u{a0}1",
    "0x1F",
    "0b1",
    "1_000",
    "1;2",
    "1 OR 1=1",
    "NaN",
    "Infinity",
    "１",
    "٣",
    "¹",
    "\u{200b}1",
    "99999999999999999999999999",
    "-99999999999999999999999999",
];

/// Paths that name no place, more than one, or do not end where the step does.
pub(super) const NO_PATHS: [&str; 31] = [
    "a",
    "1",
    ".a",
    " $",
    "$ ",
    "$.",
    "$..a",
    "$.*",
    "$**.a",
    "$[*]",
    "$[0 to 1]",
    "$[last-1]",
    "$[-1]",
    "$[1.0]",
    "$[1e1]",
    "$[１]",
    "$[0",
    "$[2147483648]",
    "$[99999999999999999999]",
    "$.1a",
    "$.a b",
    "$.a-b",
    "$.a;",
    "$.a'",
    "$.a\r\n",
    "$.\u{200b}a",
    "$.\"a",
    "$.\"a\\\"",
    r#"$."\ud800""#,
    r#"$."\u0000""#,
    "$.a', '$.b') WHERE 1=1 --",
];

/// Columns that must not be changed, and names that only look like changeable ones.
pub(super) const NO_FIELDS: [&str; 11] = [
    "status",
    "id",
    "user_task_id",
    "RESULT",
    "`name`",
    "name ",
    "name=1, status",
    "result; --",
    "rеsult",
    "task_name\u{200b}",
    "ｎａｍｅ",
];

/// Lists of ids of which one is none, and texts that are no list.
pub(super) const NO_ID_LISTS: [&str; 9] = [
    "a b",
    "é",
    "[",
    "[1,]",
    "[1 2]",
    "[\"а\"]",
    "a\r\n,b",
    "[\"a\\r\\n\"]",
    "a,,b",
];

/// Blanks and control characters.
pub(super) const NO_STATIONS: [&str; 6] = [
    "a b",
    "a\r\n",
    "a\u{a0}",
    "\u{3000}",
    "a\u{1b}[0m",
    "a\u{85}",
];

/// Texts that look like true or false.
pub(super) const NO_FLAGS: [&str; 11] = [
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
];

/// Words that no parameter knows, or knows in another case.
pub(super) const NO_WORDS: [&str; 10] = [
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
];

/// Lists with an element that is none of the words, or with too many elements.
pub(super) const NO_WORD_LISTS: [&str; 13] = [
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
];

/// Texts that are no JSON list.
pub(super) const NO_LISTS: [&str; 12] = [
    "x", "7", "{}", "[", "[1,]", "[1 2]", "[1]]", "['a']", "[NaN]", "[01]", "null x", "[{]",
];

/// Texts that are no JSON object.
pub(super) const NO_OBJECTS: [&str; 9] = [
    "x",
    "7",
    "[]",
    "{",
    "{\"a\":1,}",
    "{a:1}",
    "{'a':1}",
    "{}{}",
    "{\"a\":01}",
];

/// Texts that are no decimal of at most 15 digits.
pub(super) const NO_AMOUNTS: [&str; 13] = [
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
];

/// Texts that are no order's id or number.
pub(super) const NO_ORDER_IDS: [&str; 12] = [
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
];

/// JSON that no database takes.
pub(super) const NO_DOCUMENTS: [&str; 5] = [
    "1e400",
    "-1e400",
    "{\"a\": [1e999]}",
    "{\"a\": \"\\ud800\"}",
    "{\"\\udc00\": 1}",
];

/// JSON that is no list of ids.
pub(super) const NO_JSON_IDS: [&str; 8] = [
    "{}",
    "[[1]]",
    "[{}]",
    "[null]",
    "[\"\\ud800\"]",
    "[\"a\\u0000\"]",
    "[\"a b\"]",
    "[\"\"]",
];

/// JSON that is no list of words.
pub(super) const NO_JSON_WORDS: [&str; 9] = [
    "{}",
    "[[1]]",
    "[{}]",
    "[null]",
    "[4]",
    "[1.0]",
    "true",
    "1.5",
    "[1, 2, 3, 1]",
];

/// JSON that is no whole number.
pub(super) const NO_JSON_INTS: [&str; 8] = [
    "true",
    "0.5",
    "1e2",
    "1E400",
    "[]",
    "[1]",
    "{}",
    "{\"$gt\": 0}",
];
