//! The parts of a running stack, how they are started in order, and how they are ended.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinSet};

use crate::config::StackConfig;
use crate::consumer::{self, TaskQueue};
use crate::error::{LocalError, Result};
use crate::event_source::EventSource;
use crate::front::Front;
use crate::guard::Guard;
use crate::invoker::Invoker;
use crate::pool::Pool;
use crate::process::Recipe;
use crate::queue::{QueueEmulator, REGION};
use crate::queue_urls::{push_queue_url, queue_urls};
use crate::{database, target_secrets, wait};

/// The most orders of a batch: as many as a gzipped request holds.
pub(crate) const MAX_ORDERS: usize = 100_000;
/// The allocator settings of template.yaml.
const MALLOC: &str = "glibc.malloc.mmap_threshold=131072";
/// How often a function is looked at while it is awaited.
const GLANCE: Duration = Duration::from_millis(20);

/// Everything that runs.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) config: StackConfig,
    pub(crate) emulator: Arc<QueueEmulator>,
    pub(crate) front: Front,
    invoker: Invoker,
    pools: BTreeMap<String, Arc<Pool>>,
    drivers: Vec<AbortHandle>,
    guard: Arc<Guard>,
    /// The file with the secrets of targets.
    secrets: PathBuf,
}

impl Parts {
    /// Starts every part; done when every function has answered once.
    pub(crate) async fn start(config: StackConfig) -> Result<Self> {
        database::migrate(&config.database_url).await?;
        let guard = Arc::new(Guard::start()?);
        let front = Front::start(&config).await?;
        let emulator =
            QueueEmulator::start(&config, config.queues(), wait::free_port()?, &guard).await?;
        let secrets = target_secrets::file(&config.project.root)?;
        let mut parts = Self {
            secrets,
            invoker: Invoker(front.functions()),
            emulator: Arc::new(emulator),
            front,
            pools: BTreeMap::new(),
            drivers: Vec::new(),
            config,
            guard,
        };
        parts.start_functions()?;
        parts.start_drivers();
        parts.await_functions().await?;
        Ok(parts)
    }

    /// Returns the processes of a function.
    pub(crate) fn function(&self, name: &str) -> Result<&Pool> {
        let pool = self.pools.get(name).map(Arc::as_ref);
        pool.ok_or_else(|| LocalError::part(name, "is no function of this stack"))
    }

    /// Invokes a function directly.
    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Result<Value> {
        self.invoker
            .invoke(function, event, self.config.timeout_of(function))
            .await
    }

    /// Ends the parts that bring work first and the parts that work needs last.
    pub(crate) async fn stop(&self) {
        for driver in &self.drivers {
            driver.abort();
        }
        let mut ending = JoinSet::new();
        for pool in self.pools.values() {
            let pool = Arc::clone(pool);
            ending.spawn(async move { pool.end(true).await });
        }
        ending.join_all().await;
        self.front.end();
        self.emulator.stop(false).await;
    }

    fn start_functions(&mut self) -> Result<()> {
        for (name, count) in wanted(&self.config) {
            let pool = Pool::new(self.recipe(&name)?, &self.guard, &Handle::current());
            pool.scale(count);
            self.pools.insert(name, Arc::new(pool));
        }
        Ok(())
    }

    fn recipe(&self, function: &str) -> Result<Recipe> {
        if let Some(recipe) = self.consumer(function) {
            return Ok(recipe);
        }
        let program = self.config.binaries.join(function);
        if !program.is_file() {
            return Err(LocalError::Missing {
                what: program.display().to_string(),
                remedy: "build it with `cargo build --profile local --bins`".to_owned(),
            });
        }
        Ok(Recipe {
            name: function.to_owned(),
            program,
            arguments: Vec::new(),
            environment: self.environment(function),
            directory: self.config.project.root.clone(),
            log: self.config.log(function),
        })
    }

    /// Returns the recipe that starts the consumer of a task queue.
    fn consumer(&self, function: &str) -> Option<Recipe> {
        let mut queues = self.config.task_queues.iter();
        let queue = queues.find(|queue| queue.function() == function)?;
        let file = queue.consumer.as_ref()?.to_string_lossy().into_owned();
        let mut environment = self.environment(function);
        environment.push(("API_URL".to_owned(), self.front.base_url()));
        Some(Recipe {
            name: function.to_owned(),
            program: self.config.tools().join("bin/python"),
            arguments: vec![TaskQueue::runtime(&self.config.project.root), file],
            environment,
            directory: self.config.project.root.clone(),
            log: self.config.log(function),
        })
    }

