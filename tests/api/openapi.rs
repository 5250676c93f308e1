//! `docs/openapi.yaml` describes the routes there are, no more and no fewer, and only machine words there are; the local
//! stack serves it.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use task_local::{Project, Route, project_root};
use task_service::ErrorCode;
use task_service::items::ItemErrorCode;
use yaml_rust2::{Yaml, YamlLoader};

use crate::support::with_api;

fn document() -> Yaml {
    let text = fs::read_to_string(project_root().join("docs/openapi.yaml")).unwrap();
    YamlLoader::load_from_str(&text).unwrap().remove(0)
}

/// The operations: method, path, the function that serves it.
fn described() -> BTreeSet<(String, String, String)> {
    let document = document();
    let paths = document["paths"].as_hash().unwrap();
    let operations = paths.iter().flat_map(|(path, operations)| {
        let operations = operations.as_hash().unwrap().iter();
        operations.filter_map(move |(method, operation)| {
            let function = operation["x-function"].as_str()?;
            let method = method.as_str()?.to_uppercase();
            Some((method, path.as_str()?.to_owned(), function.to_owned()))
        })
    });
    operations.collect()
}

/// The value that a `$ref` refers to, or the value itself.
fn resolved<'y>(document: &'y Yaml, value: &'y Yaml) -> &'y Yaml {
    let Some(reference) = value["$ref"].as_str() else {
        return value;
    };
    let names = reference.trim_start_matches("#/").split('/');
    resolved(document, names.fold(document, |value, name| &value[name]))
}

/// The members of a schema and of its parts.
fn members(document: &Yaml, schema: &Yaml) -> BTreeSet<String> {
    let schema = resolved(document, schema);
    let own = schema["properties"].as_hash().into_iter().flatten();
    let own = own.filter_map(|(name, _)| name.as_str().map(str::to_owned));
    let parts = schema["allOf"].as_vec().into_iter().flatten();
    own.chain(parts.flat_map(|part| members(document, part)))
        .collect()
}

/// Every parameter of every path, wherever it may stand but in a header.
pub(crate) fn parameters() -> BTreeSet<(String, String)> {
    let document = document();
    let mut all = BTreeSet::new();
    for (path, operations) in document["paths"].as_hash().unwrap() {
        for operation in operations.as_hash().unwrap().values() {
            let listed = operation["parameters"].as_vec().into_iter().flatten();
            let listed = listed.map(|parameter| resolved(&document, parameter));
            let listed = listed.filter(|parameter| parameter["in"].as_str() == Some("query"));
            let listed = listed.filter_map(|parameter| parameter["name"].as_str());
            let body = resolved(&document, &operation["requestBody"]);
            let json = &body["content"]["application/json"]["schema"];
            let names = listed.map(str::to_owned).chain(members(&document, json));
            all.extend(names.map(|name| (path.as_str().unwrap().to_owned(), name)));
        }
    }
    all
}

#[test]
fn the_description_has_every_route_and_no_other() {
    let table = Project::read(&project_root()).unwrap().routes;
    let api = table
        .into_iter()
        .filter(|(path, _)| !path.starts_with("/console"));
    let routed = api.flat_map(|(path, routes)| {
        let operation = move |route: Route| (route.method, path.clone(), route.function);
        routes.into_iter().map(operation)
    });
    assert_eq!(described(), routed.collect());
}

/// The values of an enumeration among the schemas.
fn words(schema: &str) -> BTreeSet<String> {
    let document = document();
    let listed = &document["components"]["schemas"][schema]["enum"];
    let words = listed.as_vec().unwrap().iter().filter_map(Yaml::as_str);
    words.map(str::to_owned).collect()
}

#[test]
fn the_description_has_every_machine_word_and_no_other() {
    let answered = ErrorCode::ALL.iter().map(|word| word.as_str().to_owned());
    assert_eq!(words("ErrorCode"), answered.collect());
    let told = ItemErrorCode::ALL
        .iter()
        .map(|code| code.as_str().to_owned());
    assert_eq!(words("ItemErrorCode"), told.collect());
}

/// Every mapping below a value, with the way to it.
fn mappings<'y>(value: &'y Yaml, at: &str, found: &mut Vec<(String, &'y Yaml)>) {
    match value {
        Yaml::Hash(members) => {
            found.push((at.to_owned(), value));
            for (name, member) in members {
                mappings(
                    member,
                    &format!("{at}/{}", name.as_str().unwrap_or("?")),
                    found,
                );
            }
        }
        Yaml::Array(list) => {
            for member in list {
                mappings(member, at, found);
            }
        }
        _ => {}
    }
}

#[test]
fn no_request_has_a_default_and_no_schema_is_one_that_generators_refuse() {
    let document = document();
    let mut found = Vec::new();
    for part in ["paths", "components"] {
        mappings(&document[part], part, &mut found);
    }
    assert!(found.len() > 500);
    for (at, schema) in found {
        let is_properties = at.ends_with("/properties");
        assert!(
            is_properties || schema["default"].is_badvalue(),
            "{at}: a default is sent by generated clients"
        );
        for name in ["allOf", "anyOf", "oneOf"] {
            let parts = schema[name].as_vec().into_iter().flatten();
            let whole = parts.into_iter().all(|part| {
                ["type", "$ref", "allOf", "oneOf"]
                    .iter()
                    .any(|of| !part[*of].is_badvalue())
            });
            assert!(is_properties || whole, "{at}: a part of {name} has no type");
        }
        let enumerated = schema["enum"].as_vec().is_some() && !is_properties;
        assert!(
            !enumerated || schema["type"].as_str().is_some(),
            "{at}: an enumeration is of one type"
        );
    }
}

/// What is served as JSON is what the file says.
fn assert_same(served: &Value, yaml: &Yaml) {
    match yaml {
        Yaml::Hash(members) => {
            assert_eq!(served.as_object().unwrap().len(), members.len());
            for (name, value) in members {
                assert_same(&served[name.as_str().unwrap()], value);
            }
        }
        Yaml::Array(list) => {
            assert_eq!(served.as_array().unwrap().len(), list.len());
            for (served, value) in served.as_array().unwrap().iter().zip(list) {
                assert_same(served, value);
            }
        }
        _ => assert_eq!(
            (
                served.as_str(),
                served.as_i64(),
                served.as_bool(),
                served.is_null()
            ),
            (yaml.as_str(), yaml.as_i64(), yaml.as_bool(), yaml.is_null())
        ),
    }
}

#[tokio::test]
async fn the_description_is_served_beside_the_api_as_json_and_as_a_page() {
    with_api(async |api| {
        let served = api.get("/openapi.json").await;
        assert_eq!(
            (served.status, served.content_type.as_str()),
            (200, "application/json; charset=utf-8")
        );
        assert_eq!(served.body["servers"][0]["url"], api.stack.base_url());
        let document = document();
        for part in ["openapi", "info", "paths", "components", "tags", "security"] {
            assert_same(&served.body[part], &document[part]);
        }
        for path in ["/", "/docs"] {
            let page = api.get(path).await;
            let media_type = (page.status, page.content_type.as_str());
            assert_eq!(media_type, (200, "text/html; charset=utf-8"));
            let loaded = page.text.split(['"']).filter(|text| text.starts_with('/'));
            for file in loaded {
                let file = api.get(file).await;
                assert!(file.status == 200 && !file.text.is_empty(), "{path}");
            }
        }
        assert_eq!(api.raw("/openapi.json", None, "").await.status, 404);
    })
    .await;
}
