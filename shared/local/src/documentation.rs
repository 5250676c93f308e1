//! The description of the API, `docs/openapi.yaml`, as the local stack serves it: as JSON for machines, and for people as a page
//! of Swagger UI, which comes with the local tools and asks nothing from elsewhere.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use yaml_rust2::{Yaml, YamlLoader};

use crate::error::{LocalError, Result};

const FILE: &str = "docs/openapi.yaml";
/// Returns the description, for a stack at `base_url`.
pub(crate) fn document(root: &Path, base_url: &str) -> Result<Value> {
    let fault = |error: &dyn std::fmt::Display| LocalError::input(FILE, error);
    let text = fs::read_to_string(root.join(FILE)).map_err(|error| fault(&error))?;
    let documents = YamlLoader::load_from_str(&text).map_err(|error| fault(&error))?;
    let mut document = documents.first().map_or(Value::Null, json_of);
    document["servers"] = json!([{"url": base_url, "description": "this stack"}]);
    Ok(document)
}

fn json_of(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::String(text) => json!(text),
        Yaml::Integer(number) => json!(number),
        Yaml::Boolean(flag) => json!(flag),
        Yaml::Real(_) => json!(yaml.as_f64()),
        Yaml::Array(list) => list.iter().map(json_of).collect(),
        Yaml::Hash(members) => {
            let name = |key: &Yaml| match json_of(key) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let members = members
                .iter()
                .map(|(key, value)| (name(key), json_of(value)));
            members.collect::<Map<_, _>>().into()
        }
        Yaml::Null | Yaml::Alias(_) | Yaml::BadValue => Value::Null,
    }
}

/// The page: Swagger UI, with nothing from elsewhere.
pub(crate) const PAGE: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Long tasks</title>\
    <link rel=\"stylesheet\" href=\"/docs/swagger-ui.css\"><link rel=\"icon\" href=\"/docs/favicon-32x32.png\"></head>\n\
    <body><noscript>This page needs JavaScript; <a href=\"/openapi.json\">the description itself</a> does not.</noscript>\
    <div id=\"ui\"></div><script src=\"/docs/swagger-ui-bundle.js\"></script><script src=\"/docs/start.js\"></script></body></html>\n";
/// The script that shows the description in the page.
pub(crate) const START: &str = "SwaggerUIBundle({url: \"/openapi.json\", dom_id: \"#ui\", validatorUrl: null, docExpansion: \"list\", \
    defaultModelsExpandDepth: 0, deepLinking: true, queryConfigEnabled: false});\n";
/// The folder of Swagger UI in a Python environment's packages; the package is made to serve it without a network.
const RENDERER: &str = "drf_spectacular_sidecar/static/drf_spectacular_sidecar/swagger-ui-dist";

/// Reads a file of Swagger UI from the tools of the local stack.
pub(crate) fn renderer_file(root: &Path, name: &str) -> Result<Vec<u8>> {
    let libraries = root.join(".local/tools/lib");
    let versions = fs::read_dir(&libraries).into_iter().flatten().flatten();
    let places = versions.map(|version| version.path().join("site-packages").join(RENDERER));
    let found = places
        .map(|place| place.join(name))
        .find_map(|path| fs::read(path).ok());
    found.ok_or_else(|| LocalError::Missing {
        what: format!("{name} of Swagger UI"),
        remedy: "run `make tools`".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::project_root;

    #[test]
    fn the_description_is_served_for_the_address_of_the_stack() {
        let document = document(&project_root(), "http://127.0.0.1:1").unwrap();
        assert_eq!(document["servers"][0]["url"], "http://127.0.0.1:1");
        assert_eq!(document["openapi"], "3.1.1");
        let code = &document["components"]["schemas"]["TaskAnswer"]["properties"]["code"];
        assert_eq!(code["const"], 0);
    }

    #[test]
    fn the_page_loads_nothing_from_elsewhere() {
        for foreign in ["http://", "https://", "=\"//"] {
            assert!(
                !PAGE.contains(foreign) && !START.contains(foreign),
                "{foreign}"
            );
        }
    }
}
