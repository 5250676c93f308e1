//! Storing the chunks of a run with their payloads, which are written once and never changed.

use sqlx::{Connection as _, Row};

use crate::arguments::json;
use crate::compressed::{CompressedText, uncompressed};
use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::TaskId;

/// A chunk that is to be stored.
#[derive(Debug, Clone)]
pub struct NewChunk {
    /// Index in the batch of its first item.
    pub first_index: u32,
    /// How many items it has, at most [`crate::chunks::MAX_ITEMS`].
    pub item_count: u32,
    /// The items verbatim, one JSON array.
    pub items: CompressedText,
    /// Of its items: index and the first index with the same key, one JSON array of pairs.
    pub duplicates: Option<String>,
}

/// Rows of one INSERT of payloads: up to this many bytes, well under every server's packet limit.
const PAYLOAD_BYTES: usize = 1 << 20;

/// Stores the chunks of a run. They become work by [`insert_units`](crate::chunks::insert_units).
pub async fn insert(connection: &mut Connection, task: TaskId, chunks: &[NewChunk]) -> Result<()> {
    let first = insert_rows(connection, task, chunks).await?;
    let ids = match chunks {
        [_] => vec![first],
        _ => ids_of_run(connection, task).await?,
    };
    let stored: Vec<_> = ids.into_iter().zip(chunks).collect();
    let mut rest = &stored[..];
    while !rest.is_empty() {
        let (part, later) = rest.split_at(fitting(rest));
        insert_payloads(connection, part).await?;
        rest = later;
    }
    // Statements of a megabyte leave a buffer of their size behind.
    connection.shrink_buffers();
    Ok(())
}

/// Stores the rows of chunks; answers the key of the first. Others may store chunks at the same time, so the keys of
/// several are not in a row.
async fn insert_rows(
    connection: &mut Connection,
    task: TaskId,
    chunks: &[NewChunk],
) -> Result<i64> {
    let ranges: Vec<_> = (0_u32..)
        .zip(chunks)
        .map(|(no, c)| (no, c.first_index, c.item_count))
        .collect();
    let done = sqlx::query(
        "INSERT INTO tbl_batch_chunk (task_id, run, chunk_no, first_index, item_count) \
         SELECT b.task_id, b.run, c.chunk_no, c.first_index, c.item_count \
         FROM tbl_batch b JOIN JSON_TABLE(?, '$[*]' COLUMNS (chunk_no INT PATH '$[0]', \
           first_index INT PATH '$[1]', item_count INT PATH '$[2]')) c \
         WHERE b.task_id = ? ORDER BY c.chunk_no",
    )
    .bind(json(&ranges)?)
    .bind(task.get())
    .execute(connection)
    .await?;
    i64::try_from(done.last_insert_id()).map_err(|_| StoreError::Unreadable("the key of a chunk"))
}

/// Counts the payloads from the front that fit one statement; at least one.
fn fitting(payloads: &[(i64, &NewChunk)]) -> usize {
    let mut bytes = 0;
    let fits = payloads.iter().take_while(|(_, chunk)| {
        bytes += chunk.items.as_bytes().len();
        bytes <= PAYLOAD_BYTES
    });
    fits.count().max(1)
}

async fn ids_of_run(connection: &mut Connection, task: TaskId) -> Result<Vec<i64>> {
    let rows = sqlx::query(
        "SELECT c.id FROM tbl_batch b JOIN tbl_batch_chunk c ON c.task_id = b.task_id AND c.run = b.run \
         WHERE b.task_id = ? ORDER BY c.chunk_no",
    )
    .bind(task.get())
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok(row.try_get("id")?)).collect()
}

async fn insert_payloads(connection: &mut Connection, payloads: &[(i64, &NewChunk)]) -> Result<()> {
    let mut sql = String::from(
        "INSERT INTO tbl_batch_payload (chunk_id, items, duplicates) VALUES (?, ?, ?)",
    );
    for _ in 1..payloads.len() {
        sql.push_str(", (?, ?, ?)");
    }
    let mut insert = sqlx::query(&sql);
    for (id, chunk) in payloads {
        insert = insert
            .bind(id)
            .bind(chunk.items.as_bytes())
            .bind(&chunk.duplicates);
    }
    insert.execute(connection).await?;
    Ok(())
}

/// Notes with a new chunk the things that a person made of its items in an earlier run: index and id,
/// one JSON array of pairs.
pub async fn note_amended(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
    chunk: usize,
    pairs: &str,
) -> Result<()> {
    sqlx::query(
        "UPDATE tbl_batch_chunk c JOIN tbl_batch_payload p ON p.chunk_id = c.id SET p.amended = ? \
         WHERE c.task_id = ? AND c.run = ? AND c.chunk_no = ?",
    )
    .bind(pairs)
    .bind(task.get())
    .bind(run)
    .bind(u32::try_from(chunk).unwrap_or(u32::MAX))
    .execute(connection)
    .await?;
    Ok(())
}

/// Measures the texts of chunks' payloads in bytes, by chunk id.
pub async fn sizes(connection: &mut Connection, chunks: &[i64]) -> Result<Vec<(i64, u64)>> {
    let rows = sqlx::query(
        "SELECT p.chunk_id, CAST(UNCOMPRESSED_LENGTH(p.items) AS UNSIGNED) AS bytes \
         FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k \
         STRAIGHT_JOIN tbl_batch_payload p ON p.chunk_id = k.id",
    )
    .bind(json(chunks)?)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("chunk_id")?, row.try_get("bytes")?)))
        .collect()
}

/// Reads the payloads of chunks: chunk id, index of its first item, its items verbatim as one JSON array.
pub async fn of_chunks(
    connection: &mut Connection,
    chunks: &[i64],
) -> Result<Vec<(i64, u32, String)>> {
    let rows = sqlx::query(
        "SELECT c.id, c.first_index, p.items FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k \
         STRAIGHT_JOIN tbl_batch_chunk c ON c.id = k.id STRAIGHT_JOIN tbl_batch_payload p ON p.chunk_id = c.id",
    )
    .bind(json(chunks)?)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok((
                row.try_get("id")?,
                row.try_get("first_index")?,
                uncompressed(row, "items")?,
            ))
        })
        .collect()
}
