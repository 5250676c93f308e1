//! The trace that the current work is part of: messages sent meanwhile carry it to the worker's log.
//!
//! It belongs to the work, not to the process: where several invocations run in one, each has its own.

tokio::task_local! {
    static HEADER: Option<String>;
}

/// Does work as a part of a trace, which is named by its header (`Root=1-5759e988-bd862e3f;Parent=…;Sampled=1`), if there is one.
pub async fn within<T>(header: Option<String>, work: impl Future<Output = T>) -> T {
    HEADER.scope(header, work).await
}

/// Returns the header of the trace that this is done within.
#[must_use]
pub fn current() -> Option<String> {
    HEADER.try_with(Clone::clone).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn works_that_take_turns_have_a_trace_each() {
        let work = async |header: Option<&str>| {
            within(header.map(str::to_owned), async {
                let before = current();
                tokio::task::yield_now().await;
                (before, current())
            })
            .await
        };
        let (a, b, none) = tokio::join!(work(Some("Root=a")), work(Some("Root=b")), work(None));
        let both = |header: &str| (Some(header.to_owned()), Some(header.to_owned()));
        assert_eq!((a, b, none), (both("Root=a"), both("Root=b"), (None, None)));
        assert_eq!(current(), None);
    }
}
