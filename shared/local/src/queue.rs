//! The queue emulator (ministack) and the project's queues in it.
//!
//! Its messages live in memory: killed, it forgets them, which real SQS never does but a fault test wants.

mod relay;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{Credentials, Region};
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::QueueAttributeName;
use task_service::sqs::http_client;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::config::StackConfig;
use crate::error::{LocalError, Result};
use crate::guard::Guard;
use crate::pool::Pool;
use crate::process::Recipe;
use crate::project::dead_letter_queue;
use crate::wait;
use relay::{Bells, Relay};

/// The region and account every emulated queue belongs to.
pub(crate) const REGION: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";
const PART: &str = "queue emulator";
/// The emulator behind a faster server than its own, which parses HTTP in Python: a call takes 0.3 ms instead of 0.5.
#[rustfmt::skip]
const SERVER: [&str; 15] = [
    "-m", "uvicorn", "ministack.app:app", "--host", "127.0.0.1", "--loop", "uvloop", "--http", "httptools",
    "--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "1", "--no-server-header",
];

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueDepth {
    /// Waiting to be received.
    pub visible: usize,
    /// Received and neither deleted nor visible again.
    pub in_flight: usize,
    /// Sent with a delay that has not passed.
    pub delayed: usize,
}

/// How the queues are made.
#[derive(Debug, Clone)]
pub(crate) struct QueueSettings {
    pub(crate) names: Vec<String>,
    pub(crate) visibility_timeout: Duration,
    pub(crate) max_receive_count: u32,
}

/// The emulator's process and a client to it.
#[derive(Debug)]
pub(crate) struct QueueEmulator {
    pool: Pool,
    port: u16,
    client: Client,
    settings: QueueSettings,
    relay: Relay,
    bells: Bells,
}

impl QueueEmulator {
    /// Starts the emulator on `port` and makes the queues.
    pub(crate) async fn start(
        config: &StackConfig,
        names: Vec<String>,
        port: u16,
        guard: &Arc<Guard>,
    ) -> Result<Self> {
        let python = config.tools().join("bin/python");
        let variables = [
            ("GATEWAY_PORT", port.to_string()),
            ("SERVICES", "sqs".to_owned()),
            ("LOG_LEVEL", "WARNING".to_owned()),
        ];
        let port_argument = port.to_string();
        let recipe = Recipe {
            name: PART.to_owned(),
            program: python,
            arguments: SERVER
                .iter()
                .chain(&["--port", &port_argument])
                .map(|&argument| argument.to_owned())
                .collect(),
            environment: variables
                .map(|(name, value)| (name.to_owned(), value))
                .to_vec(),
            directory: config.project.root.clone(),
            log: config.log("queue"),
        };
        let queues = names
            .iter()
            .cloned()
            .chain(names.iter().map(|name| dead_letter_queue(name)));
        let bells: Bells = Arc::new(queues.map(|name| (name, Notify::new())).collect());
        let emulator = Self {
            pool: Pool::new(recipe, guard, &Handle::current()),
            relay: Relay::start(base_url(port), Arc::clone(&bells)).await?,
            bells,
            port,
            client: client(port),
            settings: QueueSettings {
                names,
                visibility_timeout: config.visibility_timeout,
                max_receive_count: config.max_receive_count,
            },
        };
        emulator.restart().await?;
        Ok(emulator)
    }

    /// Starts the emulator again after [`QueueEmulator::stop`], with the same queues, empty.
    pub(crate) async fn restart(&self) -> Result<()> {
        self.pool.scale(1);
        let health = format!("{}/_ministack/health", base_url(self.port));
        wait::until_answered(&health, &self.pool).await?;
        self.create_queues().await
    }

    /// Stops the emulator; its messages are lost.
    pub(crate) async fn stop(&self, gently: bool) {
        self.pool.end(gently).await;
    }

    /// Returns its URL for the functions.
    pub(crate) fn endpoint(&self) -> String {
        self.relay.base_url()
    }

