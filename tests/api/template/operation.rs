//! Operation: connections, migrations, versions, alarms.

use std::fs;

use task_local::project_root;
use task_store::STATEMENT_CACHE;
use yaml_rust2::{Yaml, YamlLoader};

use super::{Template, jobs, text, values};

fn read(path: &str) -> String {
    fs::read_to_string(project_root().join(path)).unwrap()
}

/// A parameter that `samconfig.toml` gives to an environment's deployment.
fn given(environment: &str, parameter: &str) -> i64 {
    let config = read("samconfig.toml");
    let section = config
        .split(&format!("[{environment}.deploy.parameters]"))
        .nth(1)
        .unwrap();
    let section = section.split("\n[").next().unwrap();
    let value = section.split(&format!("\"{parameter}=")).nth(1).unwrap();
    value.split('"').next().unwrap().parse().unwrap()
}

#[test]
fn while_a_version_replaces_another_the_connections_of_both_fit_the_database() {
    let template = Template::read();
    let functions = template.functions();
    let reserved = |function| &template.setting(function, "ReservedConcurrentExecutions")[1];
    for environment in ["dev", "prod"] {
        let reserved = functions.iter().map(|function| {
            let reserved = reserved(function);
            let number = reserved.as_i64();
            number.unwrap_or_else(|| given(environment, reserved.as_str().unwrap()))
        });
        let most: i64 = reserved.sum();
        let limit = given(&format!("database-{environment}"), "MaxConnections");
        assert!(2 * most < limit, "{environment}: 2 x {most} of {limit}");
    }
    let connections =
        &template.0["Globals"]["Function"]["Environment"]["Variables"]["DATABASE_CONNECTIONS"];
    assert_eq!(connections.as_str(), Some("1"));
}

#[test]
fn the_prepared_statements_of_all_connections_fit_the_database() {
    let source = YamlLoader::load_from_str(&read("database.yaml")).unwrap();
    let connections = &source[0]["Parameters"]["MaxConnections"]["MaxValue"];
    let parameters = &source[0]["Resources"]["InstanceParameters"]["Properties"]["Parameters"];
    let statements = parameters["max_prepared_stmt_count"].as_str().unwrap();
    let cache = i64::try_from(STATEMENT_CACHE).unwrap();
    let most = connections.as_i64().unwrap() * cache;
    assert!(most <= statements.parse().unwrap(), "{most}");
    assert!(read("docs/OPERATIONS.md").contains(&format!("{cache} a connection at most")));
}

#[test]
fn an_endpoint_has_many_instances_or_few_and_those_that_tasks_live_by_have_many() {
    let template = Template::read();
    for function in template.functions() {
        let reserved = &template.setting(&function, "ReservedConcurrentExecutions")[1];
        let class = reserved.as_str().unwrap_or_default();
        let is_routed = !function.routes.is_empty();
        let is_class =
            ["RequestConcurrency", "RareConcurrency", "ClaimConcurrency"].contains(&class);
        assert_eq!(is_routed, is_class, "{}: {class}", function.binary);
        let is_hot = [
            "task-add",
            "task-start",
            "task-update",
            "task-finish",
            "task-heartbeat",
            "async-task-get",
        ];
        let is_hot = is_hot.contains(&function.binary.as_str());
        assert!(
            !is_hot || class == "RequestConcurrency",
            "{}",
            function.binary
        );
    }
}

#[test]
fn every_function_of_a_version_waits_for_its_migrations() {
    let template = Template::read();
    let resources = template.0["Resources"].as_hash().unwrap();
    for (id, resource) in resources {
        if resource["Type"].as_str() == Some("AWS::Serverless::Function") {
            let expected = (id.as_str() != Some("DatabaseMigrate")).then_some("Migration");
            assert_eq!(resource["DependsOn"].as_str(), expected, "{id:?}");
        }
    }
    let migration = template.resource("Migration");
    assert_eq!(
        migration["Version"].as_str(),
        Some("DatabaseMigrate.Version")
    );
}

