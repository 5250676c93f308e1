//! Finds the columns of a table: by a header it knows, by `MAP=`, or by their order where there is no header.

use super::rows::{Row, first_place};
use super::words::{ENGLISH_HINTS, HINTS, NAMES, WORDS};

/// Where the four columns are, and which row is the header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// The places of customer, item, quantity and unit price.
    pub(super) places: [Option<usize>; 4],
    /// The place of the header among the filled rows; rows above it are titles.
    pub(super) header: Option<usize>,
    /// The most cells a row may fill.
    pub(super) width: usize,
    /// Columns of the header that nothing was read from.
    pub(super) ignored: Vec<String>,
}

impl Columns {
    /// Finds the columns of at least one row, none of them empty; an error is a sentence for the person.
    pub(super) fn find(rows: &[&Row]) -> Result<Self, String> {
        if let Some(at) = first_place(rows, is_known_header) {
            return Ok(Self::below(rows[at], at, known(rows[at])));
        }
        // A title fills one cell, and so is no header.
        let begin = first_place(rows, |row| row.filled().count() > 1).unwrap_or(0);
        let (first, rest) = (rows[begin], &rows[begin + 1..]);
        if looks_like_header(first, rest) {
            return Err(unknown_header(first, known(first)));
        }
        Ok(Self::by_position(rows, first.cells.len()))
    }

    /// Returns the columns below a header.
    pub(super) fn below(header: &Row, at: usize, places: [Option<usize>; 4]) -> Self {
        let is_ignored = |(place, cell): &(usize, &String)| {
            !places.contains(&Some(*place)) && !cell.trim().is_empty()
        };
        let cells = header.cells.iter().enumerate();
        Self {
            places,
            header: Some(at),
            width: header.cells.len(),
            ignored: cells
                .filter(is_ignored)
                .map(|(_, cell)| cell.trim().to_owned())
                .collect(),
        }
    }

    /// Returns the columns in their usual order; quantity and unit price where any row fills them.
    fn by_position(rows: &[&Row], width: usize) -> Self {
        let is_filled = |place: &usize| {
            let mut cells = rows.iter().filter_map(|row| row.cells.get(*place));
            cells.any(|cell| !cell.trim().is_empty())
        };
        Self {
            places: [
                Some(0),
                Some(1),
                Some(2).filter(is_filled),
                Some(3).filter(is_filled),
            ],
            header: None,
            width: width.max(4),
            ignored: Vec::new(),
        }
    }

    /// Tells whether the file has a column of quantities.
    pub(super) fn has_quantities(&self) -> bool {
        self.places[2].is_some()
    }
}

/// Tells whether a row names customer and item in words that are known.
pub(super) fn is_known_header(row: &Row) -> bool {
    let places = known(row);
    places[0].is_some() && places[1].is_some()
}

fn known(row: &Row) -> [Option<usize>; 4] {
    WORDS.map(|words| row.cells.iter().position(|cell| is_one_of(words, cell)))
}

/// Tells whether a header's cell is one of the words, also with blanks inside: `数 量`.
fn is_one_of(words: &[&str], cell: &str) -> bool {
    let word = word(cell);
    words.contains(&word.as_str()) || words.contains(&word.replace('_', "").as_str())
}

/// Normalises a header's cell: `*数量（kg）` becomes `数量`, `Customer ID:` becomes `customer_id`.
pub(super) fn word(cell: &str) -> String {
    let bare = cell
        .split(['(', '（', '[', '【'])
        .next()
        .unwrap_or_default();
    let trimmed = bare.trim_matches(|c: char| c.is_whitespace() || "*＊:：#".contains(c));
    trimmed
        .to_lowercase()
        .replace(|c: char| c.is_whitespace() || c == '-', "_")
}

