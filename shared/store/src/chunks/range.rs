//! The chunks of a run as it was cut: the range of items and the state of each.

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use super::{ChunkState, reserved_id};
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;

/// A chunk of a run as it was cut; rework of single items has chunks of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkRange {
    /// The chunk.
    pub chunk_id: i64,
    /// Index in the batch of its first item.
    pub first_index: u32,
    /// How many items it has.
    pub item_count: u32,
    /// Whether it still has work.
    pub state: ChunkState,
}

impl ChunkRange {
    /// Answers the indexes of its items.
    #[must_use]
    pub const fn indexes(&self) -> std::ops::Range<u32> {
        self.first_index..self.first_index + self.item_count
    }

    /// Answers the id reserved for the thing that is made of one of its items.
    #[must_use]
    pub const fn reserved_id(&self, index: u32) -> i64 {
        reserved_id(self.chunk_id, index - self.first_index)
    }
}

/// Reads the chunks of a run in the order of their items, which they hold without a gap.
pub async fn of_run(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
) -> Result<Vec<ChunkRange>> {
    let rows = sqlx::query(OF_RUN)
        .bind(task.get())
        .bind(run)
        .fetch_all(connection)
        .await?;
    let range = |row: &MySqlRow| {
        Ok(ChunkRange {
            chunk_id: row.try_get("id")?,
            first_index: row.try_get("first_index")?,
            item_count: row.try_get("item_count")?,
            state: ChunkState::from_number(row.try_get("state")?)?,
        })
    };
    rows.iter().map(range).collect()
}

const OF_RUN: &str = "\
    SELECT id, first_index, item_count, state
    FROM tbl_batch_chunk
    WHERE task_id = ?
      AND run = ?
      AND is_rework = 0
    ORDER BY chunk_no";
