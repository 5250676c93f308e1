//! Finds the columns of a table: by a header it knows, by `MAP=`, or by their order where there is no header.

use super::rows::Row;
use super::words::{ENGLISH_HINTS, HINTS, NAMES, WORDS};

/// Where the four columns are, and whether the first row is a header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// The places of customer, item, quantity and unit price.
    pub(super) places: [Option<usize>; 4],
    /// The first row names the columns.
    pub(super) has_header: bool,
    /// The most cells a row may fill.
    pub(super) width: usize,
    /// Columns of the header that nothing was read from.
    pub(super) ignored: Vec<String>,
}

impl Columns {
    /// Finds the columns of rows that are not empty; an error is a sentence for the person.
    pub(super) fn find(rows: &[&Row], map: Option<&str>) -> Result<Self, String> {
        let Some((first, rest)) = rows.split_first() else {
            return Err("holds no row".to_owned());
        };
        if let Some(map) = map {
            return mapped(first, map);
        }
        let places = known(first);
        if places[0].is_some() && places[1].is_some() {
            return Ok(Self::with_header(first, places));
        }
        if looks_like_header(first, rest) {
            return Err(unknown_header(first, places));
        }
        Ok(Self {
            places: [Some(0), Some(1), Some(2), Some(3)],
            has_header: false,
            width: first.cells.len().max(4),
            ignored: Vec::new(),
        })
    }

    fn with_header(header: &Row, places: [Option<usize>; 4]) -> Self {
        let is_ignored = |(place, cell): &(usize, &String)| {
            !places.contains(&Some(*place)) && !cell.trim().is_empty()
        };
        let cells = header.cells.iter().enumerate();
        Self {
            places,
            has_header: true,
            width: header.cells.len(),
            ignored: cells
                .filter(is_ignored)
                .map(|(_, cell)| cell.trim().to_owned())
                .collect(),
        }
    }
}

/// Tells whether a row names customer and item in words that are known.
pub(super) fn is_known_header(row: &Row) -> bool {
    let places = known(row);
    places[0].is_some() && places[1].is_some()
}

fn known(row: &Row) -> [Option<usize>; 4] {
    WORDS.map(|words| {
        row.cells
            .iter()
            .position(|cell| words.contains(&word(cell).as_str()))
    })
}

/// Normalises a header's cell: `*数量（kg）` becomes `数量`, `Customer ID:` becomes `customer_id`.
fn word(cell: &str) -> String {
    let bare = cell
        .split(['(', '（', '[', '【'])
        .next()
        .unwrap_or_default();
    let trimmed = bare.trim_matches(|c: char| c.is_whitespace() || "*＊:：#".contains(c));
    trimmed.to_lowercase().replace([' ', '-'], "_")
}

fn looks_like_header(first: &Row, rest: &[&Row]) -> bool {
    let is_hinted = |cell: &String| {
        let word = word(cell);
        let last = word.rsplit('_').next().unwrap_or_default();
        WORDS.iter().any(|words| words.contains(&word.as_str()))
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

/// Reads `MAP=customer=订单号,item=2`: words of the header, or numbers where there is none.
fn mapped(first: &Row, map: &str) -> Result<Columns, String> {
    let mut places = [None; 4];
    let mut has_header = false;
    for part in map
        .split([',', '，', ';'])
        .filter(|part| !part.trim().is_empty())
    {
        let (name, target) = part.split_once('=').unwrap_or((part, ""));
        let Some(column) = NAMES.iter().position(|known| *known == name.trim()) else {
            return Err(format!(
                "MAP: `{}` is no column: use {}",
                name.trim(),
                NAMES.join(", ")
            ));
        };
        let named = first
            .cells
            .iter()
            .position(|cell| cell.trim() == target.trim() || word(cell) == word(target));
        let numbered = target
            .trim()
            .parse::<usize>()
            .ok()
            .and_then(|number| number.checked_sub(1));
        has_header |= named.is_some();
        places[column] = Some(
            named
                .or(numbered.filter(|place| *place < first.cells.len()))
                .ok_or_else(|| {
                    format!(
                        "MAP: line {} has no column `{}`: it has {}",
                        first.line,
                        target.trim(),
                        first.cells.join(", ")
                    )
                })?,
        );
    }
    if places[0].is_none() || places[1].is_none() {
        return Err("MAP: must name customer and item: MAP=\"customer=...,item=...\"".to_owned());
    }
    let columns = Columns::with_header(first, places);
    Ok(Columns {
        has_header,
        ..columns
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(lines: &[&str], map: Option<&str>) -> Result<Columns, String> {
        let row = |(index, line): (usize, &&str)| Row {
            line: index + 1,
            cells: line.split(',').map(str::to_owned).collect(),
        };
        let rows: Vec<Row> = lines.iter().enumerate().map(row).collect();
        Columns::find(&rows.iter().collect::<Vec<_>>(), map)
    }

    #[test]
    fn an_unknown_header_stops_and_says_the_words_it_knows() {
        for header in [
            "订单号,商品名称",
            "Ref,Goods,Menge",
            "InvoiceX,Stock code,x",
            "foo,bar,baz",
        ] {
            let error = find(&[header, "A1,milk,2"], None).unwrap_err();
            assert!(error.contains("line 1: the header"), "{error}");
            assert!(error.contains("客户") && error.contains("MAP="), "{error}");
        }
    }

    #[test]
    fn stars_and_units_count_for_nothing() {
        let columns = find(&["*客户,*商品,*数量（kg）,单价(元)"], None).unwrap();
        assert_eq!(columns.places, [Some(0), Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn a_file_without_a_header_is_read_by_position() {
        assert!(!find(&["1,milk", "2,bread"], None).unwrap().has_header);
        assert!(
            !find(&["Ann,milk,2", "Bob,bread,1"], None)
                .unwrap()
                .has_header
        );
    }

    #[test]
    fn a_map_names_the_columns() {
        let columns = find(
            &["订单号,商品名称,备注"],
            Some("customer=订单号,item=商品名称"),
        )
        .unwrap();
        assert_eq!((columns.places[0], columns.places[1]), (Some(0), Some(1)));
        assert_eq!(columns.ignored, ["备注"]);
        assert!(
            !find(&["milk,Ann"], Some("customer=2,item=1"))
                .unwrap()
                .has_header
        );
        assert!(
            find(&["a,b"], Some("customer=x,item=b"))
                .unwrap_err()
                .contains("no column `x`")
        );
    }
}
