//! Splits text into rows of cells: separated by comma, semicolon or tab, quoted as in RFC 4180.

/// A row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The file's own line, or the sheet's own row, counted from 1.
    pub(super) line: usize,
    /// The texts of its cells.
    pub(super) cells: Vec<String>,
}

impl Row {
    /// Tells whether no cell holds anything.
    pub(super) fn is_empty(&self) -> bool {
        self.filled().next().is_none()
    }

    /// Returns the cells that hold something.
    pub(super) fn filled(&self) -> impl Iterator<Item = &str> {
        let trimmed = self.cells.iter().map(|cell| cell.trim());
        trimmed.filter(|cell| !cell.is_empty())
    }
}

/// How many rows are looked at to find the separator.
const LOOKED_AT: usize = 50;
/// How many filled rows may hold the header: titles may stand above it.
const HEADER_WITHIN: usize = 10;

/// Returns the place of the first row that `is_header`, of the filled rows that may hold it.
pub(super) fn first_place(filled: &[&Row], is_header: impl Fn(&Row) -> bool) -> Option<usize> {
    let mut within = filled.iter().take(HEADER_WITHIN);
    within.position(|row| is_header(row))
}

/// Splits text by the separator it uses; `is_header` recognises a header. An error is a sentence for the person.
pub(super) fn split(text: &str, is_header: impl Fn(&Row) -> bool) -> Result<Vec<Row>, String> {
    let mut best = split_by(text, ',');
    for separator in [';', '\t'] {
        let other = split_by(text, separator);
        if rank(&other.rows, &is_header) > rank(&best.rows, &is_header) {
            best = other;
        }
    }
    best.broken.map_or(Ok(best.rows), Err)
}

/// The rows up to the first broken quote.
#[derive(Debug)]
struct Split {
    rows: Vec<Row>,
    broken: Option<String>,
}

/// Ranks a separator: the header is known, then how many rows are as wide as it, then how wide they are. Where no header
/// is known, the first row of several cells stands for it: a title has one cell.
fn rank(rows: &[Row], is_header: &impl Fn(&Row) -> bool) -> (bool, usize, usize) {
    let filled = rows.iter().filter(|row| !row.is_empty()).take(LOOKED_AT);
    let filled: Vec<&Row> = filled.collect();
    let header = first_place(&filled, is_header);
    let first = header.or_else(|| first_place(&filled, |row| row.cells.len() > 1));
    let Some(first) = first else {
        return (false, 0, 0);
    };
    let width = filled[first].cells.len();
    let later = filled.iter().skip(first);
    let same = later.filter(|row| row.cells.len() == width).count();
    (header.is_some(), same, width)
}

/// Splits text by one separator.
fn split_by(text: &str, separator: char) -> Split {
    let mut splitter = Splitter {
        line: 1,
        ..Splitter::default()
    };
    let broken = splitter.read(text, separator).err();
    if splitter.is_begun() {
        splitter.row();
    }
    Split {
        rows: splitter.rows,
        broken,
    }
}

#[derive(Default)]
struct Splitter {
    line: usize,
    /// Line ends inside the quotes of this row.
    inner_lines: usize,
    rows: Vec<Row>,
    cells: Vec<String>,
    cell: String,
    /// The cell was quoted and its quote is closed.
    is_closed: bool,
}

