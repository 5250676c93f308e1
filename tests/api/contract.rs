//! `docs/CONTRACT-TESTS.md` names a test for every promise of the API, `docs/PROMISES.md` for every promise of the engine:
//! each of them exists, and no route, error word or order error code is left out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use task_local::project_root;
use task_service::ErrorCode;
use task_service::items::ItemErrorCode;

use crate::consistency::rust_files;
use crate::support::Api;

/// The rows of all tables: a promise, and the tests that show it.
fn rows() -> Vec<(String, Vec<String>)> {
    let text = fs::read_to_string(project_root().join("docs/CONTRACT-TESTS.md")).unwrap();
    let cells = text.lines().filter_map(|line| {
        line.strip_prefix("| ")?
            .strip_suffix(" |")?
            .rsplit_once(" | ")
    });
    let rows = cells.filter(|(_, tests)| *tests != "tests");
    rows.map(|(promise, tests)| (promise.to_owned(), quoted(tests)))
        .collect()
}

/// The texts in backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// The names of the tests in a file: functions below a `test` attribute.
fn tests_of(path: &Path) -> Vec<String> {
    let source = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let marked = lines
        .windows(2)
        .filter(|lines| lines[0] == "#[test]" || lines[0].starts_with("#[tokio::test"));
    let name = |line: &str| {
        let rest = line.trim_start_matches("async ").strip_prefix("fn ")?;
        Some(rest.split('(').next()?.to_owned())
    };
    marked.filter_map(|lines| name(lines[1])).collect()
}

/// The Rust files of the project.
fn sources() -> Vec<PathBuf> {
    let folders = ["shared", "tests"].map(|folder| rust_files(&project_root().join(folder)));
    folders.concat()
}

fn all_tests() -> BTreeSet<String> {
    sources().iter().flat_map(|path| tests_of(path)).collect()
}

#[test]
fn every_promise_is_shown_by_tests_that_exist() {
    let tests = all_tests();
    let rows = rows();
    assert!(rows.len() > 80, "only {} rows were read", rows.len());
    for (promise, named) in rows {
        assert!(!named.is_empty(), "no test shows: {promise}");
        let missing: Vec<_> = named.iter().filter(|name| !tests.contains(*name)).collect();
        assert!(missing.is_empty(), "{promise}: {missing:?} do not exist");
    }
}

#[test]
fn every_test_and_every_rule_of_the_checker_that_the_promises_name_exists() {
    let promises = fs::read_to_string(project_root().join("docs/PROMISES.md")).unwrap();
    let is_test = |word: &String| word.matches('_').count() > 3 && !word.contains([' ', '/']);
    let named: Vec<_> = quoted(&promises).into_iter().filter(is_test).collect();
    assert!(named.len() > 20);
    let tests = all_tests();
    let missing: Vec<_> = named.iter().filter(|name| !tests.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let code: String = sources()
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let rules = promises.split('"').skip(1).step_by(2);
    let unknown: Vec<_> = rules.filter(|rule| !code.contains(rule)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// `docs/PUSH-AND-CALLBACKS.md` names the tests of every case of where a call may go.
#[test]
fn every_case_of_where_a_call_may_go_is_shown_by_tests_that_exist() {
    let text = fs::read_to_string(project_root().join("docs/PUSH-AND-CALLBACKS.md")).unwrap();
    let (_, table) = text.split_once("\n## Where a call may go\n").unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| "));
    let rows: Vec<_> = rows
        .skip(1)
        .filter_map(|row| row.rsplit_once(" | "))
        .collect();
    assert!(rows.len() >= 12, "only {} cases were read", rows.len());
    let tests = all_tests();
    for (case, named) in rows {
        let named = quoted(named);
        let is_shown = !named.is_empty() && named.iter().all(|name| tests.contains(name));
        assert!(is_shown, "{case}: {named:?}");
    }
}

#[test]
fn every_route_error_word_and_order_error_code_has_a_row() {
    let named: BTreeSet<String> = rows()
        .iter()
        .flat_map(|(promise, _)| quoted(promise))
        .collect();
    let routes = Api::routes().into_iter().map(|(_, path)| path);
    let words = ErrorCode::ALL.iter().map(|word| word.as_str().to_owned());
    let codes = ItemErrorCode::ALL
        .iter()
        .map(|code| code.as_str().to_owned());
    let missing: Vec<_> = routes
        .chain(words)
        .chain(codes)
        .filter(|name| !named.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?} have no row");
}
