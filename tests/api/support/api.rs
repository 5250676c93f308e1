//! A running stack and the ways to call it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use task_local::{Pool, Project, Stack, StackConfig};

use super::database::OwnDatabase;
use super::{Answer, QUEUE, QUEUES, Station, WORKER, eventually, leftovers};

/// A stack with its database, as its callers see it.
pub(crate) struct Api {
    pub(crate) stack: Stack,
    pub(crate) database: OwnDatabase,
    client: Client,
}

impl Api {
    pub(crate) async fn start(configure: impl FnOnce(StackConfig) -> StackConfig) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let database = OwnDatabase::take().await;
        let programs = task_local::built_programs();
        let mut config = StackConfig::new(programs, &database.url).unwrap();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        config.name = format!("stack-{}-{number}", std::process::id());
        let stack = Stack::start(configure(config)).await.unwrap();
        // Tests have a runtime each, and a kept connection belongs to the one that opened it.
        let client = Client::builder().pool_max_idle_per_host(0).no_proxy();
        let client = client.timeout(Duration::from_secs(40));
        Self {
            stack,
            database,
            client: client.build().unwrap(),
        }
    }

    /// Ends the stack and sees that nothing is left of it: no message, no process, no row.
    pub(crate) async fn stop(self) {
        self.drained().await;
        let base_url = self.stack.base_url();
        self.stack.stop().await;
        leftovers::none(&base_url).await;
        self.database.give_back().await;
    }

    /// Waits until the queues are empty; nothing may have ended in the order workers' dead-letter queue.
    pub(crate) async fn drained(&self) {
        for (queue, _) in &*QUEUES {
            let empty = async || {
                let depth = self.stack.queue_depth(queue).await.unwrap();
                (depth.visible + depth.in_flight + depth.delayed == 0).then_some(())
            };
            eventually(&format!("{queue} is empty"), empty).await;
        }
        assert_eq!(self.dead_letters().await, 0, "messages were given up");
    }

    /// Messages that were given up and not taken care of.
    pub(crate) async fn dead_letters(&self) -> usize {
        let name = format!("{QUEUE}-dead-letter");
        let depth = self.stack.queue_depth(&name).await.unwrap();
        depth.visible + depth.in_flight
    }

    /// Freezes the workers of every queue.
    pub(crate) fn pause_workers(&self) {
        for (_, worker) in &*QUEUES {
            self.stack.function(worker).unwrap().pause();
        }
    }

    /// Lets the workers of every queue go on.
    pub(crate) fn resume_workers(&self) {
        for (_, worker) in &*QUEUES {
            self.stack.function(worker).unwrap().resume();
        }
    }

    pub(crate) fn workers(&self) -> &Pool {
        self.stack.function(WORKER).unwrap()
    }

    /// The routes of the API with their methods: all that take parameters, so without the page and `/health`.
    pub(crate) fn routes() -> Vec<(String, String)> {
        let project = Project::read(&task_local::project_root()).unwrap();
        let routes = project.routes.into_iter();
        let routes = routes.filter(|(path, _)| !path.starts_with("/console") && path != "/health");
        let methods = routes.flat_map(|(path, routes)| {
            let method = move |route: task_local::Route| (route.method, path.clone());
            routes.into_iter().map(method)
        });
        methods.collect()
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().unwrap();
        self.client.request(method, self.stack.url(path))
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("POST", path).json(body)).await
    }

    pub(crate) async fn form(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        self.send(self.request("POST", path).form(pairs)).await
    }

    /// Posts a body as it is.
    pub(crate) async fn raw(&self, path: &str, content_type: Option<&str>, body: &str) -> Answer {
        let mut request = self.request("POST", path).body(body.to_owned());
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        self.send(request).await
    }

    /// Submits a batch of a station's.
    pub(crate) async fn submit(&self, station: &Station, task: &str, orders: &[Value]) -> Answer {
        let request = self.submission(station, task, orders);
        self.send(request).await
    }

    /// The request that submits a batch.
    pub(crate) fn submission(
        &self,
        station: &Station,
        task: &str,
        orders: &[Value],
    ) -> RequestBuilder {
        let body = json!({"task_id": task, "station_id": station.id, "time_config_id": station.cycle,
            "file_name": "周一.xlsx", "order_data": orders});
        self.request("POST", "/station/order/batch/submit")
            .json(&body)
    }

    /// Submits a batch and waits for its end; the finished task.
    pub(crate) async fn import(&self, station: &Station, task: &str, orders: &[Value]) -> Value {
        self.submit(station, task, orders).await.data();
        self.finished(task).await
    }

    /// Waits until a task is finished; the task as station staff see it.
    pub(crate) async fn finished(&self, task: &str) -> Value {
        let ask = async || {
            let view = self.task(task).await;
            (view["status"] == 3).then_some(view)
        };
        eventually(&format!("{task} is finished"), ask).await
    }

    /// A task as station staff see it.
    pub(crate) async fn task(&self, task: &str) -> Value {
        let path = format!("/async_task/get?user_task_id={task}");
        self.get(&path).await.data().clone()
    }

    /// The orders of a batch that have this status, as `batch/result` tells them.
    pub(crate) async fn details(&self, task: &str, status: &str) -> Vec<Value> {
        let path = format!("/station/order/batch/result?task_id={task}&status={status}&limit=1000");
        let answer = self.get(&path).await;
        answer.data()["details"].as_array().unwrap().clone()
    }
}
