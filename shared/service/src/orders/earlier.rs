//! Orders that a task has made already under the keys of a chunk's items: an item's own, or another item's of the run.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use task_engine::{Item, ItemError};
use task_store::chunks::Claimed;
use task_store::{Connection, Result, orders, rework};

use super::made;
use super::parse::RawOrder;

/// The order that the task has made under the key of an item.
#[derive(Debug, Clone, Copy)]
pub(super) enum Earlier {
    /// It is the item's own, of an earlier run or of an attempt that was cut off after its commit.
    Own {
        /// The id of the order.
        id: i64,
        /// The code of the notice that it has other content than the item.
        notice: Option<&'static str>,
    },
    /// It is that of the item at this index of the run: one of the two was corrected to the key of the other.
    OfItem(u32),
}

/// An item as it was read.
pub(super) type Sent<'a> = std::result::Result<RawOrder<'a>, ItemError>;

/// Reads the orders that the task has made under the keys of a chunk's items, by the items' indexes. An item that repeats an
/// earlier one of its list has none: the order is that one's.
pub(super) async fn earlier(
    connection: &mut Connection,
    chunk: &Claimed,
    (items, sent): (&[Item<'_>], &[Sent<'_>]),
    time_config_id: &str,
    zone: &TimeZone,
) -> Result<HashMap<u32, Earlier>> {
    // A chunk's first attempt in a first run: nothing was made, or else the database refuses to make it twice.
    if chunk.key.run == 1 && chunk.attempt <= 1 && items.len() > 1 {
        return Ok(HashMap::new());
    }
    let keyed = keyed(items, sent);
    let keys: Vec<&str> = keyed.iter().map(|(_, key, _)| &**key).collect();
    let made = orders::made_by_task(connection, chunk.key.task, &keys).await?;
    if made.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<i64> = made.iter().map(|(_, id)| *id).collect();
    let others = others(connection, chunk, &ids).await?;
    let made: HashMap<String, i64> = made.into_iter().collect();
    let made = keyed
        .iter()
        .filter_map(|(index, key, sent)| Some((*index, *made.get(key)?, *sent)));
    let (of_others, own): (Vec<_>, Vec<_>) =
        made.partition(|(index, id, _)| others.get(id).is_some_and(|other| other != index));
    let sent = own.iter().map(|(_, id, sent)| (*id, *sent)).collect();
    let changed = made::changed(connection, &sent, time_config_id, zone).await?;
    let own = own.iter().map(|&(index, id, _)| {
        let notice = changed.contains(&id).then_some(made::MADE_BEFORE);
        (index, Earlier::Own { id, notice })
    });
    let of_others = of_others
        .iter()
        .map(|(index, id, _)| (*index, Earlier::OfItem(others[id])));
    Ok(own.chain(of_others).collect())
}

/// Lists the readable items with their indexes and keys, the first one of each key.
fn keyed<'s, 'a>(items: &[Item<'_>], sent: &'s [Sent<'a>]) -> Vec<(u32, String, &'s RawOrder<'a>)> {
    let firsts = items
        .iter()
        .zip(sent)
        .filter(|(item, _)| item.duplicate_of.is_none());
    let keyed = firsts.filter_map(|(item, sent)| {
        let sent = sent.as_ref().ok()?;
        Some((item.index, sent.key()?, sent))
    });
    keyed.collect()
}

/// Finds other items of the run that have orders under the keys of a chunk's items. The items of a list have different keys,
/// duplicates aside: a listed item can only meet a corrected one. A corrected item can meet any.
async fn others(
    connection: &mut Connection,
    chunk: &Claimed,
    ids: &[i64],
) -> Result<HashMap<i64, u32>> {
    let (task, run) = (chunk.key.task, chunk.key.run);
    let found = match (chunk.is_rework, ids) {
        (true, [id]) => {
            let index = rework::index_of_made(connection, task, run, *id).await?;
            index.map(|index| (*id, index)).into_iter().collect()
        }
        _ => rework::corrected(connection, task, run).await?,
    };
    Ok(found.into_iter().collect())
}
