//! A text table for a terminal, where a Chinese character takes two columns.

use unicode_width::UnicodeWidthStr;

/// Lays out rows below a header; the last column is as wide as it needs to be.
pub(crate) fn render(header: &[&str], rows: &[Vec<String>]) -> String {
    let cells = |column: usize| {
        rows.iter()
            .filter_map(move |row| row.get(column))
            .map(|cell| cell.width())
    };
    let widths: Vec<usize> = header
        .iter()
        .enumerate()
        .map(|(column, title)| cells(column).max().unwrap_or(0).max(title.width()))
        .collect();
    let titles: Vec<String> = header.iter().map(|title| (*title).to_owned()).collect();
    let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
    [&titles, &rule]
        .into_iter()
        .chain(rows)
        .map(|row| line(row, &widths))
        .collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let padded = |(cell, width): (&String, &usize)| {
        let padding = width.saturating_sub(cell.width());
        format!("{cell}{}", " ".repeat(padding))
    };
    let line = row
        .iter()
        .zip(widths)
        .map(padded)
        .collect::<Vec<_>>()
        .join("  ");
    format!("{}\n", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_characters_take_two_columns() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let table = render(&["name", "n"], &[row(["大白菜", "1"]), row(["rice", "22"])]);
        assert_eq!(table, "name    n\n──────  ──\n大白菜  1\nrice    22\n");
    }

    #[test]
    fn no_line_ends_in_spaces() {
        let table = render(&["a", "b"], &[vec!["x".to_owned(), String::new()]]);
        assert!(
            table.lines().all(|line| line == line.trim_end()),
            "{table:?}"
        );
    }
}
