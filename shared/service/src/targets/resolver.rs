//! Names become addresses here and nowhere else: the connection goes to the very address that was checked, whatever a second
//! look-up would say.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec::IntoIter;

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use super::hosts::TargetHosts;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A resolver whose answers are checked before anybody connects to them.
#[derive(Debug, Clone)]
pub(super) struct CheckedResolver<R> {
    pub(super) hosts: Arc<TargetHosts>,
    pub(super) inner: R,
}

impl<R> Service<Name> for CheckedResolver<R>
where
    R: Service<Name, Error: Into<Cause>, Future: Send + 'static>,
    R::Response: Iterator<Item = SocketAddr>,
{
    type Response = IntoIter<SocketAddr>;
    type Error = Cause;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Cause>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Cause>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    /// Resolves a name. One address that must not be reached spoils it: nobody has an honest reason to mix the two.
    fn call(&mut self, name: Name) -> Self::Future {
        let (hosts, answer) = (Arc::clone(&self.hosts), self.inner.call(name));
        Box::pin(async move {
            let addresses: Vec<_> = answer.await.map_err(Into::into)?.collect();
            for address in &addresses {
                hosts.check(address.ip())?;
            }
            Ok(addresses.into_iter())
        })
    }
}
