//! Environment variables: declared for whoever reads them, and safe by default.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use task_local::project_root;

use super::Template;

fn read(path: &str) -> String {
    fs::read_to_string(project_root().join(path)).unwrap()
}

/// The variables of the README's configuration table but for those that the platform sets, each with its default.
fn table() -> BTreeMap<String, String> {
    let readme = read("README.md");
    let table = readme.split("## Configuration").nth(1).unwrap();
    let table = table.split("\n## ").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows = rows.filter_map(|row| row.split_once("` | "));
    let rows = rows.filter(|(name, _)| !name.starts_with("AWS_"));
    let default = |rest: &str| rest.split(" | ").next().unwrap().replace('`', "");
    rows.map(|(name, rest)| (name.to_owned(), default(rest)))
        .collect()
}

fn documented() -> BTreeSet<String> {
    table().into_keys().collect()
}

/// Texts in quotation marks that look like a variable of ours.
fn named_in(source: &str) -> impl Iterator<Item = &str> {
    let is_variable = |text: &&str| {
        text.contains('_')
            && !text.starts_with("AWS_")
            && text.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    };
    source.split('"').filter(is_variable)
}

fn read_by_code(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_by_code(&path, found);
        } else {
            let source = fs::read_to_string(&path).unwrap();
            let code = source.split("#[cfg(test)]").next().unwrap();
            if code.contains("environment") {
                found.extend(named_in(code).map(str::to_owned));
            }
        }
    }
}

#[test]
fn every_variable_that_the_code_reads_is_documented_and_deployed_and_no_other() {
    let mut read_by = BTreeSet::new();
    read_by_code(&project_root().join("shared/lambda/src"), &mut read_by);
    assert_eq!(read_by, documented());
    let template = Template::read();
    let globals = &template.0["Globals"]["Function"];
    let of_all = std::iter::once(globals).chain(
        template
            .of_type("AWS::Serverless::Function")
            .map(|(_, f)| f),
    );
    let declared = of_all.filter_map(|owner| owner["Environment"]["Variables"].as_hash());
    let mut declared: BTreeSet<_> = declared
        .flat_map(|variables| {
            variables
                .keys()
                .map(|name| name.as_str().unwrap().to_owned())
        })
        .collect();
    assert!(declared.remove("GLIBC_TUNABLES"), "glibc reads it");
    assert_eq!(declared, documented());
}

#[test]
fn a_function_is_tuned_as_the_table_says_unless_a_parameter_does() {
    let table = table();
    for function in Template::read().functions() {
        for (name, default) in table.iter().filter(|(_, d)| d.parse::<u64>().is_ok()) {
            let Some(own) = function.environment(name) else {
                continue;
            };
            // Migrations may take their time.
            let exempt = function.binary == "database-migrate" || own.contains("${");
            assert!(
                exempt || own == *default,
                "{}: {name}={own}",
                function.binary
            );
        }
    }
}

#[test]
fn the_station_of_a_call_is_the_tokens() {
    let template = Template::read();
    let variables = &template.0["Globals"]["Function"]["Environment"]["Variables"];
    assert_eq!(variables["STATION_SOURCE"].as_str(), Some("claim"));
    let overridden = template
        .functions()
        .into_iter()
        .find(|function| function.environment("STATION_SOURCE").is_some());
    assert!(overridden.is_none());
}

#[test]
fn a_database_that_cannot_prove_who_it_is_is_refused_in_every_environment() {
    let template = Template::read();
    let variables = &template.0["Globals"]["Function"]["Environment"]["Variables"];
    let url = variables["DATABASE_URL"].as_str().unwrap();
    assert!(url.ends_with("?${DatabaseOptions}"), "{url}");
    let ca = "/opt/database-ca.pem";
    assert_eq!(
        template.default("DatabaseOptions").unwrap(),
        format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={ca}")
    );
    assert!(!read("samconfig.toml").contains("DatabaseOptions"));
    let layer = template.resource("DatabaseCa")["ContentUri"]
        .as_str()
        .unwrap();
    assert!(read("shared/local/package.sh").contains(layer.trim_end_matches('/')));
}
