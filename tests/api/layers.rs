//! The direction of dependencies: store <- engine <- service <- lambda <- functions, and no two files import each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use task_local::project_root;

use crate::consistency::rust_files;

/// The layers from the bottom up. Each may name the layers before it.
const LAYERS: [&str; 6] = [
    "task-store",
    "task-engine",
    "task-service",
    "task-lambda",
    "task-console",
    "long-tasks",
];

/// Answers the crates of this project that a package's code, not its tests, depends on.
fn own_dependencies(package: &Value) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array().unwrap().iter();
    let own = dependencies.filter(|dependency| dependency["kind"].is_null());
    let own = own.filter(|dependency| !dependency["path"].is_null());
    own.map(|dependency| dependency["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_layer_depends_only_on_layers_below_it() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(project_root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    for (at, layer) in LAYERS.iter().enumerate() {
        let mut packages = metadata["packages"].as_array().unwrap().iter();
        let package = packages.find(|package| package["name"] == *layer).unwrap();
        let below: BTreeSet<String> = LAYERS[..at].iter().map(ToString::to_string).collect();
        let named = own_dependencies(package);
        assert!(named.is_subset(&below), "{layer} depends on {named:?}");
    }
}

#[test]
fn the_engine_knows_no_orders_no_http_and_no_aws() {
    let manifest = fs::read_to_string(project_root().join("shared/engine/Cargo.toml")).unwrap();
    for dependency in ["aws", "lambda", "http", "hyper", "sqlx"] {
        assert!(!manifest.contains(dependency), "{dependency}");
    }
    for file in rust_files(&project_root().join("shared/engine/src")) {
        let text = fs::read_to_string(&file).unwrap();
        for word in ["order_no", "order_id", "sku", "KINDS", "task_service"] {
            assert!(!text.contains(word), "{} names {word}", file.display());
        }
    }
}

/// Answers the module path of a source file: `["work", "attempt"]`.
fn module_of(source: &Path, file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(source).unwrap().with_extension("");
    let parts = relative
        .iter()
        .map(|part| part.to_str().unwrap().to_owned());
    parts
        .filter(|part| part != "mod" && part != "lib")
        .collect()
}

/// Answers the paths that a file imports from its own crate, as paths from the root.
fn imports(module: &[String], text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        let line = line.strip_prefix("pub(crate) ").unwrap_or(line);
        let Some(path) = line.strip_prefix("use ") else {
            continue;
        };
        let mut parts = path
            .split("::")
            .map(|part| part.trim_end_matches([';', ',']));
        let mut from = match parts.next() {
            Some("crate") => Vec::new(),
            Some("super") => module[..module.len().saturating_sub(1)].to_vec(),
            _ => continue,
        };
        for part in parts {
            match part {
                "super" => drop(from.pop()),
                part => from.push(part.to_owned()),
            }
        }
        found.push(from);
    }
    found
}

/// Answers which files of a crate each of its files imports. A folder's own file stands for its parts, and is left out.
fn imported_files(source: &Path) -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let files = rust_files(source);
    let files = files.iter().map(|file| (module_of(source, file), file));
    let files: BTreeMap<_, _> = files.filter(|(module, _)| !module.is_empty()).collect();
    let file_of = |path: &[String]| {
        let prefixes = (1..=path.len()).rev().map(|length| path[..length].to_vec());
        prefixes
            .into_iter()
            .find(|prefix| files.contains_key(prefix))
    };
    files
        .iter()
        .map(|(module, file)| {
            let text = fs::read_to_string(file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let paths = imports(module, code);
            (
                module.clone(),
                paths.iter().filter_map(|path| file_of(path)).collect(),
            )
        })
        .collect()
}

#[test]
fn no_two_files_import_each_other() {
    let mut circles = Vec::new();
    for layer in ["store", "engine", "service", "lambda"] {
        let files = imported_files(&project_root().join("shared").join(layer).join("src"));
        for (one, imported) in &files {
            let others = imported.iter().filter(|other| {
                let is_part = one.starts_with(other) || other.starts_with(one);
                !is_part && *one < **other && files[*other].contains(one)
            });
            circles.extend(others.map(|other| format!("{layer}: {one:?} and {other:?}")));
        }
    }
    assert_eq!(circles, Vec::<String>::new());
}
