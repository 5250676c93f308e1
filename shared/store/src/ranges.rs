//! Where the items of a run lie: the chunks it was cut into, and how each stands.

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use crate::chunks::{ChunkState, reserved_id};
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;

/// A chunk of a run as it was cut; not one that mends a single item again.
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
    /// The indexes of its items.
    #[must_use]
    pub const fn indexes(&self) -> std::ops::Range<u32> {
        self.first_index..self.first_index + self.item_count
    }

    /// The id reserved for what is made of one of its items.
    #[must_use]
    pub const fn reserved_id(&self, index: u32) -> i64 {
        reserved_id(self.chunk_id, index - self.first_index)
    }
}

/// The chunks of a run in the order of their items, which they hold without a gap.
pub async fn of_run(
    connection: &mut Connection,
    task: TaskId,
    run: u32,
) -> Result<Vec<ChunkRange>> {
    let rows = sqlx::query(
        "SELECT id, first_index, item_count, state FROM tbl_batch_chunk \
         WHERE task_id = ? AND run = ? AND amends = 0 ORDER BY chunk_no",
    )
    .bind(task.get())
    .bind(run)
    .fetch_all(connection)
    .await?;
    let range = |row: &MySqlRow| {
        Ok(ChunkRange {
            chunk_id: row.try_get(0)?,
            first_index: row.try_get(1)?,
            item_count: row.try_get(2)?,
            state: ChunkState::from_number(row.try_get(3)?)?,
        })
    };
    rows.iter().map(range).collect()
}
