//! Numbers in JSON: kept exactly, or refused with the place they stand at.

use std::fmt::Write as _;
use std::ops::Range;

use super::decimal::{Decimal, Kept};
use crate::json::{Part, parts};

/// A number that the database would change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("holds the number {number} at {path}, which cannot be kept exactly: send it as a string")]
pub struct InexactNumber {
    /// The number as it was sent, cut to 64 characters.
    number: String,
    /// Where it stands, `$` being the value itself.
    path: String,
}

/// A list or object that the scanner is inside of.
#[derive(Debug)]
enum Frame<'a> {
    List(usize),
    /// The last name read, quotes included; `None` where the next string is a name.
    Object(Option<&'a str>),
}

/// Checks every number of a valid JSON text. Answers the text anew where a number, or blanks of a long text, had to be
/// written in another way; the value is the same.
pub(super) fn kept_exactly(json: &str) -> Result<Option<String>, InexactNumber> {
    let mut scan = Scan {
        json,
        frames: Vec::new(),
        anew: String::new(),
        copied: 0,
    };
    scan.run(json.len() > LONG)?;
    if scan.copied == 0 {
        return Ok(None);
    }
    scan.anew.push_str(&json[scan.copied..]);
    Ok(Some(scan.anew))
}

/// The bytes from which blanks between the parts of a text are left out.
const LONG: usize = 100_000;

struct Scan<'a> {
    json: &'a str,
    frames: Vec<Frame<'a>>,
    /// The text written anew, up to `copied` of the old one.
    anew: String,
    copied: usize,
}

impl Scan<'_> {
    fn run(&mut self, is_compact: bool) -> Result<(), InexactNumber> {
        for (part, range) in parts(self.json) {
            match part {
                Part::String => self.string(range),
                Part::Number => self.number(range)?,
                Part::Blanks if is_compact => self.replace(range, ""),
                Part::Blanks => {}
                Part::Byte(byte) => self.punctuation(byte),
            }
        }
        Ok(())
    }

    fn string(&mut self, range: Range<usize>) {
        if let Some(Frame::Object(name @ None)) = self.frames.last_mut() {
            *name = Some(&self.json[range]);
        }
    }

    fn punctuation(&mut self, byte: u8) {
        match (byte, self.frames.last_mut()) {
            (b'[', _) => self.frames.push(Frame::List(0)),
            (b'{', _) => self.frames.push(Frame::Object(None)),
            (b']' | b'}', _) => drop(self.frames.pop()),
            (b',', Some(Frame::List(index))) => *index += 1,
            (b',', Some(Frame::Object(name))) => *name = None,
            _ => {}
        }
    }

    fn number(&mut self, range: Range<usize>) -> Result<(), InexactNumber> {
        let number = &self.json[range.clone()];
        match Decimal::parse(number).kept() {
            Some(Kept::AsWritten) => Ok(()),
            Some(Kept::Anew(text)) => {
                self.replace(range, &text);
                Ok(())
            }
            None => Err(InexactNumber {
                number: number.chars().take(64).collect(),
                path: self.path(),
            }),
        }
    }

    fn replace(&mut self, range: Range<usize>, text: &str) {
        self.anew.push_str(&self.json[self.copied..range.start]);
        self.anew.push_str(text);
        self.copied = range.end;
    }

    fn path(&self) -> String {
        let mut path = "$".to_owned();
        for frame in &self.frames {
            // Writing to a string cannot fail.
            let _infallible = match frame {
                Frame::List(index) => write!(path, "[{index}]"),
                Frame::Object(name) => write!(path, ".{}", name.unwrap_or_default()),
            };
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_numbers_are_kept_as_they_are_written() {
        for json in [
            "0",
            "-0",
            "-0.0",
            "1.50",
            "1e2",
            "-12.5E-3",
            "18446744073709551615",
            "-9223372036854775808",
            "0.30000000000000004",
            "0.1",
            "1e-31",
            "1e22",
            "0.6180339887498949",
            "[1, {\"a\": 2.5}]",
        ] {
            assert_eq!(kept_exactly(json), Ok(None), "{json}");
        }
    }

    #[test]
    fn a_number_that_would_change_is_refused_with_its_place() {
        let refused = |json: &str| kept_exactly(json).unwrap_err().to_string();
        let text = refused(r#"{"a": [1, {"b,\"c": 12345678901234567890123}]}"#);
        assert!(
            text.contains(r#"12345678901234567890123 at $."a"[1]."b,\"c""#),
            "{text}"
        );
        for number in [
            "0.12345678901234567890",
            "9007199254740993.0",
            "179769.31348623157",
            "1e309",
            "0e309",
            "-1e400",
            "1e-400",
            "18446744073709551616",
            "-9223372036854775809",
            "0.1000000000000000055511151231257827",
        ] {
            assert!(
                refused(number).contains(number) && refused(number).contains("at $,"),
                "{number}"
            );
        }
    }

    #[test]
    fn zeros_that_say_nothing_do_not_make_a_number_inexact() {
        for json in ["100000000000000000000000", "[0.12500000000000000000000]"] {
            assert_eq!(kept_exactly(json), Ok(None), "{json}");
        }
    }

    #[test]
    fn blanks_of_a_long_text_are_left_out() {
        let json = format!("[ 1 ,\n\" \",\"{}\" ]", "x".repeat(LONG));
        let anew = kept_exactly(&json).unwrap().unwrap();
        assert!(anew.starts_with("[1,\" \",\"x") && anew.ends_with("x\"]"));
    }
}