    /// Returns the environment of a function: Lambda's own variables, the project's, then the caller's.
    fn environment(&self, function: &str) -> Vec<(String, String)> {
        let project = &self.config.project;
        let lease = self.config.visibility_timeout.as_secs().max(1).to_string();
        let timeout = self.config.timeout_of(function).as_secs().max(1);
        let own = [
            ("AWS_LAMBDA_RUNTIME_API", self.front.runtime_api(function)),
            ("AWS_LAMBDA_FUNCTION_NAME", function.to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024".to_owned()),
            ("AWS_LAMBDA_FUNCTION_TIMEOUT", timeout.to_string()),
            ("AWS_ENDPOINT_URL", self.emulator.endpoint()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("DATABASE_URL", self.config.database_url.clone()),
            ("GM_TASK_QUEUE", queue_urls(project, &self.emulator)),
            ("PUSH_QUEUE_URL", push_queue_url(project, &self.emulator)),
            ("TARGET_HOSTS", "127.0.0.1".to_owned()),
            ("TARGET_SECRETS", format!("file:{}", self.secrets.display())),
            ("GLIBC_TUNABLES", MALLOC.to_owned()),
            ("STATION_SOURCE", "trusted".to_owned()),
            ("MAX_ORDERS", MAX_ORDERS.to_string()),
            ("LEASE_SECONDS", lease.clone()),
            ("RESEND_SECONDS", lease),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value));
        let queues = consumer::variables(&self.config.task_queues, &self.emulator);
        own.into_iter()
            .chain(queues)
            .chain(self.config.environment.iter().cloned())
            .collect()
    }

    /// Starts the event source mappings and the schedules.
    fn start_drivers(&mut self) {
        for (queue, function) in mappings(&self.config) {
            let own = self.config.project.queues.get(&queue);
            let batch = own.and_then(|queue| queue.batch);
            let source = EventSource {
                queue,
                function: function.clone(),
                batch_size: batch.unwrap_or(self.config.batch_size),
                glance: self.config.glance,
                timeout: self.config.timeout_of(&function),
                emulator: Arc::clone(&self.emulator),
                pool: Arc::clone(&self.pools[&function]),
                invoker: self.invoker.clone(),
            };
            self.drivers
                .push(tokio::spawn(source.poll()).abort_handle());
        }
        for (function, seconds) in &self.config.project.schedules {
            if self.pools.contains_key(function) {
                let every = self
                    .config
                    .schedule
                    .unwrap_or(Duration::from_secs(*seconds));
                let ticks = tick(
                    self.invoker.clone(),
                    function.clone(),
                    every,
                    self.config.function_timeout,
                );
                self.drivers.push(tokio::spawn(ticks).abort_handle());
            }
        }
    }

    /// Waits until every function has answered one empty call.
    async fn await_functions(&self) -> Result<()> {
        let client = wait::client(wait::START_TIMEOUT)?;
        let mut calls = JoinSet::new();
        for (path, routes) in &self.config.project.routes {
            for route in routes
                .iter()
                .filter(|route| self.pools.contains_key(&route.function))
            {
                let method = route
                    .method
                    .parse()
                    .map_err(|error| LocalError::part(path, error))?;
                let request = client.request(method, format!("{}{path}", self.front.base_url()));
                let call = async { drop(request.send().await) };
                calls.spawn(answered(Arc::clone(&self.pools[&route.function]), call));
            }
        }
        for (_, function) in mappings(&self.config) {
            let (invoker, name) = (self.invoker.clone(), function.clone());
            let event = json!({"Records": []});
            let call =
                async move { drop(invoker.invoke(&name, &event, wait::START_TIMEOUT).await) };
            calls.spawn(answered(Arc::clone(&self.pools[&function]), call));
        }
        while let Some(answer) = calls.join_next().await {
            answer.map_err(|error| LocalError::part("stack", error))??;
        }
        Ok(())
    }
}

/// Lists `(queue, function)` of every event source mapping, task queues included.
fn mappings(config: &StackConfig) -> Vec<(String, String)> {
    let jobs = config.project.mappings().into_iter();
    let jobs = jobs.map(|(queue, function)| (queue, function.to_owned()));
    let consumed = config
        .task_queues
        .iter()
        .filter(|queue| queue.consumer.is_some());
    jobs.chain(consumed.map(|queue| (queue.queue(), queue.function())))
        .collect()
}

/// Returns the functions something triggers, each with its number of processes.
fn wanted(config: &StackConfig) -> BTreeMap<String, usize> {
    let project = &config.project;
    let scheduled = project
        .schedules
        .keys()
        .filter(|name| project.functions.contains(*name));
    let scheduled = scheduled.map(|name| (name.clone(), 1));
    let routed = project
        .routed()
        .into_iter()
        .map(|name| (name.to_owned(), config.http_processes));
    let mapped = mappings(config).into_iter();
    let own = |queue: &str| project.queues.get(queue)?.processes;
    let count = |queue: &str| own(queue).unwrap_or(config.workers);
    let mapped = mapped.map(|(queue, name)| (name, count(&queue)));
    scheduled.chain(routed).chain(mapped).collect()
}

/// Waits for a call's answer, but no longer than its function lives.
async fn answered(pool: Arc<Pool>, call: impl Future<Output = ()>) -> Result<()> {
    let crashed = async {
        while pool.exits() == 0 {
            tokio::time::sleep(GLANCE).await;
        }
    };
    tokio::select! {
        () = call => Ok(()),
        () = crashed => {
            let recipe = pool.recipe();
            Err(LocalError::part(&recipe.name, format!("ended at its start; its last words:\n{}", recipe.log_tail())))
        }
    }
}

/// Invokes a scheduled function for ever; one that fails is invoked again the next time.
async fn tick(invoker: Invoker, function: String, every: Duration, timeout: Duration) {
    loop {
        let _ = invoker.invoke(&function, &json!({}), timeout).await;
        tokio::time::sleep(every).await;
    }
}
