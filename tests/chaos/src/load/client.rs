//! The calls of the load, each written into the ledger before it is made and when it is answered.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::orders::Payload;
use super::targets::RECEIVERS;
use crate::ledger::{Act, End, Entry, Job, Mending};
use crate::options::Part;
use crate::stage::Stage;

/// How long a call may take: a request that was handed to a process that died is never answered.
const TIMEOUT: Duration = Duration::from_secs(9);

/// One station's client.
pub(crate) struct Client<'s> {
    stage: &'s Stage,
    station: String,
    http: reqwest::Client,
}

impl<'s> Client<'s> {
    pub(crate) fn new(stage: &'s Stage, station: &str) -> Self {
        let http = reqwest::Client::builder().timeout(TIMEOUT).no_proxy();
        Self {
            stage,
            station: station.to_owned(),
            http: http.build().unwrap(),
        }
    }

    /// Submits a batch.
    pub(crate) async fn submit(&self, task: &str, payload: &Payload) -> End {
        let call = self.stage.ledger.next_call();
        let cycle = format!("{}-{}", self.station, payload.cycle);
        self.stage.ledger.write(&Entry::Submit {
            call,
            at_ms: Timestamp::now().as_millisecond(),
            job: payload.job,
            task: task.to_owned(),
            station: self.station.clone(),
            cycle: cycle.clone(),
            orders: payload.orders.clone(),
            expected: payload.expected.clone(),
        });
        let mut named = json!({"task_id": task, "station_id": self.station});
        if let Some(callback) = self.callback(task) {
            named["callback"] = json!(callback);
        }
        match payload.job {
            Job::Orders => {
                let rest = json!({"file_name": "周一.xlsx", "time_config_id": cycle, "order_data": payload.orders});
                self.call(call, "/station/order/batch/submit", &with(named, rest))
                    .await
            }
            Job::Prices => {
                let rest = json!({ "items": payload.orders });
                self.call(call, "/station/sku/batch/price", &with(named, rest))
                    .await
            }
        }
    }

