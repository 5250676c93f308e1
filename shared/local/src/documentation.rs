//! The description of the API, `docs/openapi.yaml`, as the local stack serves it: as JSON for machines, and as a plain
//! page for people, which needs no script and nothing from elsewhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use yaml_rust2::{Yaml, YamlLoader};

use crate::error::{LocalError, Result};

const FILE: &str = "docs/openapi.yaml";
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}\
    table{border-collapse:collapse;width:100%}td,th{border:1px solid #ccc;padding:.2em .5em;text-align:left;vertical-align:top}\
    code{background:#f3f3f3;padding:0 .2em}h2{margin-top:2em;border-top:1px solid #ccc;padding-top:.5em}";

/// The description, for a stack at `base_url`.
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

/// The description as a page: every route with its methods, what it does, and its parameters.
pub(crate) fn page(document: &Value) -> String {
    let title = prose(&document["info"]["title"]);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style></head>\n\
         <body><h1>{title}</h1>\n<p>For machines: <a href=\"/openapi.json\">openapi.json</a></p>\n{}\n",
        paragraphs(&document["info"]["description"])
    );
    let tags = document["tags"].as_array().into_iter().flatten();
    for tag in tags {
        let paths = document["paths"].as_object().into_iter().flatten();
        let tagged = paths.filter(|(_, methods)| methods["post"]["tags"][0] == tag["name"]);
        let routes = tagged.map(|(path, methods)| route(document, path, methods));
        page += &routes.collect::<String>();
    }
    page + "</body></html>\n"
}

/// One path. Whatever reads takes POST, too, with the same parameters.
fn route(document: &Value, path: &str, methods: &Value) -> String {
    let verbs = ["get", "post"]
        .into_iter()
        .filter(|verb| methods[verb].is_object());
    let verbs: Vec<_> = verbs.map(str::to_uppercase).collect();
    let operation = &methods["post"];
    let mut html = format!(
        "<h2>{} <code>{}</code></h2>\n<p><b>{}</b></p>\n{}\n<table><tr><th>parameter</th><th>type</th><th></th></tr>\n",
        verbs.join(", "),
        escaped(path),
        prose(&operation["summary"]),
        paragraphs(&operation["description"])
    );
    let body = resolved(document, &operation["requestBody"]);
    let mut parameters = Parameters::default();
    parameters.gather(document, &body["content"]["application/json"]["schema"]);
    for (name, (schema, note)) in &parameters.all {
        let mark = if parameters.required.contains(name) {
            " (needed)"
        } else {
            ""
        };
        // Writing to a string cannot fail.
        let _infallible = writeln!(
            html,
            "<tr><td><code>{}</code>{mark}</td><td>{}</td><td>{note}</td></tr>",
            escaped(name),
            kind(document, schema)
        );
    }
    html + "</table>\n"
}

/// The parameters of a body's schema, those of its parts included.
#[derive(Default)]
struct Parameters {
    all: BTreeMap<String, (Value, String)>,
    required: Vec<String>,
}

impl Parameters {
    fn gather(&mut self, document: &Value, schema: &Value) {
        let schema = resolved(document, schema);
        let required = schema["required"].as_array().into_iter().flatten();
        self.required
            .extend(required.filter_map(Value::as_str).map(str::to_owned));
        for (name, parameter) in schema["properties"].as_object().into_iter().flatten() {
            let meant = resolved(document, parameter);
            let note = parameter
                .get("description")
                .unwrap_or(&meant["description"]);
            self.all.insert(name.clone(), (meant.clone(), prose(note)));
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.gather(document, part);
        }
    }
}

/// What a `$ref` refers to, or the value itself.
fn resolved<'v>(document: &'v Value, value: &'v Value) -> &'v Value {
    let reference = value["$ref"]
        .as_str()
        .and_then(|text| text.strip_prefix('#'));
    reference
        .and_then(|pointer| document.pointer(pointer))
        .unwrap_or(value)
}

/// A schema in a few words: its type, its values or its bounds; of several, all.
fn kind(document: &Value, schema: &Value) -> String {
    let Some(several) = schema["oneOf"].as_array() else {
        return plain_kind(schema);
    };
    let kinds = several
        .iter()
        .map(|schema| kind(document, resolved(document, schema)));
    kinds.collect::<Vec<_>>().join(" or ")
}

fn plain_kind(schema: &Value) -> String {
    let words = |value: &Value| match value {
        Value::Array(list) => list
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(" or "),
        other => other.as_str().unwrap_or("any").to_owned(),
    };
    let bound = |name: &str, text: &str| {
        schema[name]
            .as_i64()
            .map(|number| format!(", {text} {number}"))
    };
    let values = schema["enum"].as_array().map(|list| {
        let words: Vec<_> = list.iter().filter_map(Value::as_str).collect();
        format!(": {}", words.join(", "))
    });
    let bounds = [
        ("minimum", "from"),
        ("maximum", "to"),
        ("maxLength", "characters up to"),
        ("maxItems", "items up to"),
    ];
    let bounds = bounds
        .into_iter()
        .filter_map(|(name, text)| bound(name, text));
    escaped(&(words(&schema["type"]) + &values.unwrap_or_default() + &bounds.collect::<String>()))
}

fn paragraphs(text: &Value) -> String {
    let text = text.as_str().unwrap_or_default().trim();
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.is_empty());
    let marked = paragraphs.map(|paragraph| format!("<p>{}</p>\n", prose(&json!(paragraph))));
    marked.collect::<Vec<_>>().concat()
}

/// A text of the description; what stands in backticks or between two stars is set apart.
fn prose(text: &Value) -> String {
    let text = escaped(text.as_str().unwrap_or_default());
    marked(&marked(&text, "**", "b"), "`", "code")
}

fn marked(text: &str, mark: &str, element: &str) -> String {
    let parts = text.split(mark).enumerate();
    let set_apart = parts.map(|(n, part)| {
        if n % 2 == 1 {
            format!("<{element}>{part}</{element}>")
        } else {
            part.to_owned()
        }
    });
    set_apart.collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
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
    fn the_page_has_every_path_and_loads_nothing_from_elsewhere() {
        let document = document(&project_root(), "http://127.0.0.1:1").unwrap();
        let page = page(&document);
        for path in document["paths"].as_object().unwrap().keys() {
            assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
        }
        for foreign in ["<script", "src=", "http://", "https://"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }

    #[test]
    fn text_of_the_description_is_escaped() {
        assert_eq!(
            prose(&json!("a < `b` & **c**")),
            "a &lt; <code>b</code> &amp; <b>c</b>"
        );
    }
}
