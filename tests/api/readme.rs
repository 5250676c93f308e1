//! The Chinese README says the same as the English one: its commands, the code of its tables and its links are equal.

use std::collections::BTreeSet;
use std::fs;

use task_local::project_root;

fn read(name: &str) -> String {
    fs::read_to_string(project_root().join(name)).unwrap()
}

/// The lines of the code blocks in `sh` and `json`, without a comment at their end.
fn code_lines(document: &str) -> Vec<&str> {
    let fenced = document.split("\n```").skip(1).step_by(2);
    fenced
        .filter_map(|block| block.split_once('\n'))
        .filter(|(language, _)| matches!(*language, "sh" | "json"))
        .flat_map(|(_, code)| code.lines())
        .map(|line| line.split(" # ").next().unwrap_or_default().trim_end())
        .collect()
}

/// The texts between single backquotes.
fn code_spans(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The code spans of the first cell of every table row; a row without any counts too.
fn first_cells(document: &str) -> Vec<Vec<&str>> {
    let rows = document.lines().filter(|line| line.starts_with("| "));
    rows.map(|row| code_spans(row.split('|').nth(1).unwrap_or_default()))
        .collect()
}

/// The targets of the document's links, without the links between its languages.
fn links(document: &str) -> BTreeSet<&str> {
    let targets = document.split("](").skip(1);
    targets
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target)
        .filter(|target| !matches!(*target, "README.md" | "README.zh-CN.md"))
        .collect()
}

/// The levels of the document's headings.
fn headings(document: &str) -> Vec<usize> {
    let lines = document.lines().filter(|line| line.starts_with('#'));
    lines
        .map(|line| line.chars().take_while(|c| *c == '#').count())
        .collect()
}

#[test]
fn the_chinese_readme_has_the_commands_tables_and_links_of_the_english_one() {
    let (english, chinese) = (read("README.md"), read("README.zh-CN.md"));
    assert!(code_lines(&english).contains(&"make run"));
    assert_eq!(code_lines(&chinese), code_lines(&english));
    assert_eq!(first_cells(&chinese), first_cells(&english));
    assert_eq!(links(&chinese), links(&english));
    assert_eq!(headings(&chinese), headings(&english));
}

#[test]
fn both_readmes_link_to_each_other_and_to_files_that_exist() {
    let (english, chinese) = (read("README.md"), read("README.zh-CN.md"));
    assert!(english.contains("](README.zh-CN.md)"));
    assert!(chinese.contains("](README.md)"));
    for target in links(&english) {
        assert!(project_root().join(target).exists(), "{target}");
    }
}
