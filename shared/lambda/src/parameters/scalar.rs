//! Reading a parameter as text, an integer, a flag, one of several words, or a list of small values.

use std::{borrow::Cow, fmt::Display, ops::RangeInclusive, str::FromStr};

use task_service::items::MAX_ID_CHARS;
use task_service::{Error, Result};
use task_store::json::{nests_at_most, plain_string};

use super::{Parameter, Sent, shown};
use crate::text::unescaped;

/// The most levels of lists and objects a parameter may nest: well under the limits of a database (from 32) and a recursive
/// parser (128) take.
const MAX_DEPTH: usize = 16;

impl<'p> Parameter<'p> {
    /// Reads text of at most `max` characters; a JSON number or boolean counts as its text.
    pub fn text(self, max: usize) -> Result<Cow<'p, str>> {
        let text = self.scalar()?;
        self.check_length(&text, max)?;
        Ok(text)
    }

    /// Reads an id of an order, such as its `out_order_no`, as orders themselves are read: the blanks around it, of any kind,
    /// are no part of it. `None` when there is nothing else.
    pub fn business_id(self) -> Result<Option<String>> {
        let text = self.scalar()?;
        let id = text.trim();
        self.check_length(id, MAX_ID_CHARS)?;
        Ok((!id.is_empty()).then(|| id.to_owned()))
    }

    fn check_length(self, text: &str, max: usize) -> Result<()> {
        let length = text.chars().count();
        if length > max {
            return Err(self.invalid(&format!(
                "has {length} characters, at most {max} are allowed: {}",
                shown(text)
            )));
        }
        Ok(())
    }

    /// Reads text of any length; a JSON value that is no string counts as its own text, exactly as it was sent.
    pub fn as_text(self) -> Result<Cow<'p, str>> {
        match self.sent {
            Sent::Json(raw) if raw.get().starts_with(['[', '{']) => {
                self.check_depth(raw.get())?;
                Ok(Cow::Borrowed(raw.get()))
            }
            _ => self.scalar(),
        }
    }

    /// Reads a whole number within `range`, as a number or as text.
    pub fn integer<T>(self, range: RangeInclusive<T>) -> Result<T>
    where
        T: FromStr + PartialOrd + Display,
    {
        let text = self.scalar()?;
        self.integer_of(&text, &range)
    }

    /// Reads a whole number of 32 bits, as the columns hold it.
    pub fn int(self) -> Result<i32> {
        self.integer(i32::MIN..=i32::MAX)
    }

    /// Reads `true`, `1`, `false` or `0`, as a JSON value or as text in any case.
    pub fn flag(self) -> Result<bool> {
        let text = self.scalar()?;
        match text.as_ref() {
            "1" => Ok(true),
            "0" => Ok(false),
            word if word.eq_ignore_ascii_case("true") => Ok(true),
            word if word.eq_ignore_ascii_case("false") => Ok(false),
            _ => Err(self.invalid(&format!(
                "must be true, false, 1 or 0, not {}",
                shown(&text)
            ))),
        }
    }

    /// Reads one of the given words as the value that it stands for.
    pub fn one_of<T: Copy>(self, words: &[(&str, T)]) -> Result<T> {
        let text = self.scalar()?;
        self.word_of(&text, words)
    }

    /// Reads several of the words given: a comma list or a JSON list.
    pub fn some_of<T: Copy>(self, words: &[(&str, T)]) -> Result<Vec<T>> {
        self.items(words.len())?
            .iter()
            .map(|item| self.word_of(item, words))
            .collect()
    }

    /// Reads whole numbers within `range`, at most `max` of them: a comma list or a JSON list.
    pub fn integers<T>(self, range: &RangeInclusive<T>, max: usize) -> Result<Vec<T>>
    where
        T: FromStr + PartialOrd + Display,
    {
        self.items(max)?
            .iter()
            .map(|item| self.integer_of(item, range))
            .collect()
    }

    /// Reads at most `max` texts: a comma list, a JSON list of strings and numbers, or a string that holds one.
    pub fn items(self, max: usize) -> Result<Vec<Cow<'p, str>>> {
        let too_many = |count: usize| {
            Err(self.invalid(&format!("has {count} items, at most {max} are allowed")))
        };
        if let Some((list, count)) = self.listed(max)? {
            return if count > max {
                too_many(count)
            } else {
                Ok(list)
            };
        }
        let text = self.scalar()?;
        let count = text.split(',').count();
        if count > max {
            too_many(count)
        } else {
            Ok(split(text))
        }
    }

    /// Reads the decoded text of a value that is neither list nor object.
    pub(super) fn scalar(self) -> Result<Cow<'p, str>> {
        let text = match self.sent {
            Sent::Text(text) => Cow::Borrowed(text.as_ref()),
            Sent::Json(raw) => self.scalar_of(raw.get())?,
        };
        if text.contains('\0') {
            return Err(self.invalid(&format!("holds a NUL character: {}", shown(&text))));
        }
        Ok(text)
    }

    /// Reads the decoded text of a JSON string, number or boolean.
    pub(super) fn scalar_of(self, json: &str) -> Result<Cow<'_, str>> {
        match json.as_bytes() {
            [b'[' | b'{', ..] => {
                Err(self.invalid(&format!("must be a single value, not {}", shown(json))))
            }
            [b'"', ..] => match plain_string(json) {
                Some(plain) => Ok(Cow::Borrowed(plain)),
                None => unescaped(json).map(Cow::Owned).map_err(|_| {
                    self.invalid(&format!(
                        "holds an escape that is no character: {}",
                        shown(json)
                    ))
                }),
            },
            _ => Ok(Cow::Borrowed(json)),
        }
    }

    fn integer_of<T>(self, text: &str, range: &RangeInclusive<T>) -> Result<T>
    where
        T: FromStr + PartialOrd + Display,
    {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain
            .then(|| text.parse().ok())
            .flatten()
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                self.invalid(&format!(
                    "must be a whole number from {} to {}, not {}",
                    range.start(),
                    range.end(),
                    shown(text)
                ))
            })
    }

    fn word_of<T: Copy>(self, text: &str, words: &[(&str, T)]) -> Result<T> {
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.invalid(&format!(
                "must be one of {}, not {}",
                names.join(", "),
                shown(text)
            ))
        })
    }

    pub(super) fn check_depth(self, json: &str) -> Result<()> {
        if nests_at_most(json, MAX_DEPTH) {
            return Ok(());
        }
        Err(self.invalid(&format!(
            "nests more than {MAX_DEPTH} levels: {}",
            shown(json)
        )))
    }

    /// Makes a refusal of this parameter.
    #[must_use]
    pub fn invalid(self, wrong: &str) -> Error {
        Error::invalid(self.name, wrong)
    }
}

/// Splits a comma list into its parts, without the blanks around them.
fn split(list: Cow<'_, str>) -> Vec<Cow<'_, str>> {
    match list {
        Cow::Borrowed(list) => list
            .split(',')
            .map(|item| Cow::Borrowed(item.trim_matches(' ')))
            .collect(),
        Cow::Owned(list) => list
            .split(',')
            .map(|item| Cow::Owned(item.trim_matches(' ').to_owned()))
            .collect(),
    }
}
