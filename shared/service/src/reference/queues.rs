//! The queues of a reference file.

use serde_json::Value;
use serde_json::value::RawValue;
use task_store::task_queues::{Mode, PolicyChange, QueueName};

use super::findings::Findings;
use super::list::{each, value};
use super::record::Record;
use crate::tasks::queues::SqsNames;

/// The members of a queue.
const KNOWN: [&str; 8] = [
    "queue",
    "mode",
    "timeout",
    "max_attempts",
    "backoff",
    "concurrency",
    "station_concurrency",
    "paused",
];

/// The most queues of a file.
const MOST: usize = 1_000;

/// A queue with the members of its policy that the file sets.
pub(super) type Queue = (QueueName, PolicyChange);

/// Reads the queues of a file; everything that is wrong with one is noted. Those in `sqs` have an SQS queue.
pub(super) fn queues(
    list: Option<&RawValue>,
    sqs: &SqsNames,
    findings: &mut Findings,
) -> Vec<Queue> {
    let list = list.map_or("[]", RawValue::get);
    let (mut queues, mut number) = (Vec::new(), 0);
    let read = each(list, |text| {
        number += 1;
        if number <= MOST {
            match one(number, text, sqs) {
                Ok(queue) => queues.push(queue),
                Err(finding) => findings.push(finding),
            }
        }
    });
    if read.is_err() {
        findings.push("\"queues\" must be a list".to_owned());
    }
    if number > MOST {
        findings.push(format!(
            "the file has {number} queues, at most {MOST} are allowed: send it in parts"
        ));
    }
    queues
}

fn one(number: usize, text: &RawValue, sqs: &SqsNames) -> Result<Queue, String> {
    let value = value(text).map_err(|wrong| format!("queue number {number}: {wrong}"))?;
    let mut record = Record::open("queue", "queue", number, &value)?;
    let queue = queue(&mut record, &value, sqs);
    match (queue, record.finish()) {
        (Some(queue), None) => Ok(queue),
        (_, finding) => Err(finding.unwrap_or_default()),
    }
}

fn queue(record: &mut Record<'_>, value: &Value, sqs: &SqsNames) -> Option<Queue> {
    for name in value
        .as_object()
        .into_iter()
        .flat_map(|fields| fields.keys())
    {
        if !KNOWN.contains(&name.as_str()) {
            record.wrong(
                name,
                &format!("is not known, only {} are", KNOWN.join(", ")),
            );
        }
    }
    let name = record.text("queue", QueueName::MAX);
    let name = name.as_deref().and_then(QueueName::parse);
    if name.is_none() {
        record.wrong(
            "queue",
            "must be a lower-case letter and up to 31 more letters a-z and digits",
        );
    }
    let mode = mode(record);
    if let Some(wrong) = name.as_ref().and_then(|name| sqs.missing(name, mode)) {
        record.wrong("mode", &wrong);
    }
    let backoff = backoff(record);
    let paused = record
        .value("paused")
        .is_some()
        .then(|| record.flag("paused"));
    let change = PolicyChange {
        mode,
        timeout: number(record, "timeout", 10, 43_200),
        max_attempts: number(record, "max_attempts", 1, 50),
        backoff_first: backoff.map(|(first, _)| first),
        backoff_longest: backoff.map(|(_, longest)| longest),
        concurrency: number(record, "concurrency", 0, 100_000),
        station_concurrency: number(record, "station_concurrency", 0, 100_000),
        paused,
    };
    Some((name?, change))
}

/// Reads an optional mode. A target has a URL and a secret, which a file has not.
fn mode(record: &mut Record<'_>) -> Option<Mode> {
    let mode = record.value("mode")?.as_str().and_then(Mode::parse);
    let mode = mode.filter(|mode| *mode != Mode::Push);
    if mode.is_none() {
        record.wrong(
            "mode",
            "must be pull or sqs: /task/queue/set sets mode push",
        );
    }
    mode
}

/// Reads an optional whole number.
fn number(record: &mut Record<'_>, field: &str, least: u32, most: u32) -> Option<u32> {
    let value = record.value(field)?;
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    let number = number.filter(|number| (least..=most).contains(number));
    if number.is_none() {
        let finding = format!("must be a whole number from {least} to {most}");
        record.wrong(field, &finding);
    }
    number
}

/// Reads the first and the longest wait.
fn backoff(record: &mut Record<'_>) -> Option<(u32, u32)> {
    let text = record.text("backoff", 16)?;
    let seconds = |part: &str| part.parse().ok().filter(|seconds| *seconds <= 86_400);
    let waits = text
        .split_once("..")
        .and_then(|(first, longest)| Some((seconds(first)?, seconds(longest)?)))
        .filter(|(first, longest)| first <= longest);
    if waits.is_none() {
        let finding = "must be the first and the longest wait in seconds, such as 10..3600";
        record.wrong("backoff", finding);
    }
    waits
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(queue: &Value) -> (Vec<Queue>, Vec<String>) {
        let mut findings = Findings::default();
        let list = serde_json::value::to_raw_value(&[queue]).unwrap();
        let sqs = SqsNames::parse("report").unwrap();
        let queues = queues(Some(&list), &sqs, &mut findings);
        (queues, findings.first)
    }

    #[test]
    fn a_queue_is_read_with_the_members_it_names() {
        let (queues, findings) =
            read(&json!({"queue": "report", "timeout": 60, "backoff": "1..9", "paused": true}));
        assert_eq!(findings, [""; 0]);
        let (name, change) = &queues[0];
        assert_eq!(name.as_str(), "report");
        let expected = PolicyChange {
            timeout: Some(60),
            backoff_first: Some(1),
            backoff_longest: Some(9),
            paused: Some(true),
            ..PolicyChange::default()
        };
        assert_eq!(*change, expected);
    }

    #[test]
    fn a_queue_of_mode_sqs_needs_its_sqs_queue() {
        let (queues, findings) = read(&json!({"queue": "report", "mode": "sqs"}));
        assert_eq!(findings, [""; 0]);
        assert_eq!(queues[0].1.mode, Some(Mode::Sqs));
        let (_, findings) = read(&json!({"queue": "stocktake", "mode": "sqs"}));
        assert!(
            findings[0].contains("only report have one: add stocktake to"),
            "{findings:?}"
        );
    }

    #[test]
    fn everything_wrong_with_a_queue_is_named() {
        let (_, findings) = read(
            &json!({"queue": "A", "timeout": 5, "backoff": "9..1", "mode": "push", "retries": 3}),
        );
        let finding = &findings[0];
        for field in [
            "queue A",
            "timeout 5",
            "backoff 9..1",
            "mode push",
            "retries 3",
        ] {
            assert!(finding.contains(field), "{field}: {finding}");
        }
    }
}
