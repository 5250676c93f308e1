//! Whole requests that are hostile: bodies, content types, query strings, headers.

use serde_json::json;

use super::judge::Verdicts;
use super::routes::{self, Route};
use super::{body, storing_nothing};
use crate::support::{Api, with_api};

/// Bodies that are no JSON object.
const NO_OBJECTS: [&str; 23] = [
    "[]",
    "[{}]",
    "[1, 2]",
    "7",
    "1.5",
    "true",
    "null",
    "\"text\"",
    "{",
    "}",
    "{]",
    "{\"a\":1}}",
    "{\"a\":1} x",
    "{\"a\":1,}",
    "{a:1}",
    "{'a':1}",
    "{\"a\":NaN}",
    "{\"a\":01}",
    "{\"a\":\"\u{1}\"}",
    "{\"\\ud800\":1}",
    "{\"a\":\"\\x\"}",
    "{\"a\":1 \"b\":2}",
    "{}{}",
];

const CONTENT_TYPES: [&str; 9] = [
    "application/xml",
    "text/html",
    "multipart/form-data; boundary=x",
    "application/octet-stream",
    "application/json-patch+json",
    "application/jsonx",
    "text/csv",
    "json",
    "*/*",
];

/// Every route once.
fn routes() -> impl Iterator<Item = &'static Route> {
    let mut seen = std::collections::BTreeSet::new();
    routes::routes().filter(move |route| seen.insert(route.path))
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_by_every_route() {
    storing_nothing(async |api, _| {
        let mut verdicts = Verdicts::default();
        let deep = format!("{{\"a\":{}", "[".repeat(1_000_000));
        for route in routes() {
            for body in NO_OBJECTS.into_iter().chain([deep.as_str()]) {
                let answer = api.raw(route.path, Some("application/json"), body).await;
                verdicts.refused(&answer, "PARAM_INVALID", "request body", body);
            }
        }
        verdicts.end(13 * 24);
    })
    .await;
}

#[tokio::test]
async fn a_content_type_that_is_none_of_the_two_is_refused_by_every_route() {
    storing_nothing(async |api, target| {
        let mut verdicts = Verdicts::default();
        for route in routes() {
            let right = body(&target.members(route, "", None));
            for content_type in CONTENT_TYPES {
                let answer = api.raw(route.path, Some(content_type), &right).await;
                verdicts.refused(&answer, "PARAM_INVALID", "content type", content_type);
            }
        }
        verdicts.end(13 * 9);
    })
    .await;
}

#[tokio::test]
async fn a_form_that_is_not_utf_8_is_refused_in_body_and_query_and_the_parameter_is_named() {
    storing_nothing(async |api, _| {
        let mut verdicts = Verdicts::default();
        let form = Some("application/x-www-form-urlencoded");
        for route in routes() {
            for (pairs, named) in [
                ("a=%ff", "a"),
                ("%ff=1", "parameter name"),
                ("task_id=%C0%AF", "task_id"),
                ("x=1&b=%ED%A0%80", "b"),
                ("c=%e4%bd", "c"),
            ] {
                let answer = api.raw(route.path, form, pairs).await;
                verdicts.refused(&answer, "PARAM_INVALID", named, pairs);
                let answer = api.raw(&format!("{}?{pairs}", route.path), None, "").await;
                verdicts.refused(&answer, "PARAM_INVALID", named, pairs);
            }
        }
        verdicts.end(13 * 10);
    })
    .await;
}

#[tokio::test]
async fn a_body_of_more_than_6_mib_or_of_nothing_but_names_is_refused_and_the_limit_named() {
    storing_nothing(async |api, target| {
        let mut verdicts = Verdicts::default();
        let names: Vec<_> = (0..1001).map(|n| format!("n{n}=")).collect();
        let members: Vec<_> = (0..1001).map(|n| format!("\"n{n}\":0")).collect();
        let members = format!("{{{}}}", members.join(","));
        for route in routes() {
            let right = body(&target.members(route, "", None));
            let large = right.clone() + &" ".repeat(6 * 1024 * 1024 + 1 - right.len());
            verdicts.refused(
                &api.raw(route.path, None, &large).await,
                "PARAM_INVALID",
                "6291456",
                &large,
            );
            verdicts.refused(
                &api.raw(route.path, None, &names.join("&")).await,
                "PARAM_INVALID",
                "1000",
                "",
            );
            verdicts.refused(
                &api.raw(route.path, None, &members).await,
                "PARAM_INVALID",
                "1000",
                "",
            );
            let query = format!("{}?{}", route.path, names.join("&"));
            verdicts.refused(
                &api.raw(&query, None, "").await,
                "PARAM_INVALID",
                "1000",
                "",
            );
        }
        verdicts.end(13 * 4);
    })
    .await;
}

#[tokio::test]
async fn an_empty_or_huge_query_of_unknown_names_says_nothing() {
    storing_nothing(async |api, _| {
        let mut verdicts = Verdicts::default();
        let huge = "x".repeat(50_000);
        for route in routes().filter(|route| !route.base.is_empty()) {
            for query in [
                "?",
                "?&&&",
                "?=&=",
                "?&=1&",
                &format!("?unknown={huge}"),
                &format!("?{huge}"),
                "?task_id[]=1&task_id%5b%5d=2",
            ] {
                let answer = api.raw(&format!("{}{query}", route.path), None, "").await;
                verdicts.refused(&answer, "PARAM_MISSING", "missing", query);
            }
        }
        verdicts.end(13 * 7);
    })
    .await;
}

#[tokio::test]
async fn a_header_that_names_no_station_is_refused_by_every_route_for_station_staff() {
    storing_nothing(async |api, target| {
        let mut verdicts = Verdicts::default();
        let is_of_a_station =
            |path: &str| !path.starts_with("/task/") && !path.starts_with("/async_task/queue/");
        for route in routes().filter(|route| is_of_a_station(route.path)) {
            for station in [
                "a b",
                "xxxxxxxxxxxxxxxxx",
                "T1, T2",
                "T1\tT2",
                "' OR 1=1 --",
            ] {
                let right = body(&target.members(route, "station_id", None));
                let request = api
                    .request("POST", route.path)
                    .header("X-Station-Id", station)
                    .body(right);
                verdicts.refused(
                    &api.send(request).await,
                    "PARAM_INVALID",
                    "X-Station-Id",
                    station,
                );
            }
        }
        verdicts.end(7 * 5);
    })
    .await;
}

/// The name of a task after an add that names it twice.
async fn named(api: &Api, path: &str, json: &str) -> String {
    let added = api.raw(path, Some("application/json"), json).await;
    let task = api
        .post("/task/get", &json!({"task_id": added.data()["task_id"]}))
        .await;
    task.data()["task_name"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn of_a_parameter_that_is_sent_twice_the_last_counts_and_only_that() {
    with_api(async |api| {
        let rest = r#""station_id": "T1", "input": "i""#;
        let twice = format!(r#"{{"task_name": "first", {rest}, "task_n\u0061me": "last"}}"#);
        assert_eq!(named(api, "/task/add", &twice).await, "last");
        let refused = format!(r#"{{"task_name": "first", {rest}, "task_name": []}}"#);
        api.raw("/task/add", None, &refused)
            .await
            .refusal("PARAM_INVALID");
        let healed = format!(r#"{{"task_name": [], {rest}, "task_name": "last"}}"#);
        assert_eq!(named(api, "/task/add", &healed).await, "last");
        let query = "/task/add?task_name=first&task_name=last";
        assert_eq!(named(api, query, &format!("{{{rest}}}")).await, "last");
    })
    .await;
}
