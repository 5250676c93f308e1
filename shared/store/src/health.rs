//! Whether the database answers.

use crate::connections::Connection;
use crate::error::Result;

/// Asks the database, which must have the schema.
pub async fn check(connection: &mut Connection) -> Result<()> {
    sqlx::query("SELECT id FROM tbl_async_task ORDER BY id LIMIT 1")
        .fetch_optional(connection)
        .await?;
    Ok(())
}
