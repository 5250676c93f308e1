//! Queues: how long messages stay hidden, who gives them up, how they are guarded.

use super::{Template, values};

#[test]
fn a_message_stays_hidden_six_times_as_long_as_its_worker_may_run() {
    let template = Template::read();
    for function in template.functions() {
        let Some(queue) = function
            .queue
            .as_ref()
            .map(|queue| template.resource(queue))
        else {
            continue;
        };
        let visible = queue["VisibilityTimeout"].as_i64().unwrap();
        let event = &values(&function.properties["Events"])[0]["Properties"];
        let window = event["MaximumBatchingWindowInSeconds"].as_i64().unwrap();
        assert!(
            visible >= 6 * template.timeout(&function) + window,
            "{}",
            function.binary
        );
        assert_eq!(
            event["FunctionResponseTypes"][0].as_str(),
            Some("ReportBatchItemFailures")
        );
        let most = &event["ScalingConfig"]["MaximumConcurrency"];
        let reserved = &template.setting(&function, "ReservedConcurrentExecutions")[1];
        assert!(!most.is_badvalue(), "{}", function.binary);
        assert_eq!(
            most, reserved,
            "{}: throttled messages count as received",
            function.binary
        );
    }
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
