//! Who may do what: routes and their authorizers, roles and their statements.

use std::collections::BTreeMap;
use std::fs;

use task_local::project_root;
use yaml_rust2::Yaml;

use super::{Template, jobs, text, values};

/// The policy of ours that every function has but for the migration.
const READS_SECRET: &str = "ReadDatabaseSecret";
/// The policy of ours that every function has that can end a task.
pub(super) const WAKES_PUSH: &str = "WakePush";
/// The policy of ours that what calls targets has.
const READS_TARGETS: &str = "ReadTargetSecrets";
/// The policies of ours that several roles share.
const SHARED: [&str; 3] = [READS_SECRET, WAKES_PUSH, READS_TARGETS];

/// The policy of functions that send to task queues.
const SENDS_TO_TASK_QUEUES: &str = "SendToTaskQueues";

const CONSUMES: &str = "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes";
const SENDS: &str = "sqs:SendMessage";

/// The rights of our roles beside the queues of jobs: role, actions, resource.
const ALLOWED: [(&str, &str, &str); 7] = [
    (
        "DatabaseMigrate",
        "secretsmanager:GetSecretValue",
        "DatabaseOwnerSecretArn DatabaseSecretArn",
    ),
    (
        "MigrationRunnerRole",
        "lambda:InvokeFunction",
        "DatabaseMigrate.Arn",
    ),
    (
        SENDS_TO_TASK_QUEUES,
        SENDS,
        "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${AWS::StackName}-task-*",
    ),
    (
        READS_SECRET,
        "secretsmanager:GetSecretValue",
        "DatabaseSecretArn",
    ),
    (
        READS_TARGETS,
        "secretsmanager:GetSecretValue",
        "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${AWS::StackName}/target/*",
    ),
    ("TaskPushRole", CONSUMES, "PushQueue.Arn"),
    (WAKES_PUSH, SENDS, "PushQueue.Arn"),
];

/// The rights of roles: actions and resource.
type Allowed = BTreeMap<String, (String, String)>;

/// The rights of the roles of jobs: an endpoint sends to its job's queue and a worker consumes it; the sweeper and what tries
/// again send to all, and all dead letters have one consumer.
fn allowed_for_jobs() -> Allowed {
    let mut allowed = Allowed::new();
    let (mut queues, mut dead_letters) = (Vec::new(), Vec::new());
    for job in jobs() {
        let queue = format!("{}Queue.Arn", job.name);
        for sender in job.senders {
            allowed.insert(sender, (SENDS.to_owned(), queue.clone()));
        }
        let worker = format!("{}Role", job.worker);
        allowed.insert(worker, (CONSUMES.to_owned(), queue.clone()));
        queues.push(queue);
        dead_letters.push(format!("{}DeadLetterQueue.Arn", job.name));
    }
    let all = |action: &str, queues: &[String]| (action.to_owned(), queues.join(" "));
    for all_jobs in ["AsyncTaskRetry", "BatchSweeper"] {
        allowed.insert(all_jobs.to_owned(), all(SENDS, &queues));
    }
    let consumer = "BatchDeadLetterRole".to_owned();
    allowed.insert(consumer, all(CONSUMES, &dead_letters));
    allowed
}

/// The policies of AWS that a role may have: writing logs and traces, being in subnets.
const MANAGED: [&str; 3] = [
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaVPCAccessExecutionRole",
    "AWSXRayDaemonWriteAccess",
];

/// One text or a list of them, as one text.
fn joined(yaml: &Yaml) -> String {
    let list = yaml.as_vec().cloned().unwrap_or_else(|| vec![yaml.clone()]);
    let texts: Vec<_> = list.iter().map(|item| text(item).unwrap()).collect();
    texts.join(" ")
}

fn statements(policy: &Yaml) -> Vec<Yaml> {
    let document = &policy["PolicyDocument"]["Statement"];
    let list = if document.is_badvalue() {
        &policy["Statement"]
    } else {
        document
    };
    list.as_vec().unwrap().clone()
}

