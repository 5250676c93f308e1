//! Lists as statement arguments: one JSON array, bound once and opened with `JSON_TABLE`, so that one prepared
//! statement serves every length.

use serde::Serialize;

use crate::error::{Result, StoreError};

/// Returns the JSON text of a list.
pub(crate) fn json<T: Serialize + ?Sized>(list: &T) -> Result<String> {
    serde_json::to_string(list).map_err(|_| StoreError::Unreadable("an argument"))
}
