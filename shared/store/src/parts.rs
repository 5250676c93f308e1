//! Parts of a transaction, of which each can be undone without the rest.

use sqlx::Executor as _;

use crate::connections::Connection;
use crate::error::Result;

/// A kind of part. A part may be within one of another kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Work on some rows of a list.
    Rows,
    /// The statements that store a list of tasks.
    Tasks,
}

impl Part {
    /// Begins a part, which [`Part::undo`] undoes. Locks taken before it stay.
    pub async fn begin(self, connection: &mut Connection) -> Result<()> {
        let begin = match self {
            Self::Rows => "SAVEPOINT part_of_rows",
            Self::Tasks => "SAVEPOINT part_of_tasks",
        };
        connection.execute(begin).await?;
        Ok(())
    }

    /// Undoes all since the part began.
    pub async fn undo(self, connection: &mut Connection) -> Result<()> {
        let undo = match self {
            Self::Rows => "ROLLBACK TO SAVEPOINT part_of_rows",
            Self::Tasks => "ROLLBACK TO SAVEPOINT part_of_tasks",
        };
        connection.execute(undo).await?;
        Ok(())
    }
}
