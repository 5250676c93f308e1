//! One item of a batch as it is answered: its outcome, and the item as it was sent.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;
use task_store::items::ItemStatus;

use super::members::Members;
use crate::item_error::ItemError;
use crate::job::{Identity, MadeKind};

/// The members that every item has. Members of the sent item with these names are not repeated.
const OWN: [&str; 7] = [
    "index",
    "status",
    "code",
    "msg",
    "errors",
    "error_count",
    "notice",
];
/// The most bytes of an item's members beside its errors and its text as it was sent.
const FRAME: usize = 512;

/// An item with its outcome.
#[derive(Debug)]
pub struct ItemView {
    /// Its index in the batch.
    pub index: u32,
    /// Its status.
    pub status: ItemStatus,
    /// The thing made of it; `None` when nothing with an id is made of an item of this kind.
    pub made: Option<Made>,
    /// Why it was refused: the JSON array, and its first element's code and sentence.
    pub errors: Option<Reasons>,
    /// A notice about the thing that was made.
    pub notice: Option<Notice>,
    /// The item's own members.
    pub sent: Sent,
}

/// Tells a person something about the thing that was made of an item.
#[derive(Debug)]
pub struct Notice {
    /// The stable code.
    pub code: String,
    /// The kind of the thing, which words the notice.
    pub kind: MadeKind,
    /// The thing as the database holds it.
    pub made: Option<Box<RawValue>>,
}

impl Serialize for Notice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("code", &self.code)?;
        map.serialize_entry("msg", self.kind.notice)?;
        map.serialize_entry(self.kind.content_field, &self.made)?;
        map.end()
    }
}

impl ItemView {
    /// Bounds the bytes of [`ItemView::printed`] from above, without printing.
    pub(super) fn bound(&self) -> usize {
        let sent = match &self.sent {
            // As members, and once more as a whole.
            Sent::Whole(raw) => raw.get().len() * 2,
            Sent::Identity(fields) => fields
                .iter()
                .map(|(name, value)| name.len() + 8 + value.as_ref().map_or(0, |v| v.len() * 6))
                .sum(),
        };
        let errors = self.errors.as_ref();
        let errors = errors.map_or(0, |reasons| reasons.all.get().len() * 2);
        let notice = self.notice.as_ref().and_then(|notice| notice.made.as_ref());
        FRAME + sent + errors + notice.map_or(0, |made| made.get().len())
    }

    /// Counts the bytes it has as JSON.
    pub(super) fn printed(&self) -> usize {
        let mut counter = Counter(0);
        match serde_json::to_writer(&mut counter, self) {
            Ok(()) => counter.0 + 1,
            Err(_) => usize::MAX / 2,
        }
    }
}

/// Counts bytes that are written.
struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The thing that is made of an item.
#[derive(Debug)]
pub struct Made {
    /// Its kind, which names the members that show it.
    pub kind: MadeKind,
    /// Its id, once it is made.
    pub id: Option<i64>,
}

/// The part of a sent item that an answer shows.
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
    /// The first of the reasons, a JSON array.
    pub all: Box<RawValue>,
    /// How many there are.
    pub count: u32,
}

impl Reasons {
    /// Reads stored reasons; `None` when this version did not write them.
    pub(super) fn from_stored(errors: String, count: Option<u32>) -> Option<Self> {
        #[derive(serde::Deserialize)]
        struct First {
            code: String,
            msg: String,
        }
        let all: Vec<First> = serde_json::from_str(&errors).ok()?;
        let kept = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let First { code, msg } = all.into_iter().next()?;
        Some(Self {
            code,
            msg,
            all: RawValue::from_string(errors).ok()?,
            count: count.unwrap_or(kept),
        })
    }

    /// Answers the reason of an item that its batch's close left without an outcome.
    pub(super) fn cancelled() -> Option<Self> {
        serde_json::to_string(&[ItemError::cancelled()])
            .ok()
            .and_then(|errors| Self::from_stored(errors, None))
    }
}

impl Serialize for ItemView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("index", &self.index)?;
        if let Some(Made { kind, id }) = &self.made {
            map.serialize_entry(kind.name_field, &id.map(kind.name))?;
            map.serialize_entry(kind.id_field, &id.map(|id| id.to_string()))?;
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
        let count = self.errors.as_ref().map_or(0, |reasons| reasons.count);
        map.serialize_entry("error_count", &count)?;
        if let Some(notice) = &self.notice {
            map.serialize_entry("notice", notice)?;
        }
        match &self.sent {
            Sent::Whole(raw) => serialize_sent(&mut map, raw, self.made.as_ref())?,
            Sent::Identity(fields) => {
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
            }
        }
        map.end()
    }
}

/// Writes the members of the item as it was sent, the last of a repeated name. An item that is no object, or that has a
/// member of a name that every item has, is written as a whole as well: `sent`.
fn serialize_sent<M: SerializeMap>(
    map: &mut M,
    raw: &RawValue,
    made: Option<&Made>,
) -> Result<(), M::Error> {
    let Ok(members) = serde_json::from_str::<Members<'_>>(raw.get()) else {
        return map.serialize_entry("sent", raw);
    };
    let is_of_made = |name: &str| {
        made.is_some_and(|made| [made.kind.name_field, made.kind.id_field].contains(&name))
    };
    let is_own = |name: &str| OWN.contains(&name) || is_of_made(name);
    for (name, value) in members.iter().filter(|(name, _)| !is_own(name)) {
        map.serialize_entry(name, value)?;
    }
    if members.iter().any(|(name, _)| is_own(name)) {
        map.serialize_entry("sent", raw)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE: MadeKind = MadeKind {
        name_field: "thing_no",
        id_field: "thing_id",
        content_field: "thing",
        name: |id| format!("T{id}"),
        notice: "",
        read: |_, _, _| Box::pin(async { Ok(Vec::new()) }),
    };

    fn view(sent: &str) -> serde_json::Value {
        let sent = Sent::Whole(RawValue::from_string(sent.to_owned()).unwrap());
        let view = ItemView {
            index: 3,
            status: ItemStatus::Pending,
            made: Some(Made {
                kind: MADE,
                id: None,
            }),
            errors: None,
            notice: None,
            sent,
        };
        assert!(view.printed() <= view.bound(), "{view:?}");
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

    #[test]
    fn an_item_of_fifty_thousand_members_is_answered_at_once() {
        let members: Vec<String> = (0..50_000).map(|n| format!("\"m{n}\":0")).collect();
        let started = std::time::Instant::now();
        let item = view(&format!("{{{}}}", members.join(",")));
        assert_eq!(item["m49999"], 0);
        assert!(started.elapsed().as_secs() < 2, "{:?}", started.elapsed());
    }
}
