//! The parameters of a call: query string and body merged, read by typed readers that refuse with a sentence.
//!
//! A body may be a form or a JSON object. Body goes before query; among equal names the last one counts; `""` and
//! `null` mean absent; unknown names are ignored. Everything borrows from the request: a list of 10,000 orders is
//! handed on as the text it came as.

mod callbacks;
mod changes;
mod dispatch;
mod form;
mod identifiers;
mod items;
mod json;
mod lists;
mod media;
mod object;
mod paging;
mod runs;
mod scalar;
mod schedules;

use std::borrow::Cow;

use serde_json::value::RawValue;
use task_service::{Error, ErrorCode, Result};

pub use items::ReportFormat;
pub use json::ValueType;
use media::Format;

/// The most parameters that are taken: a body of nothing but names would cost many times its size in memory.
const MAX_PARAMETERS: usize = 1_000;

/// All parameters of one call.
#[derive(Debug, Default)]
pub struct Parameters<'a> {
    body: Vec<Entry<'a>>,
    query: Vec<Entry<'a>>,
}

/// A parameter's name and its value as it was sent.
type Entry<'a> = (Cow<'a, str>, Sent<'a>);

/// A value as it came.
#[derive(Debug)]
enum Sent<'a> {
    /// From a query string or a form: always text, which may hold JSON.
    Text(Cow<'a, str>),
    /// From a JSON body: any JSON value, still as its text.
    Json(&'a RawValue),
}

impl Sent<'_> {
    fn is_absent(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Json(raw) => matches!(raw.get(), "null" | r#""""#),
        }
    }
}

/// One present parameter; its methods read it as a type or refuse it.
#[derive(Debug, Clone, Copy)]
pub struct Parameter<'p> {
    name: &'p str,
    sent: &'p Sent<'p>,
}

impl<'a> Parameters<'a> {
    /// Reads a query string and a body.
    ///
    /// # Errors
    /// `PARAM_INVALID` when the content type is neither of the two, names a charset that is not UTF-8, or the body is not what
    /// it says.
    pub fn parse(query: &'a str, content_type: Option<&str>, body: &'a str) -> Result<Self> {
        Ok(Self {
            query: form_entries(query)?,
            body: match Format::of(content_type, body)? {
                Format::Nothing => Vec::new(),
                Format::Form => form_entries(body)?,
                Format::Json => object::entries(body)?,
            },
        })
    }

    /// Reads a parameter that must be present.
    ///
    /// # Errors
    /// `PARAM_MISSING`, or the refusal of `read`.
    pub fn required<'p, T>(
        &'p self,
        name: &'p str,
        read: impl FnOnce(Parameter<'p>) -> Result<T>,
    ) -> Result<T> {
        self.optional(name, read)?
            .ok_or_else(|| Error::missing(name))
    }

    /// Reads a parameter that may be absent.
    ///
    /// # Errors
    /// The refusal of `read`.
    pub fn optional<'p, T>(
        &'p self,
        name: &'p str,
        read: impl FnOnce(Parameter<'p>) -> Result<T>,
    ) -> Result<Option<T>> {
        self.find(name)
            .map(|sent| read(Parameter { name, sent }))
            .transpose()
    }

    /// Tells whether the parameter was sent.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Reads a parameter that was sent with a value and has none of these names.
    #[must_use]
    pub fn unknown(&self, known: &[&str]) -> Option<&str> {
        let sent = self.body.iter().chain(&self.query);
        let mut present = sent.filter(|(_, sent)| !sent.is_absent());
        let unknown = present.find(|(name, _)| !known.contains(&&**name));
        unknown.map(|(name, _)| &**name)
    }

    /// Reads the name under which a parameter with an alias was sent: `name` unless only `alias` is there.
    #[must_use]
    pub fn either<'n>(&self, name: &'n str, alias: &'n str) -> &'n str {
        if !self.has(name) && self.has(alias) {
            alias
        } else {
            name
        }
    }

    /// Chooses like [`Parameters::either`] between two spellings that must not contradict each other.
    ///
    /// # Errors
    /// `PARAM_INVALID` when both were sent with different values.
    pub fn agreeing<'n>(&self, name: &'n str, alias: &'n str) -> Result<&'n str> {
        let text = |name| self.optional(name, Parameter::as_text);
        match (text(name)?, text(alias)?) {
            (Some(one), Some(other)) if one != other => Err(Error::invalid(
                alias,
                &format!(
                    "is {} but {name}, its other spelling, is {}",
                    shown(&other),
                    shown(&one)
                ),
            )),
            _ => Ok(self.either(name, alias)),
        }
    }

    fn find(&self, name: &str) -> Option<&Sent<'a>> {
        let last = |entries: &'_ [Entry<'a>]| entries.iter().rposition(|(key, _)| key == name);
        let present =
            |entries: &'_ [Entry<'a>]| last(entries).filter(|&at| !entries[at].1.is_absent());
        present(&self.body)
            .map(|at| &self.body[at].1)
            .or_else(|| present(&self.query).map(|at| &self.query[at].1))
    }
}

fn form_entries(form: &str) -> Result<Vec<Entry<'_>>> {
    let mut entries = Vec::new();
    for pair in form::pairs(form) {
        if entries.len() == MAX_PARAMETERS {
            return Err(too_many());
        }
        let (name, value) = pair?;
        // As HTML forms name the charset they were sent in.
        if name == "_charset_" {
            media::check_charset(&value)?;
        }
        entries.push((name, Sent::Text(value)));
    }
    Ok(entries)
}

fn too_many() -> Error {
    Error::refused(
        ErrorCode::ParamInvalid,
        format!("more than {MAX_PARAMETERS} parameters were sent"),
    )
}

/// Prints a value as a refusal shows it: quoted, control characters escaped, cut to 64 characters.
pub(crate) fn shown(value: &str) -> String {
    const MAX: usize = 64;
    match value.char_indices().nth(MAX) {
        Some((end, _)) => format!("{:?}…", &value[..end]),
        None => format!("{value:?}"),
    }
}

#[cfg(test)]
mod tests;