#[test]
fn roles_allow_exactly_this() {
    let template = Template::read();
    let mut allowed = Allowed::new();
    let kinds = ["AWS::IAM::Role", "AWS::Serverless::Function"];
    for (id, properties) in kinds.iter().flat_map(|kind| template.of_type(kind)) {
        let policies = properties["Policies"].as_vec().into_iter().flatten();
        for policy in policies.filter(|policy| policy.as_str().is_none()) {
            let [statement] = &statements(policy)[..] else {
                panic!("{id}: one statement a policy");
            };
            assert_eq!(statement["Effect"].as_str(), Some("Allow"), "{id}");
            let may = (joined(&statement["Action"]), joined(&statement["Resource"]));
            assert!(
                allowed.insert(id.to_owned(), may).is_none(),
                "{id}: one policy a role"
            );
        }
    }
    for (id, properties) in template.of_type("AWS::IAM::ManagedPolicy") {
        let [statement] = &statements(properties)[..] else {
            panic!("{id}: one statement");
        };
        let may = (joined(&statement["Action"]), joined(&statement["Resource"]));
        allowed.insert(id.to_owned(), may);
    }
    let mut expected = allowed_for_jobs();
    let others =
        ALLOWED.map(|(id, actions, on)| (id.to_owned(), (actions.to_owned(), on.to_owned())));
    expected.extend(others);
    assert_eq!(allowed, expected);
    // The names of targets' secrets are the operator's: only their beginning is known.
    allowed.remove(READS_TARGETS);
    let wildcard = allowed
        .values()
        .map(|(actions, resource)| format!("{actions} {resource}"))
        .find(|may| {
            may.trim_end_matches("${AWS::StackName}-task-*")
                .contains('*')
        });
    assert_eq!(wildcard, None);
}

#[test]
fn nothing_is_managed_but_logs_traces_and_subnets() {
    for (id, role) in Template::read().of_type("AWS::IAM::Role") {
        for policy in role["ManagedPolicyArns"].as_vec().unwrap() {
            // `!If [condition, policy, none]` reads as a list.
            let arn = policy.as_str().or_else(|| policy[1].as_str()).unwrap();
            if SHARED.contains(&arn) {
                continue;
            }
            assert!(
                MANAGED
                    .iter()
                    .any(|name| arn.ends_with(&format!("/{name}"))),
                "{id}: {arn}"
            );
        }
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
            let expected = match path {
                "/reference/load" => "AWS_IAM",
                "/console" | "/console/{file+}" | "/health" => "NONE",
                path if path.starts_with("/task/") => "AWS_IAM",
                _ => "StationStaff",
            };
            assert_eq!(
                event["Auth"]["Authorizer"].as_str(),
                Some(expected),
                "{path}"
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
        let to_tasks = policies
            .iter()
            .any(|policy| policy.as_str() == Some(SENDS_TO_TASK_QUEUES));
        let source = project_root().join(format!("functions/{}.rs", function.binary));
        let source = fs::read_to_string(source).unwrap();
        assert_eq!(
            to_tasks,
            source.contains("TaskQueues"),
            "{}",
            function.binary
        );
        let sends = policies
            .iter()
            .filter(|policy| policy.as_str().is_none())
            .any(|policy| {
                statements(policy)
                    .iter()
                    .any(|statement| joined(&statement["Action"]).contains("sqs:SendMessage"))
            });
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
fn a_page_of_another_origin_may_call_the_api_only_if_a_parameter_names_it() {
    let template = Template::read();
    assert_eq!(template.default("AllowedOrigins").as_deref(), Some(""));
    let cors = &template.resource("Api")["CorsConfiguration"];
    assert_eq!(cors[0].as_str(), Some("HasOrigins"));
    assert!(cors[1]["AllowCredentials"].is_badvalue());
    assert_eq!(
        joined(&cors[1]["AllowHeaders"]),
        "authorization content-type"
    );
}

#[test]
fn only_the_migration_connects_as_the_owner_of_the_schema() {
    let template = Template::read();
    let globals = &template.0["Globals"]["Function"]["Environment"]["Variables"];
    assert_eq!(
        globals["DATABASE_SECRET"].as_str(),
        Some("DatabaseSecretArn")
    );
    for function in template.functions() {
        let expected = match function.binary.as_str() {
            "database-migrate" => [Some("DatabaseOwnerSecretArn"), Some("DatabaseSecretArn")],
            "console" => [Some(""), None],
            _ => [None, None],
        };
        let found = ["DATABASE_SECRET", "DATABASE_ROWS_SECRET"]
            .map(|variable| function.environment(variable));
        assert_eq!(found.each_ref().map(Option::as_deref), expected);
    }
}

#[test]
fn every_function_may_read_the_secret_it_connects_by_and_shows_no_password() {
    let template = Template::read();
    for function in template.functions() {
        let policies = &function.properties["Policies"];
        let role = text(&function.properties["Role"]).map(|arn| arn.replace(".Arn", ""));
        let managed = role.map(|role| template.resource(&role)["ManagedPolicyArns"].clone());
        let mut given = [policies.as_vec(), managed.as_ref().and_then(Yaml::as_vec)]
            .into_iter()
            .flatten()
            .flatten();
        let reads = given.any(|policy| policy.as_str() == Some(READS_SECRET));
        let knows_none = ["console", "database-migrate"].contains(&function.binary.as_str());
        assert_eq!(reads, !knows_none, "{}", function.id);
    }
    let source = std::fs::read_to_string(project_root().join("template.yaml")).unwrap();
    assert!(!source.contains("{{resolve:secretsmanager"));
}
