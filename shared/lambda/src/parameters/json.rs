//! Reading a parameter as JSON: from a JSON body as it is, or from text that holds it. The text is never rewritten.

use std::borrow::Cow;

use serde_json::{Value, value::RawValue};
use task_engine::Elements;
use task_service::Result;

use super::{Parameter, Sent, shown};

/// The type that a caller names for a value that came as a string (`value_type`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ValueType {
    /// Nothing: JSON where it parses as JSON, else a string.
    #[default]
    Guess,
    /// It is JSON.
    Json,
    /// It is a string, whatever it looks like.
    Text,
}

impl ValueType {
    /// The words of `value_type` with their types.
    pub const WORDS: [(&'static str, Self); 2] = [("json", Self::Json), ("str", Self::Text)];
}

impl<'p> Parameter<'p> {
    /// Reads a JSON list. Its elements are only checked to be JSON: an error in an element is reported with that element.
    pub fn list(self) -> Result<Cow<'p, RawValue>> {
        self.container('[', "a JSON list")
    }

    /// Reads a JSON object, only checked to be JSON.
    pub fn object(self) -> Result<Cow<'p, RawValue>> {
        self.container('{', "a JSON object")
    }

    /// Reads any JSON value, fit to be stored in a JSON column.
    pub fn document(self, value_type: ValueType) -> Result<Cow<'p, RawValue>> {
        let raw = match (self.sent, value_type) {
            (_, ValueType::Text) => return self.string(&self.as_text()?),
            (Sent::Json(raw), _) if !raw.get().starts_with('"') => Cow::Borrowed(*raw),
            (_, ValueType::Json) => self.parsed(self.scalar()?, "JSON")?,
            (_, ValueType::Guess) => {
                let text = self.scalar()?;
                if serde_json::from_str::<&RawValue>(&text).is_err() {
                    return self.string(&text);
                }
                self.parsed(text, "JSON")?
            }
        };
        self.check_storable(raw.get())?;
        Ok(raw)
    }

    /// Reads the first `max` elements as texts, and the number of all, when the value is a JSON list or a string that holds one.
    pub(super) fn listed(self, max: usize) -> Result<Option<Listed<'p>>> {
        let is_list = match self.sent {
            Sent::Json(raw) if !raw.get().starts_with('"') => raw.get().starts_with('['),
            _ => self.scalar()?.trim_start().starts_with('['),
        };
        if !is_list {
            return Ok(None);
        }
        let list = self.list()?;
        let elements = match &list {
            Cow::Borrowed(list) => return self.elements(list.get(), max).map(Some),
            Cow::Owned(list) => self.elements(list.get(), max)?,
        };
        let (elements, count) = elements;
        let elements = elements.into_iter();
        let elements = elements.map(|element| Cow::Owned(element.into_owned()));
        Ok(Some((elements.collect(), count)))
    }

    fn elements<'j>(self, list: &'j str, max: usize) -> Result<Listed<'j>> {
        let elements = Elements::parse(list, max)
            .map_err(|error| self.invalid(&format!("must be a JSON list: {error}")))?;
        let text = |element: &'j RawValue| match element.get() {
            "null" => Err(self.invalid("holds null, which is no value")),
            element => self.scalar_of(element),
        };
        let texts: Result<Vec<_>> = elements.first.into_iter().map(text).collect();
        Ok((texts?, elements.count))
    }

    fn container(self, start: char, kind: &str) -> Result<Cow<'p, RawValue>> {
        let raw = match self.sent {
            Sent::Json(raw) if !raw.get().starts_with('"') => Cow::Borrowed(*raw),
            _ => self.parsed(self.scalar()?, kind)?,
        };
        if !raw.get().starts_with(start) {
            return Err(self.invalid(&format!("must be {kind}, not {}", shown(raw.get()))));
        }
        self.check_depth(raw.get())?;
        Ok(raw)
    }

    /// Reads the JSON that a text holds, without a copy of it.
    fn parsed(self, text: Cow<'p, str>, kind: &str) -> Result<Cow<'p, RawValue>> {
        let parsed = match text {
            Cow::Borrowed(text) => serde_json::from_str(text).map(Cow::Borrowed),
            Cow::Owned(text) => RawValue::from_string(text).map(Cow::Owned),
        };
        parsed.map_err(|error| self.invalid(&format!("must be {kind}: {error}")))
    }

    /// Writes a text as a JSON string.
    fn string(self, text: &str) -> Result<Cow<'p, RawValue>> {
        serde_json::value::to_raw_value(text)
            .map(Cow::Owned)
            .map_err(|error| self.invalid(&format!("cannot be written as JSON: {error}")))
    }

    /// Refuses JSON that no database stores: a number beyond a double, half a surrogate pair, a name beyond [`MAX_NAME`].
    fn check_storable(self, json: &str) -> Result<()> {
        if json.len() > MAX_DOCUMENT {
            let bytes = json.len();
            return Err(self.invalid(&format!(
                "has {bytes} bytes, at most {MAX_DOCUMENT} are accepted"
            )));
        }
        self.check_depth(json)?;
        let value: Value = serde_json::from_str(json)
            .map_err(|error| self.invalid(&format!("cannot be stored: {error}")))?;
        match longest_name(&value) {
            0..=MAX_NAME => Ok(()),
            bytes => Err(self.invalid(&format!(
                "has a name of {bytes} bytes, at most {MAX_NAME} are allowed"
            ))),
        }
    }
}

/// The first elements of a list as texts, and the number of all.
type Listed<'j> = (Vec<Cow<'j, str>>, usize);

/// The most bytes of a document as it is sent: as a value it takes many times as much memory. Only a gzipped body holds more.
const MAX_DOCUMENT: usize = 6 * 1024 * 1024;

/// The most bytes of a member's name that MySQL stores.
const MAX_NAME: usize = 65_535;

fn longest_name(value: &Value) -> usize {
    let longest = match value {
        Value::Array(list) => list.iter().map(longest_name).max(),
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| name.len().max(longest_name(value)))
            .max(),
        _ => None,
    };
    longest.unwrap_or(0)
}
