//! Where in a task's result a change goes: the part of MySQL's JSON paths that names exactly one place.
//!
//! A path is parsed here and written anew, every key in quotes: nothing of a caller's text reaches the database
//! but as keys and numbers of a path that is bound as a parameter.

use std::fmt::{self, Write as _};

/// One step from a list or object to one of its elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `.key` or `."any key"`: a member of an object.
    Key(String),
    /// `[n]`: an element of a list, from 0; at or past the end it is the place behind the last.
    Index(u32),
    /// `[last]`: the last element of a list; of an empty one, its first place.
    Last,
}

/// A path of at most [`ResultPath::MAX_STEPS`] steps; without any it is the document itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResultPath {
    steps: Vec<Step>,
}

/// Why a text is no path, and at which character it stops being one (from 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{wrong} (character {at})")]
pub struct BadPath {
    wrong: &'static str,
    at: usize,
}

impl ResultPath {
    /// The most steps: with it the depth of a stored document is bounded.
    pub const MAX_STEPS: usize = 16;
    /// The most characters of a path as it is sent.
    pub const MAX_LENGTH: usize = 1024;
    /// The highest index that MySQL and MariaDB read alike.
    pub const MAX_INDEX: u32 = i32::MAX.unsigned_abs();

    /// Parses `$`, `.key`, `."any key"`, `[n]` and `[last]`, chained; no wildcards, no ranges, no blanks.
    ///
    /// # Errors
    /// The fault and its position.
    pub fn parse(text: &str) -> Result<Self, BadPath> {
        let bad = |wrong, rest: &str| BadPath {
            wrong,
            at: text[..text.len() - rest.len()].chars().count() + 1,
        };
        if text.chars().nth(Self::MAX_LENGTH).is_some() {
            return Err(bad("has more than 1024 characters", ""));
        }
        let mut rest = text
            .strip_prefix('$')
            .ok_or_else(|| bad("must start with $", text))?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if steps.len() == Self::MAX_STEPS {
                return Err(bad("has more than 16 steps", rest));
            }
            let (step, after) = next_step(rest).map_err(|wrong| bad(wrong, rest))?;
            steps.push(step);
            rest = after;
        }
        Ok(Self { steps })
    }

    /// Returns the steps, outermost first.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Tells whether it is the document itself.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// Returns the path of the first `count` steps, as the database takes it.
    #[must_use]
    pub fn prefix(&self, count: usize) -> String {
        let mut text = "$".to_owned();
        for step in self.steps.iter().take(count) {
            // Writing to a string cannot fail.
            let _infallible = match step {
                Step::Key(key) => write!(text, ".{}", serde_json::Value::from(key.as_str())),
                Step::Index(index) => write!(text, "[{index}]"),
                Step::Last => write!(text, "[last]"),
            };
        }
        text
    }
}

/// The whole path as the database takes it: every key in quotes.
impl fmt::Display for ResultPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.prefix(self.steps.len()))
    }
}

/// The parsed step and the text behind it.
type Parsed<'a> = Result<(Step, &'a str), &'static str>;

fn next_step(text: &str) -> Parsed<'_> {
    match text.as_bytes() {
        [b'.', b'"', ..] => quoted_key(&text[1..]),
        [b'.', ..] => plain_key(&text[1..]),
        [b'[', ..] => index(&text[1..]),
        _ => Err("a step must start with . or ["),
    }
}

fn plain_key(text: &str) -> Parsed<'_> {
    let starts = |c: char| c.is_alphabetic() || matches!(c, '_' | '$');
    let continues = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    if !text.starts_with(starts) {
        return Err("a key starts with a letter, _ or $; put any other in double quotes");
    }
    let end = text.find(|c| !continues(c)).unwrap_or(text.len());
    Ok((Step::Key(text[..end].to_owned()), &text[end..]))
}

/// Returns a key written as a JSON string.
fn quoted_key(text: &str) -> Parsed<'_> {
    let mut escaped = false;
    let closes = |c: char| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    };
    let end = 2 + text[1..].find(closes).ok_or("a quoted key has no end")?;
    let key: String =
        serde_json::from_str(&text[..end]).map_err(|_| "a quoted key is no JSON string")?;
    if key.contains('\0') {
        return Err("a key holds a NUL character");
    }
    Ok((Step::Key(key), &text[end..]))
}

