//! Invokes functions the way AWS does: an event in, the function's answer out.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::error::{LocalError, Result};
use crate::front::{Failure, Functions, new_trace};

/// Invokes functions by messages and schedules.
#[derive(Debug, Clone)]
pub(crate) struct Invoker(pub(crate) Arc<Functions>);

impl Invoker {
    /// Invokes a function and waits at most `timeout` for its answer.
    pub(crate) async fn invoke(
        &self,
        function: &str,
        event: &Value,
        timeout: Duration,
    ) -> Result<Value> {
        let event = event.to_string().into();
        let answer = self.0.invoke(function, event, new_trace(), timeout).await;
        let answer = answer.map_err(|failure| match failure {
            Failure::Ended => LocalError::Ended(function.to_owned()),
            failure => LocalError::part(function, failure),
        })?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer).map_err(|error| LocalError::part(function, error))
    }
}
