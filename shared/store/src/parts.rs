//! Parts of a transaction, of which each can be undone without the rest.

use sqlx::Executor as _;

use crate::connections::Connection;
use crate::error::Result;

/// Begins a part, which [`undo`] undoes. Locks taken before it stay.
pub async fn begin(connection: &mut Connection) -> Result<()> {
    connection.execute("SAVEPOINT part").await?;
    Ok(())
}

/// Undoes all since the last [`begin`].
pub async fn undo(connection: &mut Connection) -> Result<()> {
    connection.execute("ROLLBACK TO SAVEPOINT part").await?;
    Ok(())
}