fn looks_like_header(first: &Row, rest: &[&Row]) -> bool {
    let is_hinted = |cell: &String| {
        let word = word(cell);
        let last = word.rsplit('_').next().unwrap_or_default();
        WORDS.iter().any(|words| is_one_of(words, cell))
            || cell.trim().starts_with(['*', '＊'])
            || HINTS.iter().any(|hint| word.ends_with(hint))
            || ENGLISH_HINTS.contains(&last)
    };
    let is_number = |cell: Option<&String>| {
        cell.is_some_and(|cell| super::number::number(cell).is_ok_and(|number| number.is_some()))
    };
    let is_above_numbers = |place: usize| {
        !rest.is_empty()
            && first
                .cells
                .get(place)
                .is_some_and(|cell| !cell.trim().is_empty())
            && !is_number(first.cells.get(place))
            && rest.iter().all(|row| is_number(row.cells.get(place)))
    };
    let has_numbers = first.cells.iter().any(|cell| is_number(Some(cell)));
    !has_numbers
        && (first.cells.iter().any(is_hinted) || (0..first.cells.len()).any(is_above_numbers))
}

fn unknown_header(header: &Row, places: [Option<usize>; 4]) -> String {
    let cells: Vec<&str> = header.cells.iter().map(|cell| cell.trim()).collect();
    let missing: Vec<String> = [0, 1]
        .into_iter()
        .filter(|column| places[*column].is_none())
        .map(|column| format!("{} ({})", NAMES[column], WORDS[column].join(", ")))
        .collect();
    format!(
        "line {}: the header `{}` names no {}; name the columns yourself: \
         MAP=\"customer=...,item=...,quantity=...,unit_price=...\", each with a word of your header, or with the \
         column's number where the file has no header",
        header.line,
        cells.join(","),
        missing.join(" and no ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(lines: &[&str]) -> Vec<Row> {
        let row = |(index, line): (usize, &&str)| Row {
            line: index + 1,
            cells: line.split(',').map(str::to_owned).collect(),
        };
        lines.iter().enumerate().map(row).collect()
    }

    fn find(lines: &[&str]) -> Result<Columns, String> {
        Columns::find(&rows(lines).iter().collect::<Vec<_>>())
    }

    #[test]
    fn an_unknown_header_stops_and_says_the_words_it_knows() {
        for header in [
            "订单号,商品名称",
            "Ref,Goods,Menge",
            "InvoiceX,Stock code,x",
            "foo,bar,baz",
        ] {
            let error = find(&[header, "A1,milk,2"]).unwrap_err();
            assert!(error.contains("line 1: the header"), "{error}");
            assert!(error.contains("客户") && error.contains("MAP="), "{error}");
        }
    }

    #[test]
    fn stars_units_and_blanks_inside_count_for_nothing() {
        for header in [
            "*客户,*商品,*数量（kg）,单价(元)",
            "客 户,商　品,数  量,单\u{a0}价",
        ] {
            let columns = find(&[header]).unwrap();
            assert_eq!(columns.places, [Some(0), Some(1), Some(2), Some(3)]);
        }
    }

    #[test]
    fn a_file_without_a_header_is_read_by_position() {
        let columns = find(&["1,milk", "2,bread"]).unwrap();
        assert_eq!((columns.header, columns.has_quantities()), (None, false));
        let columns = find(&["Ann,milk", "Bob,bread,1"]).unwrap();
        assert_eq!((columns.header, columns.has_quantities()), (None, true));
    }

    #[test]
    fn a_known_header_among_the_first_ten_rows_is_the_header() {
        let lines = vec![
            "XX公司订货单",
            "日期：2026-11-29,,制单：王五",
            "品名,数量,客户",
        ];
        let columns = find(&lines).unwrap();
        assert_eq!(columns.header, Some(2));
        assert_eq!(columns.places, [Some(2), Some(0), Some(1), None]);
        let late = [vec!["说明"; 8], lines].concat();
        assert_eq!(find(&late).unwrap().header, None);
    }

    #[test]
    fn an_unknown_header_below_a_title_stops_at_its_line() {
        let error = find(&["XX公司订货单", "订单号,货物,个数", "A1,milk,2"]).unwrap_err();
        assert!(error.contains("line 2: the header"), "{error}");
    }
}
