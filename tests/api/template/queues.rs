//! Queues: how long messages stay hidden, who gives them up, how they are guarded.

use std::collections::BTreeSet;

use task_local::project_root;
use yaml_rust2::Yaml;

use super::{Template, values};

#[test]
fn a_message_stays_hidden_six_times_as_long_as_its_worker_may_run() {
    let template = Template::read();
    for function in template.functions() {
        let events = values(&function.properties["Events"]);
        let messages = events
            .iter()
            .filter(|event| event["Type"].as_str() == Some("SQS"));
        let mut at_once = vec![];
        for (queue, event) in function.queues.iter().zip(messages) {
            let event = &event["Properties"];
            let window = event["MaximumBatchingWindowInSeconds"].as_i64().unwrap();
            let visible = template.resource(queue)["VisibilityTimeout"].as_i64();
            assert!(
                visible >= Some(6 * template.timeout(&function) + window),
                "{queue}"
            );
            assert_eq!(
                event["FunctionResponseTypes"][0].as_str(),
                Some("ReportBatchItemFailures")
            );
            at_once.push(event["ScalingConfig"]["MaximumConcurrency"].clone());
        }
        let reserved = &template.setting(&function, "ReservedConcurrentExecutions")[1];
        let enough = match &at_once[..] {
            [] => continue,
            [one] => one == reserved,
            several => several.iter().map(Yaml::as_i64).sum::<Option<i64>>() == reserved.as_i64(),
        };
        assert!(
            enough,
            "{}: throttled messages count as received",
            function.binary
        );
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
        .map(|(job, _)| job)
        .collect();
    let kinds: BTreeSet<_> = task_service::jobs::KINDS
        .iter()
        .map(|kind| kind.name)
        .collect();
    let queues = task_local::Project::read(&project_root()).unwrap().queues;
    let local: BTreeSet<_> = queues
        .values()
        .filter_map(|queue| queue.job.as_deref())
        .collect();
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
fn every_queue_is_encrypted_and_gives_messages_up_to_a_queue_that_keeps_them_14_days() {
    let template = Template::read();
    for (id, queue) in template.of_type("AWS::SQS::Queue") {
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

#[test]
fn every_queue_is_reached_by_tls_only() {
    let template = Template::read();
    let policies: Vec<_> = template.of_type("AWS::SQS::QueuePolicy").collect();
    for (id, _) in template.of_type("AWS::SQS::Queue") {
        let denies = policies.iter().any(|(_, policy)| {
            let statement = &policy["PolicyDocument"]["Statement"][0];
            let covers = policy["Queues"]
                .as_vec()
                .unwrap()
                .iter()
                .any(|queue| queue.as_str() == Some(id));
            covers
                && statement["Effect"].as_str() == Some("Deny")
                && statement["Condition"]["Bool"]["aws:SecureTransport"].as_str() == Some("false")
        });
        assert!(denies, "{id}");
    }
}
