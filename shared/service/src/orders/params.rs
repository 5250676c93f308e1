//! The parameters of an order batch.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use task_store::{Result, StoreError};

/// The parameters of a submit beside its orders; kept with the batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportParams {
    /// The operating cycle the orders are for.
    pub time_config_id: String,
    /// The file the staff read them from, as they named it.
    #[serde(default)]
    pub file_name: Option<String>,
}

impl ImportParams {
    /// Writes them as they are stored.
    pub fn to_stored(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|_| StoreError::Unreadable("params"))
    }

    /// Reads stored parameters.
    pub fn from_stored(params: &str) -> Result<Self> {
        serde_json::from_str(params).map_err(|_| StoreError::Unreadable("params"))
    }
}

/// Writes the parameters for answers about the batch.
pub(super) fn heading(params: &str) -> Result<Value> {
    let params = ImportParams::from_stored(params)?;
    Ok(json!({
        "file_name": params.file_name,
        "time_config": { "time_config_id": params.time_config_id },
    }))
}
