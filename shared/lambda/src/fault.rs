//! Faults at the boundary: a panic is caught and becomes an error of its event, and the log line of an error
//! holds no data.

use std::{borrow::Cow, panic::AssertUnwindSafe};

use futures_util::FutureExt;
use task_service::{Error, ErrorCode, Result};

/// Runs one event's work; a panic in it becomes an error, and the process goes on with the next event.
///
/// State that outlives the event must stand a panic: the store closes a connection whose work did not complete.
pub(crate) async fn isolated<T>(work: impl Future<Output = T>) -> Result<T> {
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .map_err(|_| Error::refused(ErrorCode::SystemBusy, "the handler panicked"))
}

/// Returns the loggable text of an error: no value that a caller sent, and none that the database quotes.
pub(crate) fn loggable(error: &Error) -> Cow<'_, str> {
    match error {
        Error::Refused {
            code: ErrorCode::SystemBusy,
            message,
            ..
        } => Cow::Borrowed(message),
        Error::Refused { code, .. } => Cow::Borrowed(code.as_str()),
        Error::Store(fault) => Cow::Owned(fault.kind()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_temporary_fault() {
        let error = isolated(async { panic!("order of customer 7") })
            .await
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::SystemBusy);
        assert_eq!(loggable(&error), "the handler panicked");
    }

    #[test]
    fn a_refusal_is_logged_without_the_value_it_shows() {
        assert_eq!(
            loggable(&Error::invalid("uid", "is bad: \"7\"")),
            "PARAM_INVALID"
        );
    }
}