    /// Waits until a queue has got a message, or for `longest`.
    pub(crate) async fn rung(&self, queue: &str, longest: Duration) {
        let bell = async {
            match self.bells.get(queue) {
                Some(bell) => bell.notified().await,
                None => std::future::pending().await,
            }
        };
        let _ = tokio::time::timeout(longest, bell).await;
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the URL of a queue; the same after every restart.
    pub(crate) fn url(&self, queue: &str) -> String {
        format!("{}/{ACCOUNT}/{queue}", base_url(self.port))
    }

    /// Makes the queues and their dead-letter queues where they are not there yet.
    pub(crate) async fn create_queues(&self) -> Result<()> {
        for name in &self.settings.names {
            let dead = dead_letter_queue(name);
            let redrive = serde_json::json!({
                "deadLetterTargetArn": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{dead}"),
                "maxReceiveCount": self.settings.max_receive_count,
            });
            self.create(&dead, None).await?;
            self.create(name, Some(redrive.to_string())).await?;
        }
        Ok(())
    }

    async fn create(&self, name: &str, redrive: Option<String>) -> Result<()> {
        let seconds = self.settings.visibility_timeout.as_secs().max(1);
        let request = self.client.create_queue().queue_name(name);
        let request =
            request.attributes(QueueAttributeName::VisibilityTimeout, seconds.to_string());
        let request = match redrive {
            Some(policy) => request.attributes(QueueAttributeName::RedrivePolicy, policy),
            None => request,
        };
        request.send().await.map_err(fault)?;
        Ok(())
    }

    /// Counts the messages of a queue.
    pub(crate) async fn depth(&self, queue: &str) -> Result<QueueDepth> {
        let request = self
            .client
            .get_queue_attributes()
            .queue_url(self.url(queue));
        let answer = request
            .attribute_names(QueueAttributeName::All)
            .send()
            .await
            .map_err(fault)?;
        let attributes = answer.attributes.unwrap_or_default();
        Ok(QueueDepth {
            visible: count(
                &attributes,
                &QueueAttributeName::ApproximateNumberOfMessages,
            ),
            in_flight: count(
                &attributes,
                &QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            ),
            delayed: count(
                &attributes,
                &QueueAttributeName::ApproximateNumberOfMessagesDelayed,
            ),
        })
    }

    /// Puts a message into a queue, as any producer could.
    pub(crate) async fn send(&self, queue: &str, body: &str) -> Result<()> {
        let request = self.client.send_message().queue_url(self.url(queue));
        request.message_body(body).send().await.map_err(fault)?;
        if let Some(bell) = self.bells.get(queue) {
            bell.notify_one();
        }
        Ok(())
    }

    /// Receives up to ten messages of a queue and deletes them.
    pub(crate) async fn take(&self, queue: &str) -> Result<Vec<String>> {
        let url = self.url(queue);
        let request = self.client.receive_message().queue_url(&url);
        let received = request.max_number_of_messages(10).send().await;
        let mut bodies = Vec::new();
        for message in received.map_err(fault)?.messages.unwrap_or_default() {
            let request = self.client.delete_message().queue_url(&url);
            let request = request.set_receipt_handle(message.receipt_handle);
            request.send().await.map_err(fault)?;
            bodies.extend(message.body);
        }
        Ok(bodies)
    }
}

fn base_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn client(port: u16) -> Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version_latest()
        .endpoint_url(base_url(port))
        .region(Region::from_static(REGION))
        .credentials_provider(Credentials::new("test", "test", None, None, "local"))
        .http_client(http_client())
        .build();
    Client::from_conf(config)
}

fn count(attributes: &HashMap<QueueAttributeName, String>, name: &QueueAttributeName) -> usize {
    attributes
        .get(name)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

fn fault(error: impl std::error::Error) -> LocalError {
    LocalError::part(PART, DisplayErrorContext(error))
}
