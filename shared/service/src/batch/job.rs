//! What a batch job is to the engine. The engine claims, fences, commits, finishes and sweeps; a job says what an
//! item is, what is wrong with it, and what is made of it.

use std::pin::Pin;

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use task_store::chunks::Claimed;
use task_store::{Connection, Result};

use super::counts::Counts;

/// One item as a job gets it.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// Its index in the batch.
    pub index: u32,
    /// The id reserved for what is made of it: the same at every try.
    pub reserved_id: i64,
    /// The item's JSON text as it was sent.
    pub raw: &'a str,
    /// The first item of the batch with the same key, if this is a later one.
    pub duplicate_of: Option<u32>,
}

/// What a job found an item to be.
#[derive(Debug)]
pub enum Prepared<W> {
    /// It is right and can be written; its reserved id is what it will be known by.
    Ready(W),
    /// This task has made it before, in an earlier run.
    Made {
        /// The id of what was made.
        id: i64,
        /// What a person should know of it: a stable machine word.
        notice: Option<&'static str>,
    },
    /// It is wrong, for all these reasons at once.
    Refused {
        /// The first [`KEPT_ERRORS`] of them, at least one.
        errors: Vec<ItemError>,
        /// How many there are.
        count: usize,
    },
}

/// How many errors of an item are kept: a person mends those first.
pub const KEPT_ERRORS: usize = 20;

impl<W> Prepared<W> {
    /// It is wrong, for these reasons.
    pub fn refused<E: Into<ItemError>>(reasons: impl IntoIterator<Item = E>) -> Self {
        let mut reasons = reasons.into_iter().map(Into::into);
        let errors: Vec<_> = reasons.by_ref().take(KEPT_ERRORS).collect();
        let count = errors.len() + reasons.count();
        Self::Refused { errors, count }
    }
}

/// Why an item was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemError {
    /// A stable machine word.
    pub code: &'static str,
    /// Which field of the item, e.g. `details[1].amount`; empty for the item as a whole.
    pub field: String,
    /// What was sent there, cut to a readable length.
    pub value: Option<String>,
    /// A sentence a person can act on.
    pub msg: String,
}

impl ItemError {
    /// What an item ends with when it could not be worked although nothing is wrong with it.
    #[must_use]
    pub fn busy() -> Self {
        let msg = "系统繁忙，该条未处理，请稍后重新提交".to_owned();
        Self {
            code: "SYSTEM_BUSY",
            field: String::new(),
            value: None,
            msg,
        }
    }
}

/// The fields that tell a person which item it is: names and values.
pub type Identity = Vec<(&'static str, Option<String>)>;

/// Reads what was made as a person is shown it, times in a zone: ids and JSON objects.
pub type MadeAs =
    for<'a> fn(
        &'a mut Connection,
        &'a [i64],
        &'a TimeZone,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<(i64, Box<RawValue>)>>> + Send + 'a>>;

/// What a kind of batch is called and how its items are named: all that is needed to read and finish one.
#[derive(Debug, Clone, Copy)]
pub struct JobKind {
    /// What it is stored as with each of its batches, and named in the queue configuration.
    pub name: &'static str,
    /// The task's name, which people read.
    pub title: &'static str,
    /// What `target` of a result says while there is something to mend; empty where nothing can be.
    pub target: &'static str,
    /// What makes two items of a batch the same; `None` when that cannot be told. Quick, and cannot fail.
    pub key: fn(&str) -> Option<String>,
    /// The fields that tell a person which item it is, as JSON members; always the same names.
    pub identity: fn(&str) -> Identity,
    /// How what was made with an id is called; `None` when nothing with an id is made of an item.
    pub made_name: Option<fn(i64) -> String>,
    /// What a person is told of an item that was made before with other content.
    pub notice: &'static str,
    /// Reads what was made, by ids: JSON objects.
    pub made_as: Option<MadeAs>,
    /// The metric that counts items of which something was made.
    pub succeeded_metric: &'static str,
    /// The metric that counts items that failed.
    pub failed_metric: &'static str,
    /// What the answers about a batch say of its parameters: a JSON object.
    pub heading: fn(&str) -> Result<Value>,
}

impl JobKind {
    /// The sentence of a finished batch's result.
    #[must_use]
    pub fn sentence(&self, counts: &Counts) -> String {
        let mut parts = vec![format!("成功{}", counts.success + counts.amended)];
        parts.extend((counts.failed > 0).then(|| format!("失败{}", counts.failed)));
        parts.extend((counts.cancelled > 0).then(|| format!("取消{}", counts.cancelled)));
        parts.extend((counts.dropped > 0).then(|| format!("忽略{}", counts.dropped)));
        format!("{}({})", self.title, parts.join(", "))
    }
}

/// The work of a kind of batch.
pub trait BatchJob: Sync {
    /// What kind it is.
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
