use rcgen::{CertificateParams, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::*;

/// Calls `erp.example` over TLS; the target has a certificate for `name`, which the client trusts or not.
async fn over_tls(name: &str, is_trusted: bool) -> Outcome {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private);
    let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        if let Ok(mut stream) = acceptor.accept(stream).await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 204 -\r\n\r\n").await;
            let _ = stream.read(&mut [0; 16]).await;
        }
    });
    let mut roots = RootCertStore::empty();
    if is_trusted {
        roots.add(certificate.der().clone()).unwrap();
    }
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let hosts = Arc::new(TargetHosts::parse("erp.example,127.0.0.1").unwrap());
    let lookups = Lookups::of(&[&["127.0.0.1"]]);
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1();
    let client = client(https.wrap_connector(connector(lookups, &hosts)));
    let url = TargetUrl::parse(&format!("https://erp.example:{port}/"), &hosts).unwrap();
    post(&client, &url, &request(), SOON).await
}

#[tokio::test]
async fn a_certificate_counts_if_it_is_trusted_and_names_the_host() {
    assert!(
        matches!(over_tls("erp.example", true).await, Outcome::Answered(answer) if answer.status == 204)
    );
    let refused = Outcome::NotReached("its certificate was not accepted");
    assert_eq!(over_tls("other.example", true).await, refused);
    assert_eq!(over_tls("erp.example", false).await, refused);
}
