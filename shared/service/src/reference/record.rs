//! One record of a reference file, read field by field: everything wrong with it is named, with the value and the limit.

use serde_json::{Map, Value};

use crate::items::DecimalError;

/// The most characters of an id.
const ID: usize = 64;
/// The most characters of a value that a message repeats.
const SHOWN: usize = 60;

/// A record that is being read.
pub(super) struct Record<'a> {
    label: String,
    fields: &'a Map<String, Value>,
    findings: Vec<String>,
}

impl<'a> Record<'a> {
    /// Opens a record, named after its id or, without a usable id, after its number in the file (from 1).
    pub(super) fn open(
        kind: &str,
        id_field: &str,
        number: usize,
        value: &'a Value,
    ) -> Result<Self, String> {
        let Some(fields) = value.as_object() else {
            return Err(format!(
                "{kind} number {number}: must be an object, not {}",
                shown(value)
            ));
        };
        let label = match fields.get(id_field).and_then(Value::as_str) {
            Some(id) if !id.trim().is_empty() => format!("{kind} {}", shortened(id)),
            _ => format!("{kind} number {number}"),
        };
        Ok(Self {
            label,
            fields,
            findings: Vec::new(),
        })
    }

    /// Notes a finding about a field.
    pub(super) fn wrong(&mut self, field: &str, finding: &str) {
        let value = self
            .fields
            .get(field)
            .map_or_else(|| "is missing: it".to_owned(), shown);
        self.findings.push(format!("{field} {value} {finding}"));
    }

    /// Returns the value of a field; `null` counts as absent.
    pub(super) fn value(&self, field: &str) -> Option<&'a Value> {
        self.fields.get(field).filter(|value| !value.is_null())
    }

    /// Reads an optional text of at most `limit` characters.
    pub(super) fn text(&mut self, field: &str, limit: usize) -> Option<String> {
        let value = self.value(field)?;
        let Some(text) = value.as_str() else {
            self.wrong(field, "must be text in quotes");
            return None;
        };
        let length = text.chars().count();
        if length > limit {
            self.wrong(
                field,
                &format!("has {length} characters, at most {limit} are allowed"),
            );
        }
        Some(text.to_owned())
    }

    /// Reads the id: 1 to 64 characters, the last of which is no blank.
    pub(super) fn id(&mut self, field: &str) -> String {
        let Some(id) = self.text(field, ID) else {
            if self.value(field).is_none() {
                self.wrong(field, "must be text of 1 to 64 characters");
            }
            return String::new();
        };
        if id.is_empty() {
            self.wrong(field, "must have 1 to 64 characters");
        } else if id.ends_with(' ') {
            self.wrong(field, "ends with a blank: take it away");
        }
        id
    }

    /// Reads a required decimal in quotes.
    pub(super) fn decimal<T: Default>(
        &mut self,
        field: &str,
        parse: fn(&str) -> Result<T, DecimalError>,
    ) -> T {
        let Some(text) = self.value(field).and_then(Value::as_str) else {
            self.wrong(
                field,
                "must be a decimal number in quotes, such as \"2.50\"",
            );
            return T::default();
        };
        parse(text).unwrap_or_else(|error| {
            self.wrong(field, decimal_finding(error));
            T::default()
        })
    }

    /// Reads an optional `true` or `false`; absent is `true`.
    pub(super) fn flag(&mut self, field: &str) -> bool {
        match self.value(field) {
            None => true,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.wrong(field, "must be true or false");
                true
            }
        }
    }

    /// Checks that an optional field is a list.
    pub(super) fn check_list(&mut self, field: &str) {
        if self.value(field).is_some_and(|value| !value.is_array()) {
            self.wrong(field, "must be a list");
        }
    }

    /// Ends the record: its findings as one line, if there are any.
    pub(super) fn finish(self) -> Option<String> {
        let findings = self.findings;
        (!findings.is_empty()).then(|| format!("{}: {}", self.label, findings.join("; ")))
    }
}

fn decimal_finding(error: DecimalError) -> &'static str {
    match error {
        DecimalError::Format => "is not a plain decimal number, such as 2.50",
        DecimalError::TooLarge => "has more than 8 digits before the point",
        DecimalError::Negative => "is below zero",
        DecimalError::Decimals => "has more than 2 decimals",
    }
}

/// Returns a value as a message shows it: a text without its quotes, unless it is empty.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if !text.trim().is_empty() => shortened(text),
        other => shortened(&other.to_string()),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
