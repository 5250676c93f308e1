//! One list, never four: the binaries, the files in `functions/`, the local router table and `template.yaml` name the
//! same functions and routes. And what the style promises of files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use task_local::{Project, project_root};

use crate::support::Api;
use crate::template::Template;

fn project() -> Project {
    Project::read(&project_root()).unwrap()
}

/// The Rust files below a folder.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| {
        if path.is_dir() {
            rust_files(&path)
        } else {
            vec![path]
        }
    });
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap().lines().count()
}

#[test]
fn every_function_is_one_file_of_its_name() {
    let files = rust_files(&project_root().join("functions"));
    let stem = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    assert_eq!(
        files.iter().map(stem).collect::<BTreeSet<_>>(),
        project().functions
    );
}

#[test]
fn every_function_is_deployed_and_nothing_else() {
    let template = Template::read();
    let deployed: BTreeSet<_> = template
        .functions()
        .into_iter()
        .map(|function| function.binary)
        .collect();
    assert_eq!(deployed, project().functions);
}

#[test]
fn every_route_is_deployed_as_it_is_routed_locally() {
    let template = Template::read();
    let deployed: BTreeSet<_> = template
        .functions()
        .into_iter()
        .flat_map(|function| {
            let route = move |(method, path)| (method, path, function.binary.clone());
            function.routes.into_iter().map(route)
        })
        .collect();
    let routed: BTreeSet<_> = project()
        .routes
        .into_iter()
        .flat_map(|(path, routes)| {
            let route =
                move |route: task_local::Route| (route.method, path.clone(), route.function);
            routes.into_iter().map(route)
        })
        .collect();
    assert_eq!(deployed, routed);
}

#[test]
fn every_function_is_triggered_and_every_trigger_has_its_function() {
    let project = project();
    let routed = project
        .routes
        .values()
        .flatten()
        .map(|route| route.function.clone());
    let scheduled = project.schedules.keys().cloned();
    let workers = project.queues.values().map(|queue| queue.worker.clone());
    let triggered: BTreeSet<_> = routed.chain(scheduled).chain(workers).collect();
    let missing: Vec<_> = triggered.difference(&project.functions).collect();
    assert!(
        missing.is_empty(),
        "{missing:?} are triggered but not there"
    );
    let idle: Vec<_> = project.functions.difference(&triggered).collect();
    let on_demand = ["batch-dead-letter", "database-migrate"];
    assert!(
        idle.iter()
            .all(|function| on_demand.contains(&function.as_str())),
        "{idle:?} are never called"
    );
}

#[test]
fn schedules_and_queues_are_deployed_as_they_run_locally() {
    let (project, template) = (project(), Template::read());
    for function in template.functions() {
        assert_eq!(
            function.is_scheduled,
            project.schedules.contains_key(&function.binary),
            "{}",
            function.binary
        );
        let dead = |queue: &task_local::Queue| queue.dead_letter.as_ref() == Some(&function.binary);
        let mapped = project
            .queues
            .values()
            .any(|queue| queue.worker == function.binary || dead(queue));
        assert_eq!(!function.queues.is_empty(), mapped, "{}", function.binary);
    }
}

#[test]
fn a_function_is_named_after_its_route() {
    for (path, routes) in project().routes {
        let words: Vec<&str> = path
            .trim_end_matches("/{file+}")
            .trim_start_matches("/station")
            .split(['/', '_'])
            .filter(|word| !word.is_empty())
            .collect();
        assert!(
            routes.iter().all(|route| route.function == words.join("-")),
            "{path}"
        );
    }
}

#[test]
fn every_function_says_its_route_in_its_first_line() {
    for (method, path) in Api::routes() {
        let project = project();
        let function = &project.routes[&path][0].function;
        let source =
            fs::read_to_string(project.root.join(format!("functions/{function}.rs"))).unwrap();
        let first = source.lines().next().unwrap();
        assert!(
            first.starts_with("//! `") && first.contains(&method) && first.contains(&path),
            "{first}"
        );
    }
}

#[test]
fn a_job_touches_the_files_that_its_guide_names() {
    let root = project_root();
    let guide = fs::read_to_string(root.join("docs/ADDING-A-JOB.md")).unwrap();
    let mut files: Vec<PathBuf> = ["functions", "shared/engine/src", "shared/lambda/src"]
        .iter()
        .chain(&["shared/service/src", "shared/store/src"])
        .flat_map(|folder| rust_files(&root.join(folder)))
        .collect();
    let others = ["Cargo.toml", "template.yaml", "docs/OPERATIONS.md"];
    files.extend(others.map(|file| root.join(file)));
    let names = [
        "sku_price",
        "sku-price",
        "sku-batch-price",
        "SkuPriceWorker",
        "PriceChange",
    ];
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        if names.iter().any(|name| text.contains(name)) {
            let file = path.strip_prefix(&root).unwrap().to_str().unwrap();
            assert!(
                guide.contains(&format!("`{file}`")),
                "the guide leaves out {file}"
            );
        }
    }
}

#[test]
fn files_are_short() {
    let root = project_root();
    let long = |folder: &str, limit: usize| {
        let files = rust_files(&root.join(folder)).into_iter();
        let lengths = files.map(|path| (lines(&path), path));
        lengths
            .filter(|(length, _)| *length > limit)
            .collect::<Vec<_>>()
    };
    let too_long = [
        long("functions", 30),
        long("shared", 300),
        long("tests", 300),
    ]
    .concat();
    assert!(too_long.is_empty(), "too long: {too_long:?}");
}
