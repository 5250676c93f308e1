//! Everything between the Lambda runtime and the use-cases, once: configuration, parameters, the calling station,
//! the answer envelope, partial batch responses, logs, metrics.
//!
//! A function is a `main` that hands one `async fn` to [`http::post`], [`http::get_or_post`], [`sqs::serve`] or
//! [`schedule::serve`]. That function's first parameter names its state (see [`FromEnvironment`]); it is built
//! once per instance, before the first event.

mod callers;
mod concurrent;
mod configuration;
mod console;
mod deadline;
mod fault;
pub mod http;
mod metrics;
mod parameters;
mod runtime;
pub mod schedule;
mod settings;
pub mod sqs;
mod targets;
pub mod telemetry;
mod text;
pub mod variables;

pub use callers::Callers;
pub use configuration::{ConfigurationError, Environment, FromEnvironment};
pub use console::ConsoleSettings;
pub use lambda_runtime::Error;
pub use parameters::{Parameter, Parameters, ReportFormat, ValueType};
pub use settings::{ClaimPlaces, PublicBaseUrl, StationSource};
