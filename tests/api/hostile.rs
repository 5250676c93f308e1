//! Hostile input, against every parameter of every route: refused with its word and the parameter's name, nothing
//! stored, nothing told that the caller did not send.

mod accepted;
mod events;
mod judge;
mod requests;
mod routes;
mod texts;
mod values;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use task_local::StackConfig;
use tokio::sync::Mutex;

use crate::support::{Answer, Api, Shared, Station, order, unique};
use judge::Verdicts;
use routes::{Route, routes};
use values::Sent;

/// A stack on which only the test's calls do anything, so that any change of the database is the test's.
static QUIET: Shared = Shared::new(|config: StackConfig| StackConfig {
    schedule: Some(std::time::Duration::from_hours(1)),
    ..config
});

/// The ids that the calls of a test name, so that only their hostile part can be refused.
struct Target {
    station: Station,
    task: String,
    batch: String,
    /// The order that the batch has made.
    order: String,
}

impl Target {
    /// A task with a result, and a finished batch with one failed order.
    async fn fresh(api: &Api) -> Self {
        let target = Self {
            station: Station::fresh(api).await,
            task: unique("target-"),
            batch: unique("target-"),
            order: String::new(),
        };
        let task = json!({"station_id": target.station.id, "task_name": "n", "input": "i", "user_task_id": target.task});
        api.post("/task/add", &task).await.data();
        let result = json!({"user_task_id": target.task, "value": {"n": 1, "list": []}});
        api.post("/task/update", &result).await.data();
        let orders = [json!({}), order(1)];
        api.import(&target.station, &target.batch, &orders).await;
        api.drained().await;
        let made = &api.details(&target.batch, "success").await[0];
        let order = made["order_id"].as_str().unwrap().to_owned();
        Self { order, ..target }
    }

    fn fill(&self, text: &str) -> String {
        let texts = [
            ("{station}", &self.station.id),
            ("{cycle}", &self.station.cycle),
            ("{task}", &self.task),
            ("{batch}", &self.batch),
            ("{order}", &self.order),
        ];
        texts.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        })
    }

    /// A route's call as names and JSON texts, with one parameter replaced, or left out.
    fn members<'a>(
        &self,
        route: &'a Route,
        name: &'a str,
        json: Option<String>,
    ) -> Vec<(&'a str, String)> {
        let kept = route
            .base
            .iter()
            .chain(route.more)
            .filter(|(other, _)| *other != name);
        let kept = kept.map(|(name, json)| (*name, self.fill(json)));
        kept.chain(json.map(|json| (name, json))).collect()
    }
}

/// Runs a test alone on the quiet stack and sees that it stored nothing.
async fn storing_nothing(test: impl AsyncFnOnce(&Api, &Target)) {
    static ALONE: Mutex<()> = Mutex::const_new(());
    let test = async |api: &Api| {
        let _alone = ALONE.lock().await;
        let target = Target::fresh(api).await;
        let before = api.database.fingerprint().await;
        test(api, &target).await;
        api.drained().await;
        assert_eq!(api.database.fingerprint().await, before);
    };
    QUIET.lend(test).await;
}

/// Members as a JSON body. Written by hand: the body need not be JSON that a library would write.
fn body(members: &[(&str, String)]) -> String {
    let members: Vec<_> = members
        .iter()
        .map(|(name, json)| format!("{name:?}: {json}"))
        .collect();
    format!("{{{}}}", members.join(", "))
}

/// Members as a form or a query sends them: strings without their quotes, all else as JSON.
fn pairs(members: &[(&str, String)]) -> Vec<(String, String)> {
    let text =
        |json: &String| serde_json::from_str::<String>(json).unwrap_or_else(|_| json.clone());
    members
        .iter()
        .map(|(name, json)| ((*name).to_owned(), text(json)))
        .collect()
}

async fn by_json(api: &Api, route: &Route, members: &[(&str, String)]) -> Answer {
    api.raw(route.path, Some("application/json"), &body(members))
        .await
}

async fn by_form(api: &Api, route: &Route, members: &[(&str, String)]) -> Answer {
    api.send(api.request("POST", route.path).form(&pairs(members)))
        .await
}

async fn by_query(api: &Api, route: &Route, members: &[(&str, String)]) -> Answer {
    api.send(api.request("POST", route.path).query(&pairs(members)))
        .await
}

#[test]
fn every_route_and_every_parameter_of_the_description_is_attacked() {
    let attacked = routes().flat_map(|route| {
        route
            .takes
            .iter()
            .map(|(name, _)| (route.path.to_owned(), (*name).to_owned()))
    });
    assert_eq!(
        attacked.collect::<BTreeSet<_>>(),
        crate::openapi::parameters()
    );
}

#[tokio::test]
async fn a_hostile_value_is_refused_in_every_parameter_of_every_route() {
    storing_nothing(async |api, target| {
        let mut verdicts = Verdicts::default();
        for route in routes() {
            for (name, takes) in route.takes {
                for (sent, word) in takes.hostile() {
                    let (json, text) = match sent {
                        Sent::Json(json) => (json, None),
                        Sent::Text(text) => (json!(text).to_string(), Some(text)),
                    };
                    let members = target.members(route, name, Some(json.clone()));
                    let shown = text.as_ref().unwrap_or(&json);
                    verdicts.refused(&by_json(api, route, &members).await, word, name, shown);
                    if text.is_some() {
                        verdicts.refused(&by_form(api, route, &members).await, word, name, shown);
                    }
                    if text.as_ref().is_some_and(|text| text.len() < 2000) {
                        verdicts.refused(&by_query(api, route, &members).await, word, name, shown);
                    }
                }
            }
        }
        verdicts.end(3000);
    })
    .await;
}

#[tokio::test]
async fn without_a_mandatory_parameter_a_call_is_refused_and_the_parameter_is_named() {
    storing_nothing(async |api, target| {
        let mut verdicts = Verdicts::default();
        for route in routes() {
            for (name, _) in route.base {
                for absent in [None, Some(Value::Null), Some(json!(""))] {
                    let members = target.members(route, name, absent.map(|json| json.to_string()));
                    let named = if *name == "data" { "order_data" } else { name };
                    verdicts.refused(
                        &by_json(api, route, &members).await,
                        "PARAM_MISSING",
                        named,
                        "",
                    );
                }
            }
        }
        verdicts.end(100);
    })
    .await;
}

#[tokio::test]
async fn a_parameter_of_another_route_is_ignored() {
    storing_nothing(async |api, target| {
        let names: BTreeSet<_> = routes()
            .flat_map(|route| route.takes)
            .map(|(name, _)| *name)
            .collect();
        let reads: BTreeSet<_> = Api::routes()
            .into_iter()
            .filter(|(method, _)| method == "GET")
            .map(|(_, path)| path)
            .collect();
        for route in routes().filter(|route| reads.contains(route.path)) {
            let members = target.members(route, "", None);
            let plain = by_json(api, route, &members).await;
            plain.data();
            let own = |name: &str| route.takes.iter().any(|(own, _)| *own == name);
            for name in names.iter().filter(|name| !own(name)) {
                let members = target.members(route, name, Some(r#"["hostile"]"#.to_owned()));
                let answer = by_json(api, route, &members).await;
                assert_eq!(
                    answer.without_request_id(),
                    plain.without_request_id(),
                    "{} {name}",
                    route.path
                );
            }
        }
    })
    .await;
}
