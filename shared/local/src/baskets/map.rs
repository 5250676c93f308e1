//! Reads `MAP=customer=订单号,item=2`: names columns by words of the header, or by numbers where there is none.

use super::columns::{Columns, word};
use super::rows::{Row, first_place};
use super::words::NAMES;

/// What the person calls each column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Map<'a> {
    /// Words or numbers of customer, item, quantity and unit price.
    targets: [Option<&'a str>; 4],
}

impl<'a> Map<'a> {
    /// Reads the text of `MAP=`; an error is a sentence for the person.
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        let mut targets = [None; 4];
        let parts = text.split([',', '，', ';']);
        for part in parts.filter(|part| !part.trim().is_empty()) {
            let (name, target) = part.split_once('=').unwrap_or((part, ""));
            let (name, target) = (name.trim(), target.trim());
            let Some(column) = NAMES.iter().position(|known| *known == name) else {
                return Err(format!(
                    "MAP: `{name}` is no column: use {}",
                    NAMES.join(", ")
                ));
            };
            if target.is_empty() {
                return Err(format!(
                    "MAP: `{name}` names no column of the file: {name}=..."
                ));
            }
            targets[column] = Some(target);
        }
        if targets[0].is_none() || targets[1].is_none() {
            return Err(
                "MAP: must name customer and item: MAP=\"customer=...,item=...\"".to_owned(),
            );
        }
        Ok(Self { targets })
    }

    /// Tells whether a row holds every word of the map: a number names no header.
    pub(super) fn is_header(&self, row: &Row) -> bool {
        let mut targets = self.targets.iter().flatten();
        targets.all(|target| number(target).is_none() && named(row, target).is_some())
    }

    /// Finds the columns of at least one row, none of them empty: by the first row that holds every word, else by the first row.
    pub(super) fn columns(&self, rows: &[&Row]) -> Result<Columns, String> {
        let at = first_place(rows, |row| self.is_header(row)).unwrap_or(0);
        let row = rows[at];
        let mut places = [None; 4];
        let mut has_header = false;
        for (place, target) in places.iter_mut().zip(self.targets) {
            let Some(target) = target else { continue };
            let named = named(row, target);
            let numbered = number(target).filter(|place| *place < row.cells.len());
            has_header |= named.is_some();
            *place = Some(named.or(numbered).ok_or_else(|| no_column(row, target))?);
        }
        let columns = Columns::below(row, at, places);
        let header = columns.header.filter(|_| has_header);
        Ok(Columns { header, ..columns })
    }
}

fn named(row: &Row, target: &str) -> Option<usize> {
    let is_named = |cell: &String| cell.trim() == target || word(cell) == word(target);
    row.cells.iter().position(is_named)
}

fn number(target: &str) -> Option<usize> {
    let number = target.parse::<usize>().ok();
    number.and_then(|number| number.checked_sub(1))
}

fn no_column(row: &Row, target: &str) -> String {
    format!(
        "MAP: line {} has no column `{target}`: it has {}",
        row.line,
        row.cells.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(lines: &[&str], map: &str) -> Result<Columns, String> {
        let row = |(index, line): (usize, &&str)| Row {
            line: index + 1,
            cells: line.split(',').map(str::to_owned).collect(),
        };
        let rows: Vec<Row> = lines.iter().enumerate().map(row).collect();
        Map::parse(map)?.columns(&rows.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_map_names_the_columns() {
        let columns = find(&["订单号,商品名称,备注"], "customer=订单号,item=商品名称").unwrap();
        assert_eq!((columns.places[0], columns.places[1]), (Some(0), Some(1)));
        assert_eq!(
            (columns.header, columns.ignored),
            (Some(0), vec!["备注".to_owned()])
        );
        let columns = find(&["milk,Ann"], "customer=2,item=1").unwrap();
        assert_eq!(columns.header, None);
    }

    #[test]
    fn a_header_below_a_title_is_found_by_the_words_of_the_map() {
        let lines = ["XX公司订货单", "货物,订单号", "milk,A1"];
        let columns = find(&lines, "customer=订单号,item=货物").unwrap();
        assert_eq!(columns.header, Some(1));
        assert_eq!((columns.places[0], columns.places[1]), (Some(1), Some(0)));
        // Numbers may be data: they make no later row the header.
        let columns = find(&["milk,Ann", "1,2"], "customer=2,item=1").unwrap();
        assert_eq!(columns.header, None);
    }

    #[test]
    fn a_map_that_names_no_column_says_so() {
        let refused = |map: &str| find(&["a,b"], map).unwrap_err();
        assert!(refused("customer=x,item=b").contains("no column `x`"));
        assert!(refused("customer=,item=b").contains("`customer` names no column"));
        assert!(refused("buyer=a,item=b").contains("`buyer` is no column"));
        assert!(refused("customer=a").contains("must name customer and item"));
    }
}
