//! Reads cells as people write them: numbers with separators and currency signs, names, ids.

use super::number::number;

/// The most characters of a name that the service stores.
const NAME: usize = 128;
/// The most digits before the decimal point.
const DIGITS: usize = 8;
/// Words that name a sum, not a customer.
const TOTALS: [&str; 14] = [
    "total",
    "totals",
    "sum",
    "subtotal",
    "sub_total",
    "grand_total",
    "summe",
    "gesamt",
    "合计",
    "总计",
    "小计",
    "共计",
    "总额",
    "汇总",
];
/// What a spreadsheet shows where a formula failed, or where a number does not fit its column.
const ERRORS: [&str; 19] = [
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NAME?",
    "#NULL!",
    "#NUM!",
    "#DATA!",
    "#GETTING_DATA",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#BLOCKED!",
    "#CONNECT!",
    "#BUSY!",
    "#UNKNOWN!",
    "#EXTERNAL!",
    "#TIMEOUT!",
    "#PYTHON!",
];

/// Reads a customer or an item: `what` names it in the sentence of an error.
pub(super) fn name<'a>(what: &str, cell: Option<&'a String>) -> Result<&'a str, String> {
    let text = cell.map(|cell| cell.trim()).unwrap_or_default();
    if text.is_empty() {
        return Err(format!(
            "has no {what}: the cell is empty; a merged cell must be filled in every row"
        ));
    }
    if is_error(text) {
        return Err(format!(
            "{what} {text} is an error of the spreadsheet: mend its formula"
        ));
    }
    if is_total(text) {
        return Err("is a row of totals, not an order".to_owned());
    }
    if is_scientific(text) {
        return Err(format!(
            "{what} {text} has lost its digits in a spreadsheet: format the column as text and export it again"
        ));
    }
    let length = cell.map_or(0, |cell| cell.chars().count());
    if length > NAME {
        return Err(format!(
            "the name of the {what} has {length} characters: at most {NAME} fit"
        ));
    }
    Ok(text)
}

/// Tells whether a cell holds an error of a spreadsheet: `#REF!`, or `######` in place of a number.
fn is_error(text: &str) -> bool {
    let is_filler = text.len() > 2 && text.chars().all(|c| c == '#');
    is_filler || ERRORS.iter().any(|error| error.eq_ignore_ascii_case(text))
}

/// Tells whether a cell names a sum, also with blanks inside: `小 计`.
fn is_total(text: &str) -> bool {
    let word = text.trim_end_matches([':', '：']).trim().to_lowercase();
    let joined: String = word.chars().filter(|c| !c.is_whitespace()).collect();
    let parts = word.split(|c: char| c.is_whitespace() || c == '-');
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let spaced = parts.join("_");
    [joined, spaced]
        .iter()
        .any(|word| TOTALS.contains(&word.as_str()))
}

/// Tells whether a number is written like `1.1812E+11`.
pub(super) fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let signless = exponent.trim_start_matches(['+', '-']);
    let bare = mantissa.trim_start_matches(['+', '-']);
    digits(signless)
        && bare.split(['.', ',']).all(digits)
        && (signless.len() < exponent.len() || bare.contains(['.', ',']))
}

/// Reads a quantity, a number above 0; an empty cell has none.
pub(super) fn quantity(cell: Option<&String>) -> Result<Option<String>, String> {
    let number = decimal("quantity", cell)?;
    match &number {
        Some(text) if text.starts_with('-') || text.chars().all(|c| matches!(c, '0' | '.')) => {
            Err(format!("quantity {text} is not above 0"))
        }
        _ => Ok(number),
    }
}

/// Reads a unit price, 0 or more; an empty cell has none.
pub(super) fn price(cell: Option<&String>) -> Result<Option<String>, String> {
    let number = decimal("unit price", cell)?;
    match &number {
        Some(text) if text.starts_with('-') => Err(format!("unit price {text} is below 0")),
        _ => Ok(number),
    }
}

fn decimal(what: &str, cell: Option<&String>) -> Result<Option<String>, String> {
    let Some(cell) = cell else { return Ok(None) };
    let written = cell.trim();
    let found = number(cell).map_err(|reason| format!("{what} `{written}` {reason}"))?;
    let Some(text) = &found else { return Ok(None) };
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.trim_end_matches('0').len() > 2 {
        return Err(format!("{what} {written} has more than 2 decimals"));
    }
    if whole.trim_start_matches(['-', '0']).len() > DIGITS {
        return Err(format!(
            "{what} {written} has more than {DIGITS} digits before the decimal point"
        ));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ambiguous_and_broken_numbers_are_refused_with_the_reason() {
        assert!(
            number("1,234")
                .unwrap_err()
                .contains("may be 1.234 or 1234")
        );
        assert!(
            number("1.1812E+11")
                .unwrap_err()
                .contains("lost its digits")
        );
        for broken in [
            "abc", "1..2", "1,2,3", "12,34.5", "3kg", "--1", "€", "1.", "1 23",
        ] {
            assert!(number(broken).is_err(), "{broken}");
        }
        let price = price(Some(&"3.7765".to_owned())).unwrap_err();
        assert_eq!(price, "unit price 3.7765 has more than 2 decimals");
    }

    #[test]
    fn an_id_in_scientific_notation_is_refused() {
        for id in ["1.1812E+11", "1,18E+11", "1E+05", "1.5e3"] {
            assert!(name("customer", Some(&id.to_owned())).is_err(), "{id}");
        }
        for id in ["12E3", "E+1", "Apple", "1e"] {
            assert!(name("customer", Some(&id.to_owned())).is_ok(), "{id}");
        }
    }

    #[test]
    fn totals_and_long_names_are_refused() {
        for total in [
            "合计：",
            "小 计",
            "合　计",
            "总\u{a0}计：",
            "Grand  Total",
            "grand total",
            "Sub Total",
        ] {
            let total = total.to_owned();
            let refused = name("customer", Some(&total));
            assert!(refused.unwrap_err().contains("totals"), "{total}");
        }
        let long = "x".repeat(300);
        assert!(
            name("item", Some(&long))
                .unwrap_err()
                .contains("300 characters")
        );
    }

    #[test]
    fn an_error_of_a_spreadsheet_is_no_name() {
        for error in ["#N/A", "#REF!", "#div/0!", " #NAME? ", "#DATA!", "########"] {
            let error = error.to_owned();
            let refused = name("customer", Some(&error));
            assert!(
                refused.unwrap_err().contains("error of the spreadsheet"),
                "{error}"
            );
        }
        for kept in ["#1", "# 12", "A#N/A", "##"] {
            assert!(name("item", Some(&kept.to_owned())).is_ok(), "{kept}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_cells_never_panic(cell: String) {
            let _ = (number(&cell), name("item", Some(&cell)), quantity(Some(&cell)));
        }

        #[test]
        fn a_plain_number_is_itself(whole in 0_u32..99_999_999, cents in 0_u32..100) {
            let text = format!("{whole}.{cents:02}");
            prop_assert_eq!(number(&text).unwrap(), Some(text.clone()));
            prop_assert_eq!(number(&text.replace('.', ",")).unwrap(), Some(text));
        }
    }
}
