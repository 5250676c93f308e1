//! A batch's result as a table for spreadsheets: one row an order.

use crate::batch::{ItemView, Sent};

use super::parse;

/// The header row. The mark in front makes spreadsheets read the file as UTF-8.
const HEADER: &str =
    "\u{feff}index,order_no,order_id,status,code,msg,address_id,out_order_no,errors\r\n";

/// The rows of some orders, with a header.
#[must_use]
pub fn csv(items: &[ItemView]) -> String {
    items
        .iter()
        .fold(HEADER.to_owned(), |text, item| text + &row(item))
}

fn row(item: &ItemView) -> String {
    let sent = match &item.sent {
        Sent::Whole(raw) => parse(raw.get()).ok(),
        Sent::Identity(_) => None,
    };
    let (id, name) = match &item.made {
        Some((id, name)) => (id.to_string(), name.as_str()),
        None => (String::new(), ""),
    };
    let (code, msg, errors) = match &item.errors {
        Some(reasons) => (
            reasons.code.as_str(),
            reasons.msg.as_str(),
            reasons.all.get(),
        ),
        None => ("", "", ""),
    };
    let address = sent
        .as_ref()
        .and_then(|order| order.address_id())
        .unwrap_or_default();
    let number = sent
        .as_ref()
        .and_then(|order| order.out_order_no())
        .unwrap_or_default();
    let (index, status) = (item.index.to_string(), item.status.as_str());
    let fields: [&str; 9] = [
        &index, name, &id, status, code, msg, address, number, errors,
    ];
    fields.map(quoted).join(",") + "\r\n"
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
