//! One item of a batch as it is answered: its outcome, and the item as it was sent.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use task_store::items::ItemStatus;

use super::job::{Identity, ItemError};

/// The members that every item has. A member of the item itself with one of these names is not repeated.
const OWN: [&str; 7] = [
    "index", "order_no", "order_id", "status", "code", "msg", "errors",
];

/// An item with its outcome.
#[derive(Debug)]
pub struct ItemView {
    /// Its index in the batch.
    pub index: u32,
    /// What became of it.
    pub status: ItemStatus,
    /// What was made of it; `None` when nothing with an id is made of an item of this kind.
    pub made: Option<Made>,
    /// Why it was refused: the JSON array, and its first element's code and sentence.
    pub errors: Option<Reasons>,
    /// The item's own members.
    pub sent: Sent,
}

/// What was made of an item.
#[derive(Debug, Default)]
pub struct Made {
    /// Its id and how it is called, once it is made.
    pub id_and_name: Option<(i64, String)>,
}

/// As much of an item as an answer shows.
#[derive(Debug)]
pub enum Sent {
    /// Everything, as it was sent.
    Whole(Box<RawValue>),
    /// The fields that tell which item it is.
    Identity(Identity),
}

/// Why an item was refused.
#[derive(Debug)]
pub struct Reasons {
    /// The first reason's machine word.
    pub code: String,
    /// The first reason's sentence.
    pub msg: String,
    /// All reasons, a JSON array.
    pub all: Box<RawValue>,
}

impl Reasons {
    /// Reads stored reasons; `None` when they are not what this version writes.
    pub(super) fn from_stored(errors: String) -> Option<Self> {
        #[derive(serde::Deserialize)]
        struct First {
            code: String,
            msg: String,
        }
        let all: Vec<First> = serde_json::from_str(&errors).ok()?;
        let First { code, msg } = all.into_iter().next()?;
        Some(Self {
            code,
            msg,
            all: RawValue::from_string(errors).ok()?,
        })
    }

    /// Why an item has no outcome although its batch has ended.
    pub(super) fn cancelled() -> Option<Self> {
        let msg = "批次已关闭，该条未处理".to_owned();
        let error = ItemError {
            code: "CANCELLED",
            field: String::new(),
            value: None,
            msg,
        };
        serde_json::to_string(&[error])
            .ok()
            .and_then(Self::from_stored)
    }
}

impl Serialize for ItemView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("index", &self.index)?;
        if let Some(Made { id_and_name: made }) = &self.made {
            map.serialize_entry("order_no", &made.as_ref().map(|(_, name)| name))?;
            map.serialize_entry("order_id", &made.as_ref().map(|(id, _)| id.to_string()))?;
        }
        map.serialize_entry("status", self.status.as_str())?;
        map.serialize_entry(
            "code",
            self.errors.as_ref().map_or("", |reasons| &reasons.code),
        )?;
        map.serialize_entry(
            "msg",
            self.errors.as_ref().map_or("", |reasons| &reasons.msg),
        )?;
        match &self.errors {
            Some(reasons) => map.serialize_entry("errors", &reasons.all)?,
            None => map.serialize_entry("errors", &[(); 0])?,
        }
        match &self.sent {
            Sent::Whole(raw) => serialize_sent(&mut map, raw)?,
            Sent::Identity(fields) => {
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
            }
        }
        map.end()
    }
}

/// The members of the item as it was sent, the last of a repeated name. An item that is no object, or that has a member
/// of a name that every item has, is there as a whole as well: `sent`.
fn serialize_sent<M: SerializeMap>(map: &mut M, raw: &RawValue) -> Result<(), M::Error> {
    let Ok(members) = serde_json::from_str::<indexed::Members<'_>>(raw.get()) else {
        return map.serialize_entry("sent", raw);
    };
    let is_own = |name: &str| OWN.contains(&name);
    for (name, value) in members.iter().filter(|(name, _)| !is_own(name)) {
        map.serialize_entry(name, value)?;
    }
    if members.iter().any(|(name, _)| is_own(name)) {
        map.serialize_entry("sent", raw)?;
    }
    Ok(())
}

mod indexed {
    //! A JSON object's members in the order they were sent.

    use std::borrow::Cow;
    use std::fmt;

    use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
    use serde_json::value::RawValue;

    pub(super) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

    impl<'a> Members<'a> {
        /// Each name once, with its last value.
        pub(super) fn iter(&self) -> impl Iterator<Item = &(Cow<'a, str>, &'a RawValue)> {
            let later =
                |at: usize, name: &str| self.0[at + 1..].iter().any(|(other, _)| other == name);
            self.0
                .iter()
                .enumerate()
                .filter(move |(at, (name, _))| !later(*at, name))
                .map(|(_, member)| member)
        }
    }

    impl<'de> Deserialize<'de> for Members<'de> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(InOrder).map(Self)
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(sent: &str) -> serde_json::Value {
        let sent = Sent::Whole(RawValue::from_string(sent.to_owned()).unwrap());
        let view = ItemView {
            index: 3,
            status: ItemStatus::Pending,
            made: Some(Made::default()),
            errors: None,
            sent,
        };
        serde_json::from_str(&serde_json::to_string(&view).unwrap()).unwrap()
    }

    #[test]
    fn an_item_is_answered_with_its_unknown_fields_and_never_loses_its_own() {
        let item = view(
            r#"{"address_id":"S1","status":"mine","extra":{"a":[1.50]},"extra2":1,"extra2":2}"#,
        );
        assert_eq!(item["status"], "pending");
        assert_eq!(item["address_id"], "S1");
        assert_eq!(item["sent"]["status"], "mine", "what clashes is not lost");
        assert_eq!(item["extra2"], 2);
        assert_eq!(item["extra"]["a"][0], 1.5);
    }

    #[test]
    fn an_item_that_is_no_object_is_answered_as_it_was_sent() {
        assert_eq!(view("[1,2]")["sent"], serde_json::json!([1, 2]));
    }
}
