//! Once per deployment: brings the database to this version's schema, and lets the functions' user work with its rows.

use serde_json::{Value, json};
use task_engine::Deadline;
use task_lambda::schedule::serve;
use task_store::{Database, RowUser, grant_rows, migrate};

fn main() -> Result<(), task_lambda::Error> {
    serve(handle)
}

async fn handle(
    (database, user): &(Database, Option<RowUser>),
    _: Deadline,
) -> task_service::Result<Value> {
    migrate(database).await?;
    if let Some(user) = user {
        grant_rows(database, user).await?;
    }
    Ok(json!({ "migrated": true }))
}
