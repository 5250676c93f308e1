//! A JSON object's members in the order they were sent.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Holds a JSON object's members in the order they were sent.
pub(super) struct Members<'a> {
    sent: Vec<(Cow<'a, str>, &'a RawValue)>,
    /// Where each name was sent last.
    last: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Members<'a> {
    /// Iterates over the members, each name once with its last value.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(Cow<'a, str>, &'a RawValue)> {
        let members = self.sent.iter().enumerate();
        members
            .filter(|(at, (name, _))| self.last.get(name) == Some(at))
            .map(|(_, member)| member)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let sent = deserializer.deserialize_map(InOrder)?;
        let names = sent.iter().map(|(name, _)| name.clone());
        let last = names.zip(0..).collect();
        Ok(Self { sent, last })
    }
}

#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((Name(name), value)) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(members)
    }
}
