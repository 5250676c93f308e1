//! Reading text columns.
//!
//! sqlx 0.8 takes a column with a `_bin` collation for bytes and refuses to read it as text; the text is checked
//! to be UTF-8 all the same.

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use crate::error::Result;

/// A text column that is not NULL.
pub(crate) fn text(row: &MySqlRow, column: usize) -> Result<String> {
    Ok(row.try_get_unchecked(column)?)
}

/// A text column.
pub(crate) fn optional_text(row: &MySqlRow, column: usize) -> Result<Option<String>> {
    Ok(row.try_get_unchecked(column)?)
}
