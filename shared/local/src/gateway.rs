//! The HTTP front and the Lambda APIs: `cargo lambda watch`, which maps routes to functions by the router table in
//! `Cargo.toml` and hands events to our function processes over the Lambda runtime API.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Handle;

use crate::config::StackConfig;
use crate::error::{LocalError, Result, with_causes};
use crate::guard::Guard;
use crate::pool::Pool;
use crate::process::Recipe;
use crate::wait;

/// The gateway's process and where it listens.
#[derive(Debug)]
pub(crate) struct Gateway {
    pool: Pool,
    port: u16,
}

impl Gateway {
    /// Starts the gateway on `port`.
    ///
    /// It gets no `--timeout`: cargo-lambda would apply it to idle functions too, which then end. Callers bring
    /// their own.
    pub(crate) async fn start(config: &StackConfig, port: u16, guard: &Arc<Guard>) -> Result<Self> {
        let port_text = port.to_string();
        let arguments = [
            "lambda",
            "watch",
            "--only-lambda-apis",
            "--ignore-changes",
            "--offline",
            "--invoke-address",
            "127.0.0.1",
            "--invoke-port",
            &port_text,
        ];
        let recipe = Recipe {
            name: "cargo lambda watch".to_owned(),
            program: config.tools().join("bin/cargo-lambda"),
            arguments: arguments.map(str::to_owned).to_vec(),
            environment: Vec::new(),
            directory: config.project.root.clone(),
            log: config.log("gateway"),
        };
        let pool = Pool::new(recipe, guard, &Handle::current());
        let gateway = Self { pool, port };
        gateway.pool.scale(1);
        // Answers 404 without touching any function.
        let probe = format!(
            "{}/2015-03-31/functions/none/invocations",
            gateway.base_url()
        );
        wait::until_answered(&probe, &gateway.pool).await?;
        Ok(gateway)
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// `AWS_LAMBDA_RUNTIME_API` for the processes of a function.
    pub(crate) fn runtime_api(&self, function: &str) -> String {
        format!("{}/.rt/{function}", self.base_url())
    }

    pub(crate) fn invoker(&self) -> Result<Invoker> {
        Ok(Invoker {
            base_url: self.base_url(),
            client: wait::client(Duration::from_mins(15))?,
        })
    }

    pub(crate) async fn end(&self) {
        self.pool.end(false).await;
    }
}

/// Invokes functions the way AWS does: an event in, the function's answer out.
#[derive(Debug, Clone)]
pub(crate) struct Invoker {
    base_url: String,
    client: reqwest::Client,
}

impl Invoker {
    /// Invokes a function and waits at most `timeout` for its answer.
    pub(crate) async fn invoke(
        &self,
        function: &str,
        event: &Value,
        timeout: Duration,
    ) -> Result<Value> {
        let fault =
            |error: reqwest::Error| LocalError::part(function, with_causes(&error.without_url()));
        let url = format!(
            "{}/2015-03-31/functions/{function}/invocations",
            self.base_url
        );
        let answer = self
            .client
            .post(url)
            .json(event)
            .timeout(timeout)
            .send()
            .await
            .map_err(fault)?;
        let failed = !answer.status().is_success();
        let body = answer.text().await.map_err(fault)?;
        if failed {
            return Err(LocalError::part(function, body));
        }
        if body.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&body).map_err(|error| LocalError::part(function, error))
    }
}