#[test]
fn a_unit_of_work_ends_before_its_function_does_and_a_request_before_the_gateway() {
    let template = Template::read();
    for function in template.functions() {
        let own = function.environment("DATABASE_TIMEOUT_MS");
        let globals = &template.0["Globals"]["Function"]["Environment"]["Variables"];
        let bound = own
            .or_else(|| text(&globals["DATABASE_TIMEOUT_MS"]))
            .unwrap();
        let timeout = template.timeout(&function);
        assert!(
            bound.parse::<i64>().unwrap() < timeout * 1000,
            "{}",
            function.binary
        );
        assert!(
            function.routes.is_empty() || timeout < 30,
            "{}",
            function.binary
        );
    }
}

fn is_about(alarm: &Yaml, metric: &str, queue: &str) -> bool {
    let dimension = alarm["Dimensions"][0]["Value"].as_str();
    alarm["MetricName"].as_str() == Some(metric) && dimension == Some(&format!("{queue}.QueueName"))
}

#[test]
fn every_queue_has_its_alarms() {
    let template = Template::read();
    for (queue, _) in template.of_type("AWS::SQS::Queue") {
        let is_dead = queue.contains("DeadLetter");
        let wanted: &[&str] = match is_dead {
            // Nobody takes those of a task queue, nor of task-push.
            true if queue.starts_with("Task") || queue.starts_with("Push") => {
                &["ApproximateNumberOfMessagesVisible"]
            }
            true => &[
                "ApproximateAgeOfOldestMessage",
                "ApproximateNumberOfMessagesNotVisible",
                "NumberOfMessagesReceived",
            ],
            false => &["ApproximateAgeOfOldestMessage"],
        };
        for metric in wanted {
            let mut alarms = template.of_type("AWS::CloudWatch::Alarm");
            assert!(
                alarms.any(|(_, alarm)| is_about(alarm, metric, queue)),
                "{queue}: {metric}"
            );
        }
    }
}

/// The name of an alarm; of one that every job has, as the manual writes it: `<Job>AgeAlarm`.
fn of_each_job(alarm: &str) -> String {
    for job in jobs() {
        for (name, stands_for) in [(job.worker, "<Worker>"), (job.name, "<Job>")] {
            if let Some(rest) = alarm.strip_prefix(&name) {
                return format!("{stands_for}{rest}");
            }
        }
    }
    alarm.to_owned()
}

#[test]
fn every_alarm_reaches_somebody_who_finds_what_to_do() {
    let (template, manual) = (Template::read(), read("docs/OPERATIONS.md"));
    for (id, alarm) in template.of_type("AWS::CloudWatch::Alarm") {
        assert_eq!(
            alarm["AlarmActions"][1][0].as_str(),
            Some("AlarmTopicArn"),
            "{id}"
        );
        let name = of_each_job(id).replace("report", "<name>");
        assert!(
            manual.contains(&format!("`{name}`")),
            "{name} is not in docs/OPERATIONS.md"
        );
    }
}

#[test]
fn what_runs_without_anybody_watching_has_an_alarm_for_its_errors() {
    let template = Template::read();
    for function in template.functions() {
        if function.queues.is_empty() && !function.is_scheduled {
            continue;
        }
        let watched = template
            .of_type("AWS::CloudWatch::Alarm")
            .any(|(_, alarm)| {
                let function_name = alarm["Dimensions"][0]["Value"].as_str().unwrap_or_default();
                alarm["MetricName"].as_str() == Some("Errors") && function_name == function.id
            });
        assert!(watched, "{}", function.id);
    }
}

#[test]
fn every_log_group_forgets_and_every_log_goes_to_one() {
    let template = Template::read();
    for (id, group) in template.of_type("AWS::Logs::LogGroup") {
        assert_eq!(
            group["RetentionInDays"].as_str(),
            Some("LogRetentionDays"),
            "{id}"
        );
    }
    let globals = &template.0["Globals"]["Function"];
    assert_eq!(
        globals["LoggingConfig"]["LogGroup"].as_str(),
        Some("FunctionLogs")
    );
    assert_eq!(
        values(&template.resource("Api")["AccessLogSettings"])[0].as_str(),
        Some("AccessLogs.Arn")
    );
}
