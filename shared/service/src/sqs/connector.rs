//! The SDK's way to the network: hyper's client, which the Lambda runtime has as well, over HTTP/1.1 and TLS by ring, which
//! the database's connection has as well. The SDK's own client would bring a second TLS library and HTTP/2 into every
//! function, also functions that never send (docs/decisions/0014).

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as TcpConnector;
use hyper_util::rt::TokioExecutor;

use crate::https::connector;

/// Connections that are kept and used again.
#[derive(Debug, Clone)]
struct Connector(Client<HttpsConnector<TcpConnector>, SdkBody>);

/// Makes an HTTP client that trusts the public authorities.
#[must_use]
pub fn http_client() -> SharedHttpClient {
    let client = Client::builder(TokioExecutor::new()).build(connector());
    let connector = SharedHttpConnector::new(Connector(client));
    http_client_fn(move |_, _| connector.clone())
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move { exchange(&client, request).await })
    }
}

async fn exchange(
    client: &Client<HttpsConnector<TcpConnector>, SdkBody>,
    request: HttpRequest,
) -> Result<HttpResponse, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?;
    let response = client
        .request(request)
        .await
        .map_err(|error| ConnectorError::io(error.into()))?;
    HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
        .map_err(|error| ConnectorError::other(error.into(), None))
}
