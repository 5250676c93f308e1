//! Reads numbers as people write them: full-width digits, separators of thousands, currency signs.

use super::cells::is_scientific;

/// Signs and words that name a currency.
const CURRENCIES: [&str; 12] = [
    "¥", "￥", "$", "€", "£", "元", "CNY", "RMB", "USD", "EUR", "GBP", "＄",
];

/// Reads a number into plain digits with a point; an error is the reason after the number.
pub(super) fn number(cell: &str) -> Result<Option<String>, String> {
    let narrow: String = cell.trim().chars().map(narrow).collect();
    let text = without_currency(&narrow);
    if text.is_empty() {
        return if narrow.trim().is_empty() {
            Ok(None)
        } else {
            Err("is no number".to_owned())
        };
    }
    if is_scientific(text) {
        return Err(
            "has lost its digits in a spreadsheet: format the column as a number".to_owned(),
        );
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", without_currency(digits)),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, decimals) = parts(digits)?;
    let zeroless = whole.trim_start_matches('0');
    let whole = if zeroless.is_empty() { "0" } else { zeroless };
    Ok(Some(match decimals {
        "" => format!("{sign}{whole}"),
        decimals => format!("{sign}{whole}.{decimals}"),
    }))
}

/// Maps a full-width character to its ASCII one, every blank to a space, every apostrophe to `'`.
fn narrow(character: char) -> char {
    match character {
        '０'..='９' | '．' | '，' | '－' | '＋' => {
            char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character)
        }
        '−' => '-',
        '’' => '\'',
        blank if blank.is_whitespace() => ' ',
        other => other,
    }
}

fn without_currency(text: &str) -> &str {
    let text = text.trim();
    let stripped = CURRENCIES
        .iter()
        .find_map(|sign| text.strip_prefix(sign).or_else(|| text.strip_suffix(sign)));
    stripped.unwrap_or(text).trim()
}

/// Splits digits into the whole part without separators and the decimals.
fn parts(digits: &str) -> Result<(String, &str), String> {
    let not_a_number = || "is no number".to_owned();
    let is_digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let marks: Vec<(usize, char)> = digits
        .char_indices()
        .filter(|(_, c)| !c.is_ascii_digit())
        .collect();
    let Some(&(place, last)) = marks.last() else {
        return Ok((digits.to_owned(), ""));
    };
    let (before, after) = (
        digits.get(..place).unwrap_or_default(),
        digits.get(place + 1..).unwrap_or_default(),
    );
    let is_repeated = marks.iter().filter(|(_, c)| *c == last).count() > 1;
    let is_decimal = matches!(last, '.' | ',') && !is_repeated;
    if !is_digits(after)
        || digits.starts_with(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ','))
    {
        return Err(not_a_number());
    }
    if !is_decimal {
        return Ok((grouped(digits, last).ok_or_else(not_a_number)?, ""));
    }
    if marks.len() == 1 {
        let may_group =
            after.len() == 3 && (1..=3).contains(&before.len()) && !before.starts_with('0');
        if may_group {
            return Err(format!(
                "may be {before}.{after} or {before}{after}: write it without a thousands separator, or with 2 decimals"
            ));
        }
        let is_bare = after.is_empty() || !is_digits(before);
        return if is_bare {
            Err(not_a_number())
        } else {
            Ok((before.to_owned(), after))
        };
    }
    let separator = marks.first().map_or(' ', |(_, c)| *c);
    let whole = grouped(before, separator).ok_or_else(not_a_number)?;
    Ok((whole, after))
}

/// Joins groups of three digits.
fn grouped(text: &str, separator: char) -> Option<String> {
    let groups: Vec<&str> = text.split(separator).collect();
    let (first, rest) = groups.split_first()?;
    let is_digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let fits = (1..=3).contains(&first.len())
        && is_digits(first)
        && rest
            .iter()
            .all(|group| group.len() == 3 && is_digits(group));
    (matches!(separator, '.' | ',' | ' ' | '\'') && fits).then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (written, read) in [
            ("261,96", "261.96"),
            ("0,90 €", "0.90"),
            ("１２．５", "12.5"),
            ("¥1,234.50", "1234.50"),
            ("1.234,50", "1234.50"),
            ("1 234,5", "1234.5"),
            ("1'234'567", "1234567"),
            ("$ 3", "3"),
            ("007", "7"),
            ("0,125", "0.125"),
            ("-2", "-2"),
            ("3元", "3"),
            ("1\u{a0}234", "1234"),
            (".5", "0.5"),
        ] {
            assert_eq!(number(written).unwrap().as_deref(), Some(read), "{written}");
        }
    }
}
