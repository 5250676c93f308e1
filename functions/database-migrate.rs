//! Once per deployment: brings the database to this version's schema.

use serde_json::{Value, json};
use task_lambda::schedule::serve;
use task_service::store::{Database, migrate};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), task_lambda::Error> {
    serve(handle).await
}

async fn handle(database: &Database) -> task_service::Result<Value> {
    migrate(database).await?;
    Ok(json!({ "migrated": true }))
}
