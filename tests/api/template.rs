//! `template.yaml` with its loops written out, as the tools read it; the modules below hold it to its rules.

mod configuration;
mod operation;
mod permissions;
mod push;
mod queues;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use task_local::project_root;
use yaml_rust2::{Yaml, YamlLoader};

/// The deployment. Intrinsic functions read as their plain argument: `!Ref Api` as `Api`.
pub(crate) struct Template(Yaml);

/// A function of the deployment.
#[derive(Debug)]
pub(crate) struct Function {
    /// Its logical id.
    id: String,
    pub(crate) binary: String,
    /// Method and path of every HTTP event.
    pub(crate) routes: BTreeSet<(String, String)>,
    pub(crate) is_scheduled: bool,
    /// The logical ids of the queues it takes messages from.
    pub(crate) queues: Vec<String>,
    properties: Yaml,
}

fn text(yaml: &Yaml) -> Option<String> {
    yaml.as_str().map(str::to_owned)
}

/// The template as `shared/local/expand.py` prints it, with one task queue.
fn expanded() -> Value {
    let output = Command::new(project_root().join(".local/tools/bin/python"))
        .args([
            "shared/local/expand.py",
            "template.yaml",
            "TaskQueues=report",
        ])
        .current_dir(project_root())
        .output();
    let Ok(output) = output else {
        panic!("the tools of the local stack are missing: make tools");
    };
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Replaces every intrinsic function by its argument, `Fn::GetAtt` and `Fn::Join` by one text.
fn arguments(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(arguments).collect(),
        Value::Object(object) => {
            let mut entries = object
                .into_iter()
                .map(|(key, value)| (key, arguments(value)));
            match (entries.next(), entries.next()) {
                (Some((name, argument)), None) if name == "Ref" || name.starts_with("Fn::") => {
                    argument_of(&name, argument)
                }
                (first, second) => first.into_iter().chain(second).chain(entries).collect(),
            }
        }
        plain => plain,
    }
}

fn argument_of(function: &str, argument: Value) -> Value {
    let joined = |parts: &Value, separator: &str| {
        let texts: Option<Vec<_>> = parts.as_array()?.iter().map(Value::as_str).collect();
        Some(Value::from(texts?.join(separator)))
    };
    let text = match function {
        "Fn::GetAtt" => joined(&argument, "."),
        "Fn::Join" => joined(&argument[1], argument[0].as_str().unwrap_or_default()),
        _ => None,
    };
    text.unwrap_or(argument)
}

/// The values of a mapping.
fn values(yaml: &Yaml) -> Vec<&Yaml> {
    yaml.as_hash()
        .map_or_else(Vec::new, |hash| hash.values().collect())
}

/// A kind of batch, as the mapping `Jobs` has it.
struct Job {
    name: String,
    /// The endpoints that send to its queue.
    senders: Vec<String>,
    worker: String,
}

/// Every kind of batch. The template is read as it is written: its loops take the mapping with them.
fn jobs() -> Vec<Job> {
    let source = fs::read_to_string(project_root().join("template.yaml")).unwrap();
    let template = YamlLoader::load_from_str(&source).unwrap().swap_remove(0);
    let texts = |list: &Yaml| list.as_vec().unwrap().iter().filter_map(text).collect();
    let jobs = template["Mappings"]["Jobs"].as_hash().unwrap().iter();
    let job = |(name, row): (&Yaml, &Yaml)| Job {
        name: text(name).unwrap(),
        senders: texts(&row["Senders"]),
        worker: text(&row["Worker"][0]).unwrap(),
    };
    jobs.map(job).collect()
}

impl Template {
    pub(crate) fn read() -> Self {
        static EXPANDED: OnceLock<String> = OnceLock::new();
        let expanded = EXPANDED.get_or_init(|| arguments(expanded()).to_string());
        Self(YamlLoader::load_from_str(expanded).unwrap().swap_remove(0))
    }

    pub(crate) fn functions(&self) -> Vec<Function> {
        let resources = self.0["Resources"].as_hash().unwrap().iter();
        let functions = resources
            .filter(|(_, resource)| resource["Type"].as_str() == Some("AWS::Serverless::Function"));
        functions
            .map(|(id, resource)| Function::of(id.as_str().unwrap(), resource))
            .collect()
    }

    /// The memory of each function in MB, by its binary.
    pub(crate) fn memory_sizes(&self) -> Vec<(String, u32)> {
        let of_all = &self.0["Globals"]["Function"]["MemorySize"];
        let size = |function: Function| {
            let own = &function.properties["MemorySize"];
            let size = own.as_i64().or(of_all.as_i64()).unwrap();
            (function.binary, u32::try_from(size).unwrap())
        };
        self.functions().into_iter().map(size).collect()
    }

    /// The allocator settings of the functions.
    pub(crate) fn tunables(&self) -> String {
        text(&self.0["Globals"]["Function"]["Environment"]["Variables"]["GLIBC_TUNABLES"]).unwrap()
    }

    fn resource(&self, id: &str) -> &Yaml {
        &self.0["Resources"][id]["Properties"]
    }

    /// Logical id and properties of every resource of a type.
    fn of_type<'t>(&'t self, name: &'t str) -> impl Iterator<Item = (&'t str, &'t Yaml)> {
        let resources = self.0["Resources"].as_hash().unwrap().iter();
        let wanted = resources.filter(move |(_, resource)| resource["Type"].as_str() == Some(name));
        wanted.map(|(id, resource)| (id.as_str().unwrap(), &resource["Properties"]))
    }

    fn timeout(&self, function: &Function) -> i64 {
        self.setting(function, "Timeout").as_i64().unwrap()
    }

    /// A property of a function, its own or everybody's.
    fn setting<'t>(&'t self, function: &'t Function, name: &str) -> &'t Yaml {
        match &function.properties[name] {
            Yaml::BadValue => &self.0["Globals"]["Function"][name],
            own => own,
        }
    }

    /// The default of a parameter.
    fn default(&self, parameter: &str) -> Option<String> {
        text(&self.0["Parameters"][parameter]["Default"])
    }
}

impl Function {
    fn of(id: &str, resource: &Yaml) -> Self {
        let properties = resource["Properties"].clone();
        assert_eq!(properties["CodeUri"].as_str(), Some("."));
        assert_eq!(
            resource["Metadata"]["BuildMethod"].as_str(),
            Some("rust-cargolambda")
        );
        let events = values(&properties["Events"]);
        let of_type = |name: &str| {
            events
                .iter()
                .filter(|event| event["Type"].as_str() == Some(name))
                .collect::<Vec<_>>()
        };
        let http = of_type("HttpApi");
        let route = |event: &&&Yaml| {
            Some((
                text(&event["Properties"]["Method"])?.to_uppercase(),
                text(&event["Properties"]["Path"])?,
            ))
        };
        let arn = |event: &&Yaml| text(&event["Properties"]["Queue"]);
        let queues = of_type("SQS").into_iter().filter_map(arn);
        Self {
            id: id.to_owned(),
            binary: text(&resource["Metadata"]["BuildProperties"]["Binary"]).unwrap(),
            routes: http.iter().filter_map(route).collect(),
            is_scheduled: !of_type("Schedule").is_empty(),
            queues: queues
                .map(|arn| arn.trim_end_matches(".Arn").to_owned())
                .collect(),
            properties: properties.clone(),
        }
    }

    fn environment(&self, name: &str) -> Option<String> {
        text(&self.properties["Environment"]["Variables"][name])
    }
}
