//! `docs/API.md` tells the truth: its examples are sent, one after the other, to a new stack with the demo station, and
//! answered as it says. What no two runs have in common is made alike by [`VOLATILE`] and [`dated`].

use std::fs;

use jiff::ToSpan;
use serde_json::Value;
use task_local::project_root;

use crate::support::{Answer, Api, eventually, tomorrow, with_own_api};

/// Members whose text is made alike: digits and letters become `0`, all else counts.
const VOLATILE: [&str; 8] = [
    "request_id",
    "create_time",
    "modify_time",
    "start_time",
    "end_time",
    "lease_time",
    "next",
    "hour",
];

/// Where the examples call.
const BASE_URL: &str = "http://127.0.0.1:9000";

/// A request as the document writes it, and the answer below it.
struct Example {
    curl: String,
    answer: String,
}

/// The document as if it had been written today.
fn dated() -> String {
    let text = fs::read_to_string(project_root().join("docs/API.md")).unwrap();
    let today = tomorrow().checked_sub(1.day()).unwrap();
    text.replace("2026-11-22", &today.to_string())
        .replace("2026-11-23", &tomorrow().to_string())
}

/// The fenced blocks of a document, each with its language.
fn blocks(document: &str) -> Vec<(&str, &str)> {
    let fenced = document.split("\n```").skip(1).step_by(2);
    let parts = fenced.map(|block| block.split_once('\n').unwrap_or((block, "")));
    parts
        .filter(|(language, _)| matches!(*language, "sh" | "json" | "csv"))
        .collect()
}

/// Every request has its answer below it, and no answer stands alone.
fn examples(document: &str) -> Vec<Example> {
    let example = |pair: &[(&str, &str)]| match pair {
        [("sh", curl), ("json" | "csv", answer)] => Example {
            curl: (*curl).to_owned(),
            answer: (*answer).to_owned(),
        },
        other => panic!("not a request and its answer: {other:?}"),
    };
    blocks(document).chunks(2).map(example).collect()
}

/// The words of a command line of plain words and single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![];
    let mut open: Option<String> = None;
    for (n, part) in line.split('\'').enumerate() {
        if n % 2 == 1 {
            open.get_or_insert_default().push_str(part);
            continue;
        }
        for (n, plain) in part.split(char::is_whitespace).enumerate() {
            if n > 0 {
                words.extend(open.take());
            }
            if !plain.is_empty() {
                open.get_or_insert_default().push_str(plain);
            }
        }
    }
    words.extend(open);
    words
}

/// A value of a form, as `curl --data-urlencode name=value` writes it.
fn urlencoded(pair: &str) -> String {
    let (name, value) = pair.split_once('=').unwrap();
    let encoded = value.bytes().map(|byte| format!("%{byte:02X}"));
    format!("{name}={}", encoded.collect::<Vec<_>>().concat())
}

/// Sends the request that curl would send.
async fn sent(api: &Api, curl: &str) -> Answer {
    let mut words = words(curl).into_iter().skip(1);
    let (mut url, mut headers, mut data) = (String::new(), vec![], vec![]);
    while let Some(word) = words.next() {
        let mut next = || words.next().unwrap();
        match word.as_str() {
            "-s" => {}
            "-H" => headers.push(next()),
            "-d" => data.push(next()),
            "--data-urlencode" => data.push(urlencoded(&next())),
            _ => url = word,
        }
    }
    let path = url.strip_prefix(BASE_URL).unwrap();
    let method = if data.is_empty() { "GET" } else { "POST" };
    let mut request = api.request(method, path).body(data.join("&"));
    for header in headers {
        let (name, value) = header.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    api.send(request).await
}

/// An answer without the values that differ from run to run.
fn comparable(mut value: Value) -> Value {
    fn soften(value: &mut Value) {
        match value {
            Value::Array(list) => list.iter_mut().for_each(soften),
            Value::Object(members) => {
                for (name, value) in members {
                    match value {
                        value if VOLATILE.contains(&name.as_str()) => alike(value),
                        other => soften(other),
                    }
                }
            }
            _ => {}
        }
    }
    fn alike(value: &mut Value) {
        match value {
            Value::String(text) => *text = text.replace(char::is_alphanumeric, "0"),
            Value::Array(list) => list.iter_mut().for_each(alike),
            _ => {}
        }
    }
    soften(&mut value);
    value
}

/// Whether the document tells an answer as it is: JSON by its values, a table by its lines.
fn says(documented: &str, told: &Answer) -> bool {
    match serde_json::from_str(documented) {
        Ok(expected) => comparable(expected) == comparable(told.body.clone()),
        Err(_) => documented
            .lines()
            .eq(told.text.trim_start_matches('\u{feff}').lines()),
    }
}

/// Waits until a person would make the next call.
async fn worked(api: &Api) {
    let open = "SELECT COUNT(*) FROM tbl_batch b JOIN tbl_async_task t ON t.id = b.task_id \
        WHERE t.status <> 3 OR EXISTS (SELECT 1 FROM tbl_batch_chunk c WHERE c.task_id = b.task_id AND c.state = 0)";
    let none = async || (api.database.number(open).await == 0).then_some(());
    eventually("every batch is finished", none).await;
}

#[tokio::test]
async fn every_example_of_the_document_is_answered_as_it_says() {
    with_own_api(
        |config| config,
        async |api| {
            api.database.count_from_one().await;
            let url = api.stack.base_url();
            task_local::import_demo(&url, api.stack.database_url())
                .await
                .unwrap();
            let mut wrong = vec![];
            for Example { curl, answer } in examples(&dated()) {
                let told = sent(api, &curl).await;
                if !says(&answer, &told) {
                    wrong.push(format!("{curl}\n{}", told.text));
                }
                worked(api).await;
            }
            assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
        },
    )
    .await;
}

#[test]
fn every_route_has_an_example() {
    let document = dated();
    let curls: String = examples(&document)
        .into_iter()
        .map(|example| example.curl)
        .collect();
    for (_, path) in Api::routes() {
        assert!(curls.contains(&format!("{BASE_URL}{path}")), "{path}");
    }
}
