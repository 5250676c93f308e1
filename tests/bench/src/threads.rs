//! Workers as the processes they are in a deployment: each a thread with a runtime of its own.

/// Runs `work` once on each of `count` threads and waits for all.
pub(crate) fn run(count: usize, work: impl AsyncFn(usize) + Sync) {
    std::thread::scope(|scope| {
        for no in 0..count {
            let work = &work;
            scope.spawn(move || block_on(work(no)));
        }
    });
}

/// Runs a future on a runtime of its own.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}
