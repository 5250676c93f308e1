//! Nothing of a stopped stack may live on.

use std::fs;

use super::eventually;

/// Waits until the front that was at `base_url` is closed and no process has its address in its environment.
pub(crate) async fn none(base_url: &str) {
    let (_, address) = base_url.split_once("//").unwrap();
    let runtime_api = format!("AWS_LAMBDA_RUNTIME_API={base_url}/");
    let gone = async || {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let mut left = processes.filter(|entry| {
            let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&runtime_api)
        });
        let is_closed = std::net::TcpStream::connect(address).is_err();
        (left.next().is_none() && is_closed).then_some(())
    };
    eventually("every process of the stack has ended", gone).await;
}
