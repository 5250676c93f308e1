//! Nothing of a stopped stack may live on.

use std::fs;

use super::eventually;

/// Waits until no process talks to the gateway that was at `base_url`: the functions have its address in their
/// environment, the gateway its port among its arguments.
pub(crate) async fn none(base_url: &str) {
    let (_, port) = base_url.rsplit_once(':').unwrap();
    let port = format!("--invoke-port\0{port}\0");
    let runtime_api = format!("AWS_LAMBDA_RUNTIME_API={base_url}/");
    let gone = async || {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let mut left = processes.filter(|entry| {
            let holds = |file: &str, text: &str| {
                let bytes = fs::read(entry.path().join(file)).unwrap_or_default();
                String::from_utf8_lossy(&bytes).contains(text)
            };
            holds("cmdline", &port) || holds("environ", &runtime_api)
        });
        left.next().is_none().then_some(())
    };
    eventually("every process of the stack has ended", gone).await;
}
