//! A batch's result as a table for spreadsheets: one row an item.

use task_engine::{ItemView, JobKind, Made, Sent};

use super::result::BatchReport;

/// In front of the header, it makes spreadsheets read the file as UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Returns the rows of a page of items, with a header. The columns between `msg` and `errors` tell which item it is.
#[must_use]
pub fn csv(report: &BatchReport) -> String {
    let kind = report.kind;
    let made = kind.made.map(|made| [made.name_field, made.id_field]);
    let names = (kind.identity)("null").into_iter().map(|(name, _)| name);
    let columns = [
        &["index"],
        made.as_slice().as_flattened(),
        &["status", "code", "msg"],
        &names.collect::<Vec<_>>(),
        &["errors"],
    ];
    let header = String::from(BYTE_ORDER_MARK) + &line(&columns.concat());
    let rows = report.details.iter();
    rows.fold(header, |text, item| text + &row(kind, item))
}

fn row(kind: &JobKind, item: &ItemView) -> String {
    let identity = match &item.sent {
        Sent::Whole(raw) => (kind.identity)(raw.get()),
        Sent::Identity(fields) => fields.clone(),
    };
    let (code, msg, errors) = match &item.errors {
        Some(reasons) => (
            reasons.code.as_str(),
            reasons.msg.as_str(),
            reasons.all.get(),
        ),
        None => ("", "", ""),
    };
    let made = item.made.as_ref().map(|Made { kind, id }| {
        let texts = id.map(|id| [(kind.name)(id), id.to_string()]);
        texts.unwrap_or_default()
    });
    let fields = identity
        .iter()
        .map(|(_, value)| value.as_deref().unwrap_or_default());
    let index = item.index.to_string();
    let mut cells = vec![index.as_str()];
    cells.extend(made.iter().flatten().map(String::as_str));
    cells.extend([item.status.as_str(), code, msg]);
    cells.extend(fields);
    cells.push(errors);
    line(&cells)
}

fn line(cells: &[&str]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| quoted(cell)).collect();
    cells.join(",") + "\r\n"
}

/// Returns a field as RFC 4180 wants it, always quoted. Text that a spreadsheet would run as a formula is made harmless;
/// NUL, which ends the text of many a reader, becomes the mark of a character that cannot be shown.
fn quoted(field: &str) -> String {
    let mut text = String::with_capacity(field.len() + 2);
    text.push('"');
    let mut starts = true;
    for (at, character) in field.char_indices() {
        if starts && begins_formula(&field[at..]) {
            text.push('\'');
        }
        starts = SEPARATORS.contains(&character);
        match character {
            '"' => text.push_str("\"\""),
            '\0' => text.push('\u{fffd}'),
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

/// Behind one of these a reader that takes it for its separator starts a cell of its own, quotes or not.
const SEPARATORS: [char; 5] = [';', '\t', '\n', '\r', '|'];

/// Tells whether a spreadsheet would read a formula here, once it has skipped characters that it does not show.
fn begins_formula(text: &str) -> bool {
    let is_skipped = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '"' | '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let shown = text.trim_start_matches(is_skipped);
    shown.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_field_is_always_quoted() {
        assert_eq!(quoted("plain"), "\"plain\"");
        assert_eq!(quoted(""), "\"\"");
        assert_eq!(quoted("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
    }

    #[test]
    fn a_nul_is_made_visible() {
        assert_eq!(quoted("S0\0"), "\"S0\u{fffd}\"");
    }

    #[test]
    fn a_field_is_never_a_formula() {
        for field in [
            "=1+1",
            "@SUM(A1,A2)",
            "\n=1",
            " =1",
            "\u{200b}=1",
            "\u{3000}+1",
            "＝1",
            "＋1",
            "－1",
            "＠A1",
        ] {
            assert!(quoted(field).starts_with("\"'"), "{field:?}");
        }
        assert_eq!(quoted("x;=1"), "\"x;'=1\"");
        assert_eq!(quoted("1-1 a=b"), "\"1-1 a=b\"");
    }

    proptest! {
        /// However a reader cuts the line, by its quotes or by a separator of its own, no cell is a formula.
        #[test]
        fn no_reader_finds_a_formula(cell in "([a\"';,|\t\n\r =+@＝－\u{200b}\u{feff}\u{a0}-]|\\PC){0,12}") {
            let line = line(&["7", &cell, "end"]);
            for separator in SEPARATORS {
                for part in line.split([separator, '\n', '\r']) {
                    prop_assert!(!begins_formula(part), "{part:?} of {line:?}");
                }
            }
            let inner = quoted(&cell);
            let inner = inner[1..inner.len() - 1].replace("\"\"", "\"");
            prop_assert!(!begins_formula(&inner), "{inner:?}");
            prop_assert_eq!(inner.replace('\'', ""), cell.replace('\'', ""), "nothing is lost");
        }
    }
}
