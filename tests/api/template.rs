//! `template.yaml` as the tests read it, and what must be true of it whatever its functions are.

use std::collections::BTreeSet;
use std::fs;

use task_local::project_root;
use yaml_rust2::{Yaml, YamlLoader};

/// The deployment. Short intrinsic functions read as their plain argument: `!Ref Api` as `Api`.
pub(crate) struct Template(Yaml);

/// A function of the deployment.
#[derive(Debug)]
pub(crate) struct Function {
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

/// The values of a mapping.
fn values(yaml: &Yaml) -> Vec<&Yaml> {
    yaml.as_hash()
        .map_or_else(Vec::new, |hash| hash.values().collect())
}

impl Template {
    pub(crate) fn read() -> Self {
        let source = fs::read_to_string(project_root().join("template.yaml")).unwrap();
        Self(YamlLoader::load_from_str(&source).unwrap().swap_remove(0))
    }

    pub(crate) fn functions(&self) -> Vec<Function> {
        let resources = values(&self.0["Resources"]).into_iter();
        let functions = resources
            .filter(|resource| resource["Type"].as_str() == Some("AWS::Serverless::Function"));
        functions.map(Function::of).collect()
    }

    fn resource(&self, id: &str) -> &Yaml {
        &self.0["Resources"][id]["Properties"]
    }

    fn timeout(&self, function: &Function) -> i64 {
        let own = function.properties["Timeout"].as_i64();
        own.or_else(|| self.0["Globals"]["Function"]["Timeout"].as_i64())
            .unwrap()
    }
}

impl Function {
    fn of(resource: &Yaml) -> Self {
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
                text(&event["Properties"]["Method"])?,
                text(&event["Properties"]["Path"])?,
            ))
        };
        let arn = |event: &&Yaml| text(&event["Properties"]["Queue"]);
        let queues = of_type("SQS").into_iter().filter_map(arn);
        Self {
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

#[test]
fn internal_routes_want_iam_and_all_others_the_token_of_station_staff() {
    let template = Template::read();
    let auth = &template.resource("Api")["Auth"];
    assert!(
        auth["Authorizers"][auth["DefaultAuthorizer"].as_str().unwrap()]["JwtConfiguration"]
            .as_hash()
            .is_some()
    );
    for function in template.functions() {
        for event in values(&function.properties["Events"]) {
            let event = &event["Properties"];
            let Some(path) = event["Path"].as_str() else {
                continue;
            };
            let expected = path.starts_with("/task/").then_some("AWS_IAM");
            assert_eq!(event["Auth"]["Authorizer"].as_str(), expected, "{path}");
        }
    }
}

#[test]
fn a_message_stays_hidden_six_times_as_long_as_its_worker_may_run() {
    let template = Template::read();
    for function in template.functions() {
        for queue in &function.queues {
            let visible = template.resource(queue)["VisibilityTimeout"].as_i64();
            assert!(visible >= Some(6 * template.timeout(&function)), "{queue}");
        }
        let messages = values(&function.properties["Events"]).into_iter();
        for event in messages.filter(|event| event["Type"].as_str() == Some("SQS")) {
            let event = &event["Properties"];
            assert_eq!(
                event["FunctionResponseTypes"][0].as_str(),
                Some("ReportBatchItemFailures")
            );
            assert!(
                !event["ScalingConfig"]["MaximumConcurrency"].is_badvalue(),
                "{}",
                function.binary
            );
        }
    }
}

#[test]
fn the_sweeper_may_send_to_the_queue_of_every_job() {
    let functions = Template::read().functions().into_iter();
    let mut sweepers = functions.filter(|function| function.is_scheduled);
    let urls = sweepers
        .next()
        .unwrap()
        .environment("GM_TASK_QUEUE")
        .unwrap();
    let sent: BTreeSet<_> = urls
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .collect();
    let sent: BTreeSet<_> = sent.into_iter().map(|(job, _)| job).collect();
    let kinds: BTreeSet<_> = task_service::jobs::KINDS
        .iter()
        .map(|kind| kind.name)
        .collect();
    let queues = task_local::Project::read(&project_root()).unwrap().queues;
    let local: BTreeSet<_> = queues.values().map(|queue| queue.job.as_str()).collect();
    assert_eq!((&sent, &local), (&kinds, &kinds));
}

#[test]
fn a_lease_is_longer_than_the_worker_that_holds_it_may_run() {
    let template = Template::read();
    for function in template.functions() {
        if let Some(lease) = function.environment("LEASE_SECONDS") {
            assert!(
                lease.parse::<i64>().unwrap() > template.timeout(&function),
                "{}",
                function.binary
            );
        }
    }
}

#[test]
fn only_functions_that_know_a_queue_may_send_to_it() {
    for function in Template::read().functions() {
        let policies = function.properties["Policies"]
            .as_vec()
            .cloned()
            .unwrap_or_default();
        let sends = policies
            .iter()
            .any(|policy| !policy["SQSSendMessagePolicy"].is_badvalue());
        assert_eq!(
            sends,
            function.environment("GM_TASK_QUEUE").is_some(),
            "{}",
            function.binary
        );
        assert!(
            function.queues.is_empty() || !sends,
            "{}: a loop",
            function.binary
        );
    }
}

#[test]
fn every_queue_is_encrypted_and_gives_messages_up_to_a_queue_that_keeps_them_14_days() {
    let template = Template::read();
    let resources = template.0["Resources"].as_hash().unwrap();
    let queues = resources
        .iter()
        .filter(|(_, resource)| resource["Type"].as_str() == Some("AWS::SQS::Queue"));
    for (id, queue) in queues {
        let (id, queue) = (id.as_str().unwrap(), &queue["Properties"]);
        assert_eq!(queue["SqsManagedSseEnabled"].as_bool(), Some(true), "{id}");
        if id.contains("DeadLetter") {
            assert_eq!(
                queue["MessageRetentionPeriod"].as_i64(),
                Some(14 * 24 * 60 * 60),
                "{id}"
            );
            continue;
        }
        let redrive = &queue["RedrivePolicy"];
        let dead = redrive["deadLetterTargetArn"]
            .as_str()
            .unwrap()
            .trim_end_matches(".Arn");
        assert!(
            !template.resource(dead).is_badvalue()
                && redrive["maxReceiveCount"].as_i64() == Some(6),
            "{id}"
        );
    }
}
