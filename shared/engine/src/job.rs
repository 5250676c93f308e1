//! A batch job as the engine sees it. The engine claims, fences, commits, finishes and sweeps; a job defines
//! its items, the rules that refuse an item, and the things made of an item.

use std::pin::Pin;

use jiff::tz::TimeZone;
use serde_json::Value;
use serde_json::value::RawValue;
use task_store::batches::Batch;
use task_store::chunks::Claimed;
use task_store::{Connection, Result, StoreError};

use crate::item_error::{ItemError, ItemErrors};

/// One item as a job gets it.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// Its index in the batch.
    pub index: u32,
    /// The id reserved for the thing that is made of it: the same at every try.
    pub reserved_id: i64,
    /// The item's JSON text as it was sent.
    pub raw: &'a str,
    /// The first item of the batch with the same key, if this is a later one.
    pub duplicate_of: Option<u32>,
}

/// The finding of a job about one item.
#[derive(Debug)]
pub enum Prepared<W> {
    /// The item is right and can be written; its reserved id becomes its id.
    Ready(W),
    /// This task has made it before, in an earlier run.
    Made {
        /// The id of the thing that was made.
        id: i64,
        /// The stable code of a notice to the person.
        notice: Option<&'static str>,
    },
    /// It is wrong, for all these reasons at once; there is at least one.
    Refused(ItemErrors),
}

impl<W> From<ItemErrors> for Prepared<W> {
    fn from(errors: ItemErrors) -> Self {
        Self::Refused(errors)
    }
}

impl<W> From<ItemError> for Prepared<W> {
    fn from(error: ItemError) -> Self {
        Self::Refused(error.into())
    }
}

/// The fields that tell a person which item it is: names and values.
pub type Identity = Vec<(&'static str, Option<String>)>;

/// Reads made things as people see them: ids and JSON objects, with times in a zone.
pub type ReadMade =
    for<'a> fn(
        &'a mut Connection,
        &'a [i64],
        &'a TimeZone,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<(i64, Box<RawValue>)>>> + Send + 'a>>;

/// Describes the things that are made of a kind's items.
#[derive(Debug, Clone, Copy)]
pub struct MadeKind {
    /// The member of an answered item that holds the thing's name.
    pub name_field: &'static str,
    /// The member of an answered item that holds the thing's id.
    pub id_field: &'static str,
    /// The member of a notice that holds the thing as it was made.
    pub content_field: &'static str,
    /// Names the thing with an id.
    pub name: fn(i64) -> String,
    /// The sentence of a notice: the item was made before, with other content.
    pub notice: &'static str,
    /// Reads things by their ids.
    pub read: ReadMade,
}

/// Describes a kind of batch: its names and how its items are told apart. Enough to read and finish one.
#[derive(Debug, Clone, Copy)]
pub struct JobKind {
    /// The name that is stored with each batch and used in the queue configuration.
    pub name: &'static str,
    /// The task's name, which people read.
    pub title: &'static str,
    /// The `target` of a result while there is something to mend; empty where nothing can be.
    pub target: &'static str,
    /// Answers the key by which two items of a batch are the same; `None` when that cannot be told. Quick, cannot fail.
    pub key: fn(&str) -> Option<String>,
    /// Answers the fields that tell a person which item it is, as JSON members; always the same names.
    pub identity: fn(&str) -> Identity,
    /// The things that are made of items; `None` when nothing with an id is.
    pub made: Option<MadeKind>,
    /// The metric that counts items of which something was made.
    pub succeeded_metric: &'static str,
    /// The metric that counts items that failed.
    pub failed_metric: &'static str,
    /// Answers the members that a batch's parameters add to the answers about it: a JSON object.
    pub heading: fn(&str) -> Result<Value>,
}

/// The kinds of batches that a program can read and finish.
#[derive(Debug, Clone, Copy)]
pub struct JobKinds(pub &'static [&'static JobKind]);

impl JobKinds {
    /// Iterates over the kinds.
    pub fn iter(self) -> impl Iterator<Item = &'static JobKind> {
        self.0.iter().copied()
    }

    /// Finds the kind with a name.
    #[must_use]
    pub fn named(self, name: &str) -> Option<&'static JobKind> {
        self.iter().find(|kind| kind.name == name)
    }

    /// Finds the kind of a stored batch.
    ///
    /// # Errors
    /// The batch is of a kind that this program does not know.
    pub fn of(self, batch: &Batch) -> Result<&'static JobKind> {
        self.named(&batch.job).ok_or(StoreError::Unreadable("job"))
    }
}

/// Checks and writes the items of a kind of batch.
pub trait BatchJob: Sync {
    /// The description of the kind.
    const KIND: &'static JobKind;

    /// A right item, ready to be written.
    type Work: Send + Sync;

    /// Reads what the items need, in a few statements for all of them, and checks them. Writes nothing. Answers
    /// one finding per item, in their order; a database error is never an item's error.
    fn prepare(
        &self,
        connection: &mut Connection,
        chunk: &Claimed,
        items: &[Item<'_>],
    ) -> impl Future<Output = Result<Vec<Prepared<Self::Work>>>> + Send;

    /// Writes right items inside the chunk's transaction, in a few statements for all of them.
    fn write(
        &self,
        connection: &mut Connection,
        chunk: &Claimed,
        work: &[Self::Work],
    ) -> impl Future<Output = Result<()>> + Send;
}
