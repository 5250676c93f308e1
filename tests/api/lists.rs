//! The README's tables of environment variables are written from the one list in `shared/lambda`: `make lists` writes them anew.

use std::fs;

use task_lambda::variables::{Default, Row, VARIABLES};
use task_local::project_root;

/// The value as the tables show it: a word in code, a number plain.
fn shown<'r>(row: &'r Row, absent: [&'r str; 3]) -> String {
    let [required, required_to_send, none] = absent;
    let value = row.variable.default;
    match row.default {
        Default::Required => required.to_owned(),
        Default::RequiredToSend => required_to_send.to_owned(),
        Default::None => none.to_owned(),
        Default::Value if value.parse::<u64>().is_ok() => value.to_owned(),
        Default::Value => format!("`{value}`"),
    }
}

/// The rows of a table.
fn table(absent: [&str; 3], meaning: impl Fn(&Row) -> &'static str) -> String {
    let row = |row: &Row| {
        let (name, shown) = (row.variable.name, shown(row, absent));
        format!("| `{name}` | {shown} | {} |\n", meaning(row))
    };
    VARIABLES.iter().map(row).collect()
}

/// Compares the table below `heading` with its list; with `WRITE_LISTS` in the environment, writes it.
fn hold(file: &str, heading: &str, rows: &str) {
    let path = project_root().join(file);
    let document = fs::read_to_string(&path).unwrap();
    let start = document.find(heading).unwrap();
    let start = start + document[start..].find("\n| `").unwrap() + 1;
    let end = start + document[start..].find("\n\n").unwrap() + 1;
    if std::env::var_os("WRITE_LISTS").is_some() {
        let written = [&document[..start], rows, &document[end..]].concat();
        fs::write(&path, written).unwrap();
    } else {
        assert!(&document[start..end] == rows, "{file}: make lists");
    }
}

#[test]
fn the_readmes_list_every_variable_with_its_default_and_meaning() {
    let english = ["required", "required to send", "none"];
    let english = table(english, |row| row.english);
    hold("README.md", "## Configuration\n", &english);
    let chinese = table(["必填", "发送时必填", "无"], |row| row.chinese);
    hold("README.zh-CN.md", "## 配置\n", &chinese);
}
