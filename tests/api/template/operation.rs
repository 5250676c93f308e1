//! Operation: connections, migrations, versions, alarms.

use std::fs;

use task_local::project_root;
use yaml_rust2::Yaml;

use super::{Template, text, values};

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
    let by = |name| {
        functions
            .iter()
            .filter(|f| reserved(f).as_str() == Some(name))
            .count()
    };
    let fixed: i64 = functions.iter().filter_map(|f| reserved(f).as_i64()).sum();
    let (requests, workers) = (by("RequestConcurrency"), by("WorkerConcurrency"));
    let sum =
        format!("{requests} × `RequestConcurrency` + {workers} × `WorkerConcurrency` + {fixed},");
    assert!(read("docs/OPERATIONS.md").contains(&sum), "{sum}");
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
            true => &["ApproximateAgeOfOldestMessage", "NumberOfMessagesReceived"],
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

#[test]
fn every_alarm_reaches_somebody_who_finds_what_to_do() {
    let (template, manual) = (Template::read(), read("docs/OPERATIONS.md"));
    for (id, alarm) in template.of_type("AWS::CloudWatch::Alarm") {
        assert_eq!(
            alarm["AlarmActions"][1][0].as_str(),
            Some("AlarmTopicArn"),
            "{id}"
        );
        assert!(
            manual.contains(&format!("`{id}`")),
            "{id} is not in docs/OPERATIONS.md"
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
