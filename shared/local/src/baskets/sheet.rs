//! Reads the rows of an Excel workbook: the first sheet that holds any.

use std::io::Cursor;

use calamine::{Data, Range, Reader, SheetType, SheetVisible, Xlsx};

use super::rows::Row;

/// The most digits of a number that a workbook keeps.
const DIGITS: f64 = 1e15;

/// The rows of a table.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) rows: Vec<Row>,
    /// Further sheets in sight that hold something.
    pub(super) unread_sheets: usize,
}

/// Tells whether bytes are a workbook, new or old.
pub(super) fn is_workbook(content: &[u8]) -> bool {
    content.starts_with(b"PK\x03\x04") || content.starts_with(b"\xd0\xcf\x11\xe0")
}

/// Reads a workbook; an error is a sentence for the person.
pub(super) fn read(content: &[u8]) -> Result<Sheet, String> {
    let unreadable =
        |error| format!("is no .xlsx workbook ({error}): save it as .xlsx, or as \"CSV UTF-8\"");
    if !content.starts_with(b"PK") {
        return Err("is a workbook of the old format: save it as .xlsx".to_owned());
    }
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(content)).map_err(unreadable)?;
    let mut names = workbook.sheet_names().into_iter();
    while let Some(name) = names.next() {
        let range = workbook.worksheet_range(&name).map_err(unreadable)?;
        if !range.is_empty() {
            return Ok(Sheet {
                rows: rows(&range),
                unread_sheets: filled(&mut workbook, names),
            });
        }
    }
    Ok(Sheet::default())
}

fn rows(range: &Range<Data>) -> Vec<Row> {
    let start = range
        .start()
        .and_then(|(row, _)| usize::try_from(row).ok())
        .unwrap_or(0);
    let row = |(index, cells): (usize, &[Data])| Row {
        line: start + index + 1,
        cells: cells.iter().map(text).collect(),
    };
    range.rows().enumerate().map(row).collect()
}

/// Counts the worksheets in sight that hold something, or cannot be read.
fn filled(workbook: &mut Xlsx<Cursor<&[u8]>>, names: impl Iterator<Item = String>) -> usize {
    let sheets = workbook.sheets_metadata().iter();
    let in_sight: Vec<String> = sheets
        .filter(|sheet| sheet.visible == SheetVisible::Visible)
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .collect();
    let is_filled = |name: &String| {
        let range = workbook.worksheet_range(name);
        range.map_or(true, |range| !range.is_empty())
    };
    names
        .filter(|name| in_sight.contains(name))
        .filter(is_filled)
        .count()
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