fn index(text: &str) -> Parsed<'_> {
    let (inner, after) = text.split_once(']').ok_or("an index has no ]")?;
    if inner == "last" {
        return Ok((Step::Last, after));
    }
    let digits = !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| inner.parse().ok())
        .flatten()
        .filter(|index| *index <= ResultPath::MAX_INDEX)
        .map(|index| (Step::Index(index), after))
        .ok_or("an index is a number up to 2147483647 or the word last")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emitted(text: &str) -> String {
        ResultPath::parse(text).unwrap().to_string()
    }

    fn wrong(text: &str) -> String {
        ResultPath::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_dollar_alone_is_the_document_itself() {
        assert!(ResultPath::parse("$").unwrap().is_root());
        assert_eq!(emitted("$"), "$");
    }

    #[test]
    fn a_path_starts_with_a_dollar() {
        for text in ["", "a", ".a", " $", "[0]"] {
            assert!(wrong(text).contains("must start with $"), "{text:?}");
        }
    }

    #[test]
    fn a_plain_key_is_an_identifier_and_is_emitted_in_quotes() {
        assert_eq!(emitted("$.a.b_1.$x.名字"), r#"$."a"."b_1"."$x"."名字""#);
        for text in ["$.1a", "$.a-b", "$.", "$..a", "$.a b", "$.*", "$**.a"] {
            assert!(ResultPath::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_quoted_key_is_any_json_string() {
        assert_eq!(emitted(r#"$."a b".c"#), r#"$."a b"."c""#);
        for path in [r#"$."*"."[0]"."""#, r#"$."q\"q\\"[0]"#] {
            assert_eq!(emitted(path), path);
        }
        assert_eq!(emitted(r#"$."\u00e9\n""#), r#"$."é\n""#);
    }

    #[test]
    fn a_quoted_key_that_is_no_json_string_is_refused() {
        for text in [
            r#"$.""#,
            r#"$."a"#,
            r#"$."a\""#,
            r#"$."\x""#,
            "$.\"a\nb\"",
            r#"$."\ud800""#,
        ] {
            assert!(ResultPath::parse(text).is_err(), "{text:?}");
        }
        assert!(wrong(r#"$."\u0000""#).contains("NUL"));
    }

    #[test]
    fn an_index_is_a_number_that_both_servers_read_alike() {
        assert_eq!(emitted("$[0][007][2147483647]"), "$[0][7][2147483647]");
        for text in [
            "$[]",
            "$[-1]",
            "$[2147483648]",
            "$[1",
            "$[ 1]",
            "$[1.0]",
            "$['a']",
        ] {
            assert!(ResultPath::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn last_stands_alone_and_wildcards_and_ranges_are_refused() {
        assert_eq!(emitted("$.a[last].b"), r#"$."a"[last]."b""#);
        for text in ["$[last-1]", "$[last - 1]", "$[*]", "$[0 to 1]", "$[LAST]"] {
            assert!(wrong(text).contains("the word last"), "{text:?}");
        }
    }

    #[test]
    fn a_path_has_at_most_16_steps_and_1024_characters() {
        assert!(ResultPath::parse(&format!("${}", "[0]".repeat(16))).is_ok());
        assert!(wrong(&format!("${}", "[0]".repeat(17))).contains("16 steps"));
        assert!(ResultPath::parse(&format!("$.{}", "键".repeat(1022))).is_ok());
        assert!(wrong(&format!("$.{}", "键".repeat(1023))).contains("1024 characters"));
    }

    #[test]
    fn a_refusal_names_the_character_where_it_stops() {
        assert_eq!(
            wrong("$.é[0]x"),
            "a step must start with . or [ (character 7)"
        );
    }

    #[test]
    fn a_prefix_is_the_path_of_a_container_on_the_way() {
        let path = ResultPath::parse("$.a[1].b").unwrap();
        let prefixes: Vec<_> = (0..4).map(|count| path.prefix(count)).collect();
        assert_eq!(
            prefixes,
            ["$", r#"$."a""#, r#"$."a"[1]"#, r#"$."a"[1]."b""#]
        );
    }
}