impl Splitter {
    /// Reads the whole text, or up to the first broken quote.
    fn read(&mut self, text: &str, separator: char) -> Result<(), String> {
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '"' if self.cell.is_empty() && !self.is_closed => self.quoted(&mut characters)?,
                '\r' if characters.peek() == Some(&'\n') => {}
                '\n' | '\r' => self.row(),
                other if other == separator => self.cell(),
                other if self.is_closed && !other.is_whitespace() => {
                    return Err(format!(
                        "line {}: text follows a closing quote: double the quotes inside a quoted cell, or take them away",
                        self.line
                    ));
                }
                _ if self.is_closed => {}
                other => self.cell.push(other),
            }
        }
        Ok(())
    }

    /// Reads a quoted cell up to its closing quote.
    fn quoted(
        &mut self,
        characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    ) -> Result<(), String> {
        let line = self.line + self.inner_lines;
        while let Some(character) = characters.next() {
            match character {
                '"' if characters.peek() == Some(&'"') => {
                    characters.next();
                    self.cell.push('"');
                }
                '"' => {
                    self.is_closed = true;
                    return Ok(());
                }
                other => {
                    self.inner_lines += usize::from(other == '\n');
                    self.cell.push(other);
                }
            }
        }
        Err(format!(
            "line {line}: a quote (\") is opened and never closed: close it, or take it away"
        ))
    }

    fn cell(&mut self) {
        self.cells.push(std::mem::take(&mut self.cell));
        self.is_closed = false;
    }

    fn row(&mut self) {
        self.cell();
        self.rows.push(Row {
            line: self.line,
            cells: std::mem::take(&mut self.cells),
        });
        self.line += 1 + std::mem::take(&mut self.inner_lines);
    }

    fn is_begun(&self) -> bool {
        !self.cells.is_empty() || !self.cell.is_empty() || self.is_closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        let rows = split(text, |_| false).unwrap();
        rows.into_iter().map(|row| row.cells).collect()
    }

    #[test]
    fn the_separator_is_found() {
        assert_eq!(
            cells("Ann;milk;1,5\nBob;rye;2,0\n")[0],
            ["Ann", "milk", "1,5"]
        );
        assert_eq!(
            cells("Ann\tmilk, fresh\nBob\trye\n")[0],
            ["Ann", "milk, fresh"]
        );
        assert_eq!(cells("1,rolls; soft\n2,rye\n")[0], ["1", "rolls; soft"]);
    }

    #[test]
    fn the_separator_is_found_below_a_title() {
        let text = "XX公司订货单\n客户;商品;数量\nAnn;milk, fresh;1,5\n";
        assert_eq!(cells(text)[1], ["客户", "商品", "数量"]);
        let rows = split(text, |row| row.cells.len() == 3).unwrap();
        assert_eq!(rows[2].cells, ["Ann", "milk, fresh", "1,5"]);
    }

    #[test]
    fn an_unclosed_quote_is_refused_at_its_line() {
        let error = split("1,rye,1,2\n1,\"milk,1,2\n3,egg,1,2\n", |_| false).unwrap_err();
        assert!(error.starts_with("line 2: a quote"), "{error}");
        let error = split("1,\"milk,1\n2,\"egg\",1\n", |_| false).unwrap_err();
        assert!(error.contains("closing quote"), "{error}");
    }

    #[test]
    fn lines_are_the_files_own() {
        let rows = split("1,\"a\nb\"\r\n\r\n2,c", |_| false).unwrap();
        let lines: Vec<_> = rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [1, 3, 4]);
    }

    proptest! {
        #[test]
        fn a_table_written_with_any_separator_is_read_back(
            table in prop::collection::vec(prop::array::uniform3("[a-z苹果,;\t\" \n]{1,8}"), 1..8),
            separator in prop::sample::select(vec![',', ';', '\t']),
        ) {
            let mut writer = csv::WriterBuilder::new()
                .delimiter(u8::try_from(separator).unwrap())
                .quote_style(csv::QuoteStyle::Always)
                .from_writer(Vec::new());
            for row in &table {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let split = split_by(&text, separator);
            prop_assert_eq!(split.broken, None);
            let read: Vec<_> = split.rows.into_iter().map(|row| row.cells).collect();
            let written: Vec<_> = table.iter().map(|row| row.to_vec()).collect();
            prop_assert_eq!(read, written);
        }

        #[test]
        fn arbitrary_text_never_panics(text: String) {
            let _ = split(&text, |_| false);
        }
    }
}
