//! `make load-reference FILE=...`: a reference file into the database that `DATABASE_URL` names, else into the one of the
//! running stack, or the one that `make run` would use.

use std::fs;

use super::{ChosenDatabase, required, running_on_the_named_database};
use crate::database;
use crate::error::{LocalError, Result};

/// Loads the file that `FILE` names.
pub(super) async fn run() -> Result<()> {
    let file = required("FILE", "make load-reference FILE=stations.json")?;
    let json = fs::read_to_string(&file).map_err(|error| LocalError::input(&file, error))?;
    let chosen = match running_on_the_named_database()? {
        Some(running) => ChosenDatabase {
            url: running.database_url,
            private: None,
        },
        None => ChosenDatabase::open().await?,
    };
    let loaded = load(&chosen.url, json).await;
    chosen.close().await?;
    loaded
}

async fn load(url: &str, json: String) -> Result<()> {
    database::migrate(url).await?;
    let loaded = database::load_reference(url, json).await?;
    println!(
        "loaded {} stations, {} cycles, {} addresses, {} skus, {} queues",
        loaded.stations, loaded.time_configs, loaded.addresses, loaded.skus, loaded.queues
    );
    Ok(())
}
