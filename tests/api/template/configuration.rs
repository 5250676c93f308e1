//! Environment variables: declared for the functions that read them, and safe by default.

use std::collections::BTreeMap;
use std::fs;

use task_lambda::variables::VARIABLES;
use task_local::project_root;

use super::Template;
use crate::consistency::rust_files;

fn read(path: &str) -> String {
    fs::read_to_string(project_root().join(path)).unwrap()
}

/// The variables but for those that the platform sets, each with its default.
fn listed() -> BTreeMap<&'static str, &'static str> {
    let variables = VARIABLES.iter().map(|row| row.variable);
    variables
        .filter(|variable| !variable.name.starts_with("AWS_"))
        .map(|variable| (variable.name, variable.default))
        .collect()
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

#[test]
fn the_page_cuts_files_into_batches_that_a_submit_takes() {
    let functions = Template::read().functions();
    let most = |binary: &str| {
        let function = functions.iter().find(|one| one.binary == binary);
        function.unwrap().environment("MAX_ORDERS").unwrap()
    };
    assert_eq!(most("console"), most("order-batch-submit"));
}

#[test]
fn code_reads_a_variable_by_its_row_in_the_list() {
    let folder = project_root().join("shared/lambda/src");
    for path in rust_files(&folder) {
        let source = fs::read_to_string(&path).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap();
        let is_test = path.components().any(|part| part.as_os_str() == "tests");
        let spelled = named_in(code).find(|name| listed().contains_key(name));
        assert!(
            is_test || spelled.is_none(),
            "{}: {spelled:?}",
            path.display()
        );
    }
}

#[test]
fn a_function_is_given_listed_variables_only_with_their_defaults_unless_a_parameter_sets_them() {
    let (template, listed) = (Template::read(), listed());
    let globals = &template.0["Globals"]["Function"];
    let functions = template.of_type("AWS::Serverless::Function");
    for owner in functions.map(|(_, function)| function).chain([globals]) {
        let variables = owner["Environment"]["Variables"].as_hash();
        for (name, value) in variables.into_iter().flatten() {
            let name = name.as_str().unwrap();
            // glibc reads it.
            if name == "GLIBC_TUNABLES" {
                continue;
            }
            let default = listed
                .get(name)
                .unwrap_or_else(|| panic!("{name} is not listed"));
            let is_number = value
                .as_str()
                .is_some_and(|text| text.parse::<u64>().is_ok());
            // Migrations may take their time.
            let is_tuned = is_number && value.as_str() != Some("840000");
            assert!(
                !is_tuned || value.as_str() == Some(default),
                "{name}: {value:?}"
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
