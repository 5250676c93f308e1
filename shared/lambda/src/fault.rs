//! Faults at the boundary: a panic is caught and becomes an error of its event, and what is logged of an error
//! holds no data.

use std::{borrow::Cow, panic::AssertUnwindSafe};

use futures_util::FutureExt;
use task_service::{Error, Result, Word, store::StoreError};

/// Runs one event's work; a panic in it becomes an error, and the process goes on with the next event.
///
/// State that outlives the event must stand a panic: the store closes a connection whose work did not complete.
pub(crate) async fn isolated<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(Error::refused(Word::SystemBusy, "the handler panicked")))
}

/// What may be logged of an error. A database's own words can quote stored values, so of them only the SQLSTATE is.
pub(crate) fn loggable(error: &Error) -> Cow<'_, str> {
    match error {
        Error::Refused {
            word: Word::SystemBusy,
            message,
            ..
        } => Cow::Borrowed(message),
        Error::Refused { word, .. } => Cow::Borrowed(word.as_str()),
        Error::Store(fault @ StoreError::Database(error)) => match error.as_database_error() {
            Some(error) => Cow::Owned(format!(
                "database: {}SQLSTATE {}",
                if fault.is_contention() {
                    "contention, "
                } else {
                    ""
                },
                error.code().unwrap_or_default()
            )),
            None => Cow::Owned(fault.to_string()),
        },
        Error::Store(fault) => Cow::Owned(fault.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_temporary_fault() {
        let error = isolated::<()>(async { panic!("order of customer 7") })
            .await
            .unwrap_err();
        assert_eq!(error.word(), Word::SystemBusy);
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
