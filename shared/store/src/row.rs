//! Reading text columns.
//!
//! sqlx 0.8 takes a column with a `_bin` collation for bytes and refuses to read it as text; the text is checked
//! to be UTF-8 all the same.

use sqlx::mysql::MySqlRow;
use sqlx::{ColumnIndex, Row};

use crate::error::Result;

/// Reads a text column that is not NULL.
pub(crate) fn text(row: &MySqlRow, column: impl ColumnIndex<MySqlRow>) -> Result<String> {
    Ok(row.try_get_unchecked(column)?)
}

/// Reads a text column.
pub(crate) fn optional_text(
    row: &MySqlRow,
    column: impl ColumnIndex<MySqlRow>,
) -> Result<Option<String>> {
    Ok(row.try_get_unchecked(column)?)
}
