//! The calls a person's client makes to import a batch of orders, over HTTP like any other client's.

use std::io;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::{LocalError, Result, with_causes};
use crate::wait;

/// How often the progress of a batch is asked for.
const POLL: Duration = Duration::from_millis(20);
/// How long a batch may stand still before we stop waiting for it.
const PATIENCE: Duration = Duration::from_mins(2);
/// How many failed orders are asked for at once.
const PAGE: usize = 500;

/// A client of the service.
#[derive(Debug)]
pub(crate) struct Api {
    base_url: String,
    client: reqwest::Client,
}

/// A batch of orders to import, as it is sent.
#[derive(Debug, Serialize)]
pub(crate) struct Batch {
    pub(crate) task_id: String,
    pub(crate) time_config_id: String,
    pub(crate) file_name: String,
    #[serde(rename = "order_data")]
    pub(crate) orders: Vec<Value>,
}

/// Returns a value as gzipped JSON. The text itself is never in memory as a whole.
pub(crate) fn zipped(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut buffer = io::BufWriter::with_capacity(64 * 1024, encoder);
    serde_json::to_writer(&mut buffer, value)?;
    let encoder = buffer
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    encoder.finish()
}

/// An order that failed, as `batch/result` lists it.
#[derive(Debug, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(crate) struct Failed {
    pub(crate) index: u64,
    pub(crate) out_order_no: Value,
    pub(crate) address_id: Value,
    pub(crate) code: Value,
    pub(crate) msg: String,
    pub(crate) errors: Vec<Fault>,
}

/// One thing that is wrong with an order.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct Fault {
    pub(crate) code: Value,
    pub(crate) field: String,
    pub(crate) value: Value,
    pub(crate) msg: String,
}

#[derive(Deserialize)]
struct Envelope {
    code: i64,
    msg: String,
    #[serde(default)]
    data: Value,
}

impl Api {
    pub(crate) fn new(base_url: &str) -> Result<Self> {
        Ok(Self {
            base_url: base_url.to_owned(),
            client: wait::client(Duration::from_secs(30))?,
        })
    }

    /// Submits a batch as gzip and gives the URL of its task, root-relative or absolute.
    pub(crate) async fn submit(&self, batch: &Batch) -> Result<String> {
        let path = "/station/order/batch/submit";
        let body = zipped(batch).map_err(|error| LocalError::part(path, error))?;
        let request = self.client.post(format!("{}{path}", self.base_url));
        let request = request.header("content-type", "application/json");
        let request = request.header("content-encoding", "gzip");
        let data = self.answer(path, request.body(body)).await?;
        let url = data["task_url"].as_str().unwrap_or_default();
        Ok(url.to_owned())
    }

    /// Adds a task of another system.
    pub(crate) async fn add(&self, task: &Value) -> Result<()> {
        self.post("/task/add", task).await.map(drop)
    }

    /// Declares a queue, or changes it.
    pub(crate) async fn declare(&self, queue: &Value) -> Result<()> {
        self.post("/task/queue/set", queue).await.map(drop)
    }

    /// Follows a task until it is finished, handing on its percentage, and gives its `result`.
    pub(crate) async fn follow(&self, task_url: &str, mut draw: impl FnMut(u64)) -> Result<Value> {
        let mut last = (0, Instant::now());
        loop {
            let task = self.read(task_url).await?;
            let percent = task["progress"].as_u64().unwrap_or(0);
            draw(percent);
            if task["status"] == 3 {
                return Ok(task["result"].clone());
            }
            if percent != last.0 {
                last = (percent, Instant::now());
            }
            if last.1.elapsed() > PATIENCE {
                let reason = format!(
                    "stands at {percent}% for {} s: see .local/log",
                    PATIENCE.as_secs()
                );
                return Err(LocalError::part(task_url, reason));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Returns the failed orders of a batch, in input order.
    pub(crate) async fn failed(&self, task_id: &str) -> Result<Vec<Failed>> {
        let mut failed = Vec::new();
        for page in 0.. {
            let question =
                json!({"task_id": task_id, "status": "failed", "limit": PAGE, "offset": page});
            let data = self.post("/station/order/batch/result", &question).await?;
            let details = data["details"].clone();
            let found: Vec<Failed> = serde_json::from_value(details)
                .map_err(|error| LocalError::part("/station/order/batch/result", error))?;
            let is_last = found.len() < PAGE;
            failed.extend(found);
            if is_last {
                break;
            }
        }
        Ok(failed)
    }

    async fn read(&self, path: &str) -> Result<Value> {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base_url)
        };
        self.answer(path, self.client.get(url)).await
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let url = format!("{}{path}", self.base_url);
        self.answer(path, self.client.post(url).json(body)).await
    }

    async fn answer(&self, path: &str, request: reqwest::RequestBuilder) -> Result<Value> {
        let fault =
            |error: reqwest::Error| LocalError::part(path, with_causes(&error.without_url()));
        let envelope: Envelope = request
            .send()
            .await
            .map_err(fault)?
            .json()
            .await
            .map_err(fault)?;
        if envelope.code == 0 {
            return Ok(envelope.data);
        }
        Err(LocalError::Refused {
            path: path.to_owned(),
            reason: envelope.msg,
        })
    }
}
