//! The way to other servers: HTTP/1.1, with TLS where the URL says so.

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;

/// Connects to servers that the public authorities vouch for (Mozilla's, compiled in: no file is read at a cold start).
pub(crate) fn connector() -> HttpsConnector<HttpConnector> {
    HttpsConnectorBuilder::new()
        .with_webpki_roots()
        .https_or_http()
        .enable_http1()
        .build()
}