    /// The callback of a batch, if it has one: the same whenever it is submitted.
    fn callback(&self, task: &str) -> Option<&'static str> {
        let number: usize = task.bytes().map(usize::from).sum();
        let is_told = Part::Targets.is_in(self.stage.part);
        RECEIVERS
            .get(number % (RECEIVERS.len() + 1))
            .copied()
            .filter(|_| is_told)
    }

    /// Closes a batch; the call's number.
    pub(crate) async fn close(&self, task: &str) -> (u64, End) {
        let call = self.stage.ledger.next_call();
        self.stage.ledger.write(&Entry::Close {
            call,
            task: task.to_owned(),
        });
        let body = json!({"user_task_id": task, "station_id": self.station});
        (call, self.call(call, "/async_task/close", &body).await)
    }

    /// Mends a failed order of a batch.
    pub(crate) async fn amend(&self, task: &str, index: u32, mending: Mending) -> End {
        let call = self.stage.ledger.next_call();
        self.stage.ledger.write(&Entry::Amend {
            call,
            task: task.to_owned(),
            index,
            mending: mending.clone(),
        });
        let mut body = json!({"task_id": task, "station_id": self.station, "index": index});
        match mending {
            Mending::Made(order) => body["order_id"] = json!(order.to_string()),
            Mending::Corrected(order) => body["order_data"] = order,
            Mending::Dropped => {}
        }
        self.call(call, "/station/order/batch/amend", &body).await
    }

    /// A batch as its caller sees it; `None` when there is no answer just now.
    pub(crate) async fn task(&self, task: &str) -> Option<Value> {
        self.read(&format!("/async_task/get?user_task_id={task}"))
            .await
    }

    /// A few orders of a batch with a status.
    pub(crate) async fn orders(&self, task: &str, status: &str) -> Vec<Value> {
        let path = format!("/station/order/batch/result?task_id={task}&status={status}&limit=5");
        let answer = self.read(&path).await.unwrap_or_default();
        answer["details"].as_array().cloned().unwrap_or_default()
    }

    /// Does something about a task that is no batch; the end, and the data of a success.
    pub(crate) async fn act(&self, task: &str, act: &Act) -> (u64, End, Value) {
        let call = self.stage.ledger.next_call();
        self.stage.ledger.write(&Entry::Task {
            call,
            task: task.to_owned(),
            station: self.station.clone(),
            act: act.clone(),
        });
        let (path, rest) = asked(act);
        let named = json!({"user_task_id": task, "station_id": self.station});
        let (end, data) = self.told(call, path, &with(named, rest)).await;
        (call, end, data)
    }

    /// A task that is no batch, as other systems see it.
    pub(crate) async fn plain_task(&self, task: &str) -> Option<Value> {
        self.read(&format!("/task/get?user_task_id={task}")).await
    }

    /// The newest tasks of the station, as other systems see them.
    pub(crate) async fn newest(&self) -> Option<Vec<Value>> {
        let path = format!("/task/list?station_id={}&limit=20", self.station);
        self.read(&path).await?.as_array().cloned()
    }

    async fn read(&self, path: &str) -> Option<Value> {
        let url = self.stage.stack.url(path);
        let request = self.http.get(url).header("x-station-id", &self.station);
        match answer(request).await {
            (End::Done, data) => Some(data),
            _ => None,
        }
    }

    async fn call(&self, call: u64, path: &str, body: &Value) -> End {
        self.told(call, path, body).await.0
    }

    async fn told(&self, call: u64, path: &str, body: &Value) -> (End, Value) {
        let request = self.http.post(self.stage.stack.url(path)).json(body);
        let (end, data) = answer(request).await;
        self.stage.ledger.write(&Entry::Answer {
            call,
            at_ms: Timestamp::now().as_millisecond(),
            end: end.clone(),
        });
        (end, data)
    }
}

/// The path and the parameters of an act.
fn asked(act: &Act) -> (&'static str, Value) {
    match act {
        Act::Add { repeat } => (
            "/task/add",
            json!({"task_name": "对账", "input": "{}", "repeat": repeat}),
        ),
        Act::Start => ("/task/start", json!({})),
        Act::Append { value, op_id } => (
            "/task/update",
            json!({"field": "result", "op": "append", "postion": "$.log", "value": value, "value_type": "str", "op_id": op_id}),
        ),
        Act::Increment { digit, op_id } => (
            "/task/update",
            json!({"field": "result", "op": "increment", "postion": "$.n", "value": 8_u64.pow(*digit), "op_id": op_id}),
        ),
        Act::Finish { value: None, run } => ("/task/finish", json!({ "run_count": run })),
        Act::Finish { value, run } => (
            "/task/finish",
            json!({"result": {"by": value}, "run_count": run}),
        ),
        Act::Close => ("/async_task/close", json!({})),
    }
}

/// The members of both objects.
fn with(mut one: Value, other: Value) -> Value {
    if let (Some(members), Value::Object(more)) = (one.as_object_mut(), other) {
        members.extend(more);
    }
    one
}

/// The answer to a request, and the data of a success.
pub(super) async fn answer(request: RequestBuilder) -> (End, Value) {
    let body = async {
        let response = request.send().await.ok()?;
        let is_ok = response.status() == 200;
        let body: Value = response.json().await.ok()?;
        is_ok.then_some(body)
    };
    let Some(mut body) = body.await else {
        return (End::Unknown, Value::Null);
    };
    match body["code"].as_i64() {
        Some(0) => (End::Done, body["data"].take()),
        Some(1) => {
            let word = body["error"].as_str().unwrap_or_default();
            (End::Refused(word.to_owned()), Value::Null)
        }
        _ => (End::Unknown, Value::Null),
    }
}
