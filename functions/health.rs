//! `GET /health`: the version, when the function and the database answer.

use serde_json::json;
use task_lambda::http::{Call, Reply, get};
use task_store::{Database, health};

fn main() -> Result<(), task_lambda::Error> {
    get(handle)
}

async fn handle(database: &Database, _: Call) -> task_service::Result<Reply> {
    database.read(async |c| health::check(c).await).await?;
    Reply::data(&json!({ "version": env!("CARGO_PKG_VERSION") }))
}
