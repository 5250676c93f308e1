//! A batch's result as a table for spreadsheets: one row an item.

use super::job::JobKind;
use super::result::BatchReport;
use super::view::{ItemView, Made, Sent};

/// In front of the header, it makes spreadsheets read the file as UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The rows of a page of items, with a header. The columns between `msg` and `errors` tell which item it is.
#[must_use]
pub fn csv(report: &BatchReport) -> String {
    let kind = report.kind;
    let made: &[&str] = match kind.made_name {
        Some(_) => &["order_no", "order_id"],
        None => &[],
    };
    let names = (kind.identity)("null").into_iter().map(|(name, _)| name);
    let columns = [
        &["index"],
        made,
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
    let made = item.made.as_ref().map(|Made { id_and_name }| {
        let (id, name) = id_and_name
            .as_ref()
            .map_or(Default::default(), |(id, name)| {
                (id.to_string(), name.clone())
            });
        [name, id]
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

/// A field as RFC 4180 wants it. One that a spreadsheet would run as a formula is made text; NUL, which ends the
/// text of many a reader, becomes the mark of a character that cannot be shown.
fn quoted(field: &str) -> String {
    let field = &field.replace('\0', "\u{fffd}");
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let field = if formula {
        format!("'{field}")
    } else {
        field.to_owned()
    };
    if field.contains([',', '"', '\r', '\n']) {
        return format!("\"{}\"", field.replace('"', "\"\""));
    }
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_quoted_when_it_must_be() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
    }

    #[test]
    fn a_nul_is_made_visible() {
        assert_eq!(quoted("S0\0"), "S0\u{fffd}");
    }

    #[test]
    fn a_field_is_never_a_formula() {
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(quoted("@SUM(A1,A2)"), "\"'@SUM(A1,A2)\"");
    }
}
