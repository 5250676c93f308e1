//! Errors of the local stack, each worded so that the person at the terminal can act on it.

use std::error::Error;
use std::fmt::Display;

/// An error of the local stack; the person sees its text.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// Something this needs is not there; `remedy` says how to get it.
    #[error("{what} is missing: {remedy}")]
    Missing {
        /// The tool or file.
        what: String,
        /// The command or variable that mends it.
        remedy: String,
    },
    /// A port another program listens on.
    #[error("port {0} is taken by another program: stop it, or choose another one with PORT=...")]
    PortTaken(u16),
    /// This checkout's stack already runs.
    #[error(
        "the local stack already runs (process {pid}) at {base_url}: use it, or end it with `make stop`"
    )]
    AlreadyRunning {
        /// Its process id.
        pid: i32,
        /// Where it answers.
        base_url: String,
    },
    /// A part of the stack could not be started or does not answer.
    #[error("{part}: {reason}")]
    Part {
        /// Which part: `database`, `queue emulator`, a function's name.
        part: String,
        /// The error as text.
        reason: String,
    },
    /// The process of a function ended in the middle of an invocation.
    #[error("{0}: its process ended in the middle of an invocation")]
    Ended(String),
    /// An input file that cannot be used.
    #[error("{file}: {reason}")]
    Input {
        /// The file's name.
        file: String,
        /// The fault in the value.
        reason: String,
    },
    /// The service refused a call.
    #[error("{path} was refused: {reason}")]
    Refused {
        /// The call's path.
        path: String,
        /// The service's own message.
        reason: String,
    },
}

/// The result of everything in this crate.
pub type Result<T, E = LocalError> = std::result::Result<T, E>;

impl LocalError {
    /// Makes a fault of a part of the stack.
    pub(crate) fn part(part: impl Into<String>, reason: impl Display) -> Self {
        Self::Part {
            part: part.into(),
            reason: reason.to_string(),
        }
    }

    /// Makes a fault of an input file.
    pub(crate) fn input(file: impl Into<String>, reason: impl Display) -> Self {
        Self::Input {
            file: file.into(),
            reason: reason.to_string(),
        }
    }
}

/// Writes an error with its causes: the HTTP client keeps the interesting part in them.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
