//! Reads the rows of an Excel workbook: the first sheet that holds any.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};

use super::rows::Row;

/// The most digits of a number that a workbook keeps.
const DIGITS: f64 = 1e15;

/// Tells whether bytes are a workbook, new or old.
pub(super) fn is_workbook(content: &[u8]) -> bool {
    content.starts_with(b"PK\x03\x04") || content.starts_with(b"\xd0\xcf\x11\xe0")
}

/// Reads a workbook; an error is a sentence for the person.
pub(super) fn read(content: &[u8]) -> Result<Vec<Row>, String> {
    let unreadable =
        |error| format!("is no .xlsx workbook ({error}): save it as .xlsx, or as \"CSV UTF-8\"");
    if !content.starts_with(b"PK") {
        return Err("is a workbook of the old format: save it as .xlsx".to_owned());
    }
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(content)).map_err(unreadable)?;
    for name in workbook.sheet_names() {
        let range = workbook.worksheet_range(&name).map_err(unreadable)?;
        if range.is_empty() {
            continue;
        }
        let start = range
            .start()
            .and_then(|(row, _)| usize::try_from(row).ok())
            .unwrap_or(0);
        let row = |(index, cells): (usize, &[Data])| Row {
            line: start + index + 1,
            cells: cells.iter().map(text).collect(),
        };
        return Ok(range.rows().enumerate().map(row).collect());
    }
    Ok(Vec::new())
}

/// Returns the text of a cell: a whole number without decimals; one with lost digits in a form that is refused later.
fn text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::Float(number) if number.abs() >= DIGITS => format!("{number:E}").replace('E', "E+"),
        // A workbook shows 15 digits; the rest is the noise of binary fractions.
        Data::Float(number) => format!("{number:.14e}")
            .parse::<f64>()
            .map_or_else(|_| number.to_string(), |rounded| rounded.to_string()),
        other => other.to_string(),
    }
}
