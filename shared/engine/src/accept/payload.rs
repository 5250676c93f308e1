//! The payload of a batch: made canonical, hashed, checked for repeated keys and cut into chunks, in one pass.

use std::collections::HashMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use task_store::CompressedText;
use task_store::batches::PayloadHash;
use task_store::json::push_minified;
use task_store::payloads::NewChunk;

use crate::elements::Elements;
use crate::job::JobKind;
use crate::settings::Settings;

/// A chunk is closed early when its text reaches this size, so that no statement or answer grows with the items.
const CHUNK_BYTES: usize = 512 * 1024;

/// The most bytes of an item without insignificant white space. Of a longer one only its name and length are kept.
pub const MAX_ITEM_BYTES: usize = 256 * 1024;
/// The member that holds the length of an item that is not kept.
const TOO_LONG: &str = "$too_long";

/// Holds a batch's items, ready to be stored. The text they were cut from is not needed any more.
#[derive(Debug)]
pub struct Payload {
    pub(super) hash: PayloadHash,
    pub(super) item_count: u32,
    pub(super) chunks: Vec<NewChunk>,
    first_with_key: HashMap<String, u32>,
}

impl Payload {
    /// Cuts items as they were sent into chunks. The hash is over `identity`, the parameters that beside the items make it the
    /// same batch when it is sent again, and the items without insignificant white space, so that the same batch sent by
    /// another client library is the same payload. Of a list that was cut, because a batch may not have as many items, only the
    /// count is kept.
    #[must_use]
    pub fn cut(kind: &JobKind, identity: &str, items: &Elements<'_>, settings: &Settings) -> Self {
        if items.is_cut() {
            return Self::too_large(items.count);
        }
        let items = &items.first;
        let chunk_items = settings.items_per_chunk(items.len());
        let mut hash = Sha256::new();
        hash.update(identity);
        let mut first_with_key = HashMap::with_capacity(items.len());
        let mut chunks = Vec::new();
        let mut open = OpenChunk::starting_at(0);
        let mut index = 0;
        for item in items {
            let item = item.get();
            let from = open.push(item);
            hash.update(b"\n");
            hash.update(&open.text[from..]);
            let bytes = open.text.len() - from;
            if bytes > MAX_ITEM_BYTES {
                open.text.truncate(from);
                open.text.push_str(&stub(kind, item, bytes));
            }
            if let Some(key) = (kind.key)(item) {
                let first = *first_with_key.entry(key).or_insert(index);
                open.duplicates
                    .extend((first != index).then_some((index, first)));
            }
            index += 1;
            if open.item_count >= chunk_items || open.text.len() >= CHUNK_BYTES {
                chunks.extend(std::mem::replace(&mut open, OpenChunk::starting_at(index)).close());
            }
        }
        chunks.extend(open.close());
        Self {
            hash: hash.finalize().into(),
            item_count: index,
            chunks,
            first_with_key,
        }
    }

    /// Stands for a list of more items than a batch may have: only their number counts, and the batch is refused.
    fn too_large(count: usize) -> Self {
        Self {
            hash: PayloadHash::default(),
            item_count: u32::try_from(count).unwrap_or(u32::MAX),
            chunks: Vec::new(),
            first_with_key: HashMap::new(),
        }
    }

    /// Finds the items that a person made by hand in an earlier run, by their keys: their outcome stays. Answers the number
    /// of each chunk that has some, and the JSON array of their indexes and ids.
    pub(super) fn amended(&self, made: &[(String, i64)]) -> Vec<(usize, String)> {
        let index_of = |(key, id): &(String, i64)| Some((*self.first_with_key.get(key)?, *id));
        let found: Vec<(u32, i64)> = made.iter().filter_map(index_of).collect();
        let in_chunk = |(no, chunk): (usize, &NewChunk)| {
            let range = chunk.first_index..chunk.first_index + chunk.item_count;
            let inside = found.iter().filter(|(index, _)| range.contains(index));
            let pairs: Vec<String> = inside
                .map(|(index, id)| format!("[{index},{id}]"))
                .collect();
            (!pairs.is_empty()).then(|| (no, format!("[{}]", pairs.join(","))))
        };
        self.chunks
            .iter()
            .enumerate()
            .filter_map(in_chunk)
            .collect()
    }
}

/// Writes the text that stands for an item that is too long: its length, and the fields that tell a person which it is.
fn stub(kind: &JobKind, item: &str, bytes: usize) -> String {
    let fields = (kind.identity)(item).into_iter();
    let fields = fields.filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
    let mut members = serde_json::Map::from_iter([(TOO_LONG.to_owned(), json!(bytes))]);
    members.extend(fields);
    Value::Object(members).to_string()
}

/// Reads the length of an item that was too long to be kept; `None` for an item that is kept.
#[must_use]
pub fn unkept_bytes(item: &str) -> Option<usize> {
    #[derive(serde::Deserialize)]
    struct Stub {
        #[serde(rename = "$too_long")]
        bytes: usize,
    }
    if !item.starts_with('{') || !item.contains(TOO_LONG) {
        return None;
    }
    Some(serde_json::from_str::<Stub>(item).ok()?.bytes)
}

/// Copies a valid JSON text without the white space between its tokens.
#[must_use]
pub fn minified(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    push_minified(&mut text, json);
    text
}

struct OpenChunk {
    first_index: u32,
    item_count: u32,
    text: String,
    duplicates: Vec<(u32, u32)>,
}

impl OpenChunk {
    fn starting_at(first_index: u32) -> Self {
        Self {
            first_index,
            item_count: 0,
            text: String::from("["),
            duplicates: Vec::new(),
        }
    }

    /// Appends an item; answers where its text begins.
    fn push(&mut self, item: &str) -> usize {
        if self.item_count > 0 {
            self.text.push(',');
        }
        let from = self.text.len();
        push_minified(&mut self.text, item);
        self.item_count += 1;
        from
    }

    fn close(mut self) -> Option<NewChunk> {
        self.text.push(']');
        let duplicates = (!self.duplicates.is_empty()).then(|| {
            let pairs: Vec<String> = self
                .duplicates
                .iter()
                .map(|(index, first)| format!("[{index},{first}]"))
                .collect();
            format!("[{}]", pairs.join(","))
        });
        (self.item_count > 0).then_some(NewChunk {
            first_index: self.first_index,
            item_count: self.item_count,
            items: CompressedText::new(&self.text),
            duplicates,
        })
    }
}
