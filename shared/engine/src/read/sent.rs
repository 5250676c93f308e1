//! Reading the items as they were sent, a few payloads at a time: a payload may have half a megabyte, and a corrected item
//! has one of its own.

use std::collections::HashMap;

use serde_json::value::RawValue;
use task_store::items::Item;
use task_store::{Connection, Result, StoreError, payloads};

/// The most bytes of payloads that are read at once, unless a single one has more.
const PORTION_BYTES: u64 = 1 << 20;
/// Chunks that are read at once without asking for their sizes first.
const FEW: usize = 2;

/// Items as they were sent, by chunk and index: an index alone has one item in each run.
pub type SentAs = HashMap<(i64, u32), Box<RawValue>>;

/// Cuts items into portions, in their order, whose payloads are small enough to be read at once.
pub async fn portions(connection: &mut Connection, items: Vec<Item>) -> Result<Vec<Vec<Item>>> {
    let mut chunks: Vec<i64> = items.iter().map(|item| item.chunk_id).collect();
    chunks.sort_unstable();
    chunks.dedup();
    if chunks.len() <= FEW {
        return Ok(vec![items]);
    }
    let sizes = payloads::sizes(connection, &chunks).await?;
    Ok(cut(items, &sizes.into_iter().collect()))
}

fn cut(items: Vec<Item>, sizes: &HashMap<i64, u64>) -> Vec<Vec<Item>> {
    let mut portions = vec![Vec::new()];
    let mut chunks: HashMap<i64, u64> = HashMap::new();
    for item in items {
        let size = sizes.get(&item.chunk_id).copied().unwrap_or_default();
        let is_new = !chunks.contains_key(&item.chunk_id);
        let read: u64 = chunks.values().sum();
        if is_new && !chunks.is_empty() && read + size > PORTION_BYTES {
            portions.push(Vec::new());
            chunks.clear();
        }
        chunks.insert(item.chunk_id, size);
        if let Some(portion) = portions.last_mut() {
            portion.push(item);
        }
    }
    portions
}

/// Reads the items of one portion as they were sent.
pub async fn sent_as(connection: &mut Connection, portion: &[Item]) -> Result<SentAs> {
    let mut by_chunk: HashMap<i64, Vec<u32>> = HashMap::new();
    for item in portion {
        by_chunk
            .entry(item.chunk_id)
            .or_default()
            .push(item.outcome.index);
    }
    let chunks: Vec<i64> = by_chunk.keys().copied().collect();
    let mut sent = HashMap::with_capacity(portion.len());
    for (chunk, first_index, text) in payloads::of_chunks(connection, &chunks).await? {
        let all: Vec<&RawValue> =
            serde_json::from_str(&text).map_err(|_| StoreError::Unreadable("a payload"))?;
        for index in by_chunk.get(&chunk).into_iter().flatten() {
            let raw = index
                .checked_sub(first_index)
                .and_then(|at| all.get(at as usize));
            sent.extend(raw.map(|raw| ((chunk, *index), (*raw).to_owned())));
        }
    }
    Ok(sent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use task_store::items::Outcome;

    #[test]
    fn a_portion_holds_no_more_than_fits_but_always_a_payload() {
        let item = |(index, chunk_id)| Item {
            outcome: Outcome::made(index, 1),
            chunk_id,
            attempts: 0,
        };
        let items = [(0, 1), (1, 1), (2, 2), (3, 1), (4, 3), (5, 4)].map(item);
        let sizes = HashMap::from([(1, 600_000), (2, 400_000), (3, 5_000_000), (4, 10)]);
        let portions = cut(items.to_vec(), &sizes);
        let indexes: Vec<Vec<u32>> = portions
            .iter()
            .map(|portion| portion.iter().map(|item| item.outcome.index).collect())
            .collect();
        assert_eq!(indexes, [vec![0, 1, 2, 3], vec![4], vec![5]]);
    }
}
