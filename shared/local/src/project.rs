//! The parts of the project, read from their only list: the root `Cargo.toml`.
//!
//! Its `[[bin]]` list is the function list, `[workspace.metadata.lambda.watch.router]` the routes, and
//! `[workspace.metadata.local]` the queues and schedules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::error::{LocalError, Result};

/// The project's functions and their triggers.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder of the root `Cargo.toml`.
    pub root: PathBuf,
    /// Every function's name.
    pub functions: BTreeSet<String>,
    /// Path → the functions that answer it.
    pub routes: BTreeMap<String, Vec<Route>>,
    /// Queue name → who works it off.
    pub queues: BTreeMap<String, Queue>,
    /// Function name → every how many seconds it is invoked.
    pub schedules: BTreeMap<String, u64>,
}

/// One method of a route.
#[derive(Debug, Clone, Deserialize)]
pub struct Route {
    /// `GET`, `POST`, …
    pub method: String,
    /// The function that answers.
    pub function: String,
}

/// A queue and its consumers.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Queue {
    /// The job whose messages it carries, as `GM_TASK_QUEUE` names it; none: the queue of `PUSH_QUEUE_URL`.
    pub job: Option<String>,
    /// The function that takes its messages.
    pub worker: String,
    /// The function that takes the messages of its dead-letter queue.
    pub dead_letter: Option<String>,
    /// How many messages an invocation gets at most, where it is not as the stack says.
    pub batch: Option<usize>,
    /// How many processes its worker has, where it is not as the stack says.
    pub processes: Option<usize>,
    /// Seconds that an invocation of its worker may take, where it is not as the stack says.
    pub timeout: Option<u64>,
}

/// The last part of a route that takes the rest of a path.
const GREEDY: &str = "{file+}";

impl Project {
    /// Reads the project at `root` by asking cargo.
    pub fn read(root: &Path) -> Result<Self> {
        let output = Command::new("cargo")
            .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
            .current_dir(root)
            .output()
            .map_err(|_| LocalError::Missing {
                what: "cargo".to_owned(),
                remedy: "install Rust".to_owned(),
            })?;
        if !output.status.success() {
            return Err(LocalError::part(
                "cargo metadata",
                String::from_utf8_lossy(&output.stderr),
            ));
        }
        let metadata = serde_json::from_slice(&output.stdout)
            .map_err(|error| LocalError::part("Cargo.toml", error))?;
        Ok(Self::from_metadata(root, metadata))
    }

    fn from_metadata(root: &Path, metadata: Metadata) -> Self {
        let manifest = root.join("Cargo.toml");
        let package = metadata
            .packages
            .into_iter()
            .find(|package| package.manifest_path == manifest);
        let targets = package.map(|package| package.targets).unwrap_or_default();
        let bins = targets
            .into_iter()
            .filter(|target| target.kind.iter().any(|kind| kind == "bin"));
        Self {
            root: root.to_owned(),
            functions: bins.map(|target| target.name).collect(),
            routes: metadata.metadata.lambda.watch.router,
            queues: metadata.metadata.local.queues,
            schedules: metadata.metadata.local.schedules,
        }
    }

    /// Finds the routes of a request's path: the path itself, else the longest beginning of it that ends with `{file+}`.
    #[must_use]
    pub fn routes_of(&self, path: &str) -> Vec<&Route> {
        let whole = self.routes.get(path);
        let begins = |route: &str| {
            let before = route.strip_suffix(GREEDY)?;
            let is_longer = path.len() > before.len() && path.starts_with(before);
            is_longer.then_some(before.len())
        };
        let prefixes = self.routes.iter();
        let prefixes = prefixes.filter_map(|(route, of)| Some((begins(route)?, of)));
        let longest = || prefixes.max_by_key(|(length, _)| *length).map(|(_, of)| of);
        whole.or_else(longest).into_iter().flatten().collect()
    }

    /// Lists the functions that answer HTTP requests.
    #[must_use]
    pub fn routed(&self) -> BTreeSet<&str> {
        let named = self
            .routes
            .values()
            .flatten()
            .map(|route| route.function.as_str());
        named
            .filter(|name| self.functions.contains(*name))
            .collect()
    }

    /// Returns `(queue, function)` of every event source mapping, dead-letter queues included.
    #[must_use]
    pub fn mappings(&self) -> Vec<(String, &str)> {
        let mut mappings = Vec::new();
        for (name, queue) in &self.queues {
            mappings.push((name.clone(), queue.worker.as_str()));
            if let Some(function) = &queue.dead_letter {
                mappings.push((dead_letter_queue(name), function.as_str()));
            }
        }
        mappings.retain(|(_, function)| self.functions.contains(*function));
        mappings
    }
}

/// Returns the name of a queue's dead-letter queue.
pub(crate) fn dead_letter_queue(queue: &str) -> String {
    format!("{queue}-dead-letter")
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    #[serde(default)]
    metadata: WorkspaceMetadata,
}

#[derive(Deserialize)]
struct Package {
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WorkspaceMetadata {
    lambda: Lambda,
    local: Local,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Lambda {
    watch: Watch,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Watch {
    router: BTreeMap<String, Vec<Route>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Local {
    queues: BTreeMap<String, Queue>,
    schedules: BTreeMap<String, u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> Project {
        let metadata = serde_json::from_value(serde_json::json!({
            "packages": [
                {"manifest_path": "/p/shared/x/Cargo.toml", "targets": [{"kind": ["bin"], "name": "tool"}]},
                {"manifest_path": "/p/Cargo.toml", "targets": [
                    {"kind": ["bin"], "name": "a-get"}, {"kind": ["bin"], "name": "a-work"},
                    {"kind": ["test"], "name": "api"}]}],
            "metadata": {
                "lambda": {"watch": {"router": {
                    "/a/get": [{"method": "GET", "function": "a-get"}, {"method": "POST", "function": "a-get"}],
                    "/a/later": [{"method": "POST", "function": "a-later"}]}}},
                "local": {"queues": {"a": {"job": "a_job", "worker": "a-work", "dead-letter": "a-dead"}}}}
        }));
        Project::from_metadata(Path::new("/p"), metadata.unwrap())
    }

    #[test]
    fn the_functions_are_the_root_packages_binaries() {
        assert_eq!(
            project().functions,
            BTreeSet::from(["a-get".to_owned(), "a-work".to_owned()])
        );
    }

    #[test]
    fn a_path_below_a_greedy_route_is_the_routes_and_no_other_is() {
        let mut project = project();
        let of = |function: &str| {
            vec![Route {
                method: "GET".to_owned(),
                function: function.to_owned(),
            }]
        };
        project.routes.insert("/c".to_owned(), of("c"));
        project.routes.insert("/c/{file+}".to_owned(), of("c-file"));
        let found = |path| {
            project
                .routes_of(path)
                .iter()
                .map(|route| route.function.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(found("/c"), ["c"]);
        assert_eq!(found("/c/a/b.js"), ["c-file"]);
        assert_eq!(found("/a/get"), ["a-get", "a-get"]);
        for other in ["/c/", "/cc", "/", "/a/get/x"] {
            assert!(found(other).is_empty(), "{other}");
        }
    }

    #[test]
    fn a_function_that_is_not_built_is_triggered_by_nothing() {
        let project = project();
        assert_eq!(project.routed(), BTreeSet::from(["a-get"]));
        assert_eq!(project.mappings(), [("a".to_owned(), "a-work")]);
    }
}
