//! `make migrate DATABASE_URL=...`: brings a database to the newest schema, and adopts the original's table, however long that takes.

use std::time::Duration;

use super::required;
use crate::database;
use crate::error::Result;

/// Longer than any adoption takes.
const BOUND: Duration = Duration::from_hours(48);

/// Migrates the database that `DATABASE_URL` names.
pub(super) async fn run() -> Result<()> {
    let url = required("DATABASE_URL", "make migrate DATABASE_URL=mysql://...")?;
    database::migrate_within(&url, BOUND).await?;
    println!("the database has the newest schema");
    Ok(())
}
