//! TLS to the database: who cannot prove to be it gets neither a password nor a statement.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use sqlx::{Executor as _, Row as _};
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, Database, DatabaseConfig, StoreError};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{execute, read};

/// The flag in a server's greeting that says it can do TLS.
const CAN_TLS: u8 = 0x08;

/// Certificates of an authority of the test's own, in a folder of the server's that it may read.
struct Authority {
    ca: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Authority {
    /// Makes an authority and a server's certificate from it, for the address 127.0.0.1 and no name.
    fn create(folder: &Path, name: &str) -> Self {
        let file = |part: &str| folder.join(format!("test-{name}-{part}.pem"));
        let authority = Self {
            ca: file("ca"),
            certificate: file("cert"),
            key: file("key"),
        };
        let mut params = CertificateParams::new([]).unwrap();
        let title = format!("test authority {name}");
        params.distinguished_name.push(DnType::CommonName, title);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_key = KeyPair::generate().unwrap();
        let ca = params.self_signed(&ca_key).unwrap();
        let issuer = Issuer::new(params, ca_key);
        let key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let server = server.signed_by(&key, &issuer).unwrap();
        fs::write(&authority.ca, ca.pem()).unwrap();
        fs::write(&authority.certificate, server.pem()).unwrap();
        fs::write(&authority.key, key.serialize_pem()).unwrap();
        authority
    }

    /// The certificates of the server.
    async fn of(fresh: &TestDatabase) -> Self {
        let variable = async |name: &str| {
            let path = read(fresh, &format!("SELECT @@GLOBAL.{name}")).await;
            PathBuf::from(path.unwrap())
        };
        Self {
            ca: variable("ssl_ca").await,
            certificate: variable("ssl_cert").await,
            key: variable("ssl_key").await,
        }
    }

    /// Makes the server use them from now on; connections there are stay as they are.
    async fn install(&self, fresh: &TestDatabase) {
        let variables = [
            ("ssl_ca", &self.ca),
            ("ssl_cert", &self.certificate),
            ("ssl_key", &self.key),
        ];
        for (variable, path) in variables {
            execute(
                fresh,
                &format!("SET GLOBAL {variable} = '{}'", path.display()),
            )
            .await;
        }
        execute(fresh, "ALTER INSTANCE RELOAD TLS").await;
    }

    fn delete(&self) {
        for path in [&self.ca, &self.certificate, &self.key] {
            fs::remove_file(path).unwrap();
        }
    }

    fn options(&self, mode: &str) -> String {
        format!("ssl-mode={mode}&ssl-ca={}", self.ca.display())
    }
}

/// The URL of a test's database with other options and, perhaps, another host and port.
fn url(fresh: &TestDatabase, authority: Option<&str>, options: &str) -> String {
    let (base, _) = fresh.url.split_once('?').unwrap();
    let (user, place) = base.split_once('@').unwrap();
    let (own, database) = place.split_once('/').unwrap();
    format!("{user}@{}/{database}?{options}", authority.unwrap_or(own))
}

/// Connects and answers which cipher the session has.
async fn cipher(url: &str) -> Result<String, StoreError> {
    let config = DatabaseConfig::parse(url, 1, Duration::from_secs(10)).unwrap();
    let cipher = async |c: &mut Connection| {
        let row = c.fetch_one("SHOW SESSION STATUS LIKE 'Ssl_cipher'").await?;
        Ok(row.try_get(1)?)
    };
    Database::new(config).run(cipher).await
}

/// Stands between clients and the server and takes TLS out of its greeting, as an attacker on the way would.
async fn without_tls(server: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(relay(client, server.clone()));
        }
    });
    place
}

async fn relay(mut client: TcpStream, server: String) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    let mut header = [0; 4];
    server.read_exact(&mut header).await?;
    let length = usize::from(header[0]) + 256 * usize::from(header[1]);
    let mut greeting = vec![0; length];
    server.read_exact(&mut greeting).await?;
    // Protocol, version up to a zero, session (4), salt (8), a filler, then the flags: TLS is in their second byte.
    let version = greeting
        .iter()
        .skip(1)
        .position(|byte| *byte == 0)
        .unwrap_or(0);
    greeting[1 + version + 1 + 4 + 8 + 1 + 1] &= !CAN_TLS;
    client.write_all(&header).await?;
    client.write_all(&greeting).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

fn host_and_port(fresh: &TestDatabase) -> String {
    let place = fresh.url.split('@').nth(1).unwrap();
    place.split('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_server_is_believed_only_with_a_certificate_for_its_name_from_the_authority_named() {
    with_database(async |fresh| {
        if read(fresh, "SELECT VERSION()")
            .await
            .unwrap()
            .contains("MariaDB")
        {
            // It has no certificate and cannot take one while it runs; the next test is about such a server.
            return;
        }
        let folder = PathBuf::from(read(fresh, "SELECT @@datadir").await.unwrap());
        let (own, other) = (
            Authority::create(&folder, "own"),
            Authority::create(&folder, "other"),
        );
        let before = Authority::of(fresh).await;
        own.install(fresh).await;
        let of = |options: &str| url(fresh, None, options);
        for mode in ["VERIFY_IDENTITY", "VERIFY_CA"] {
            assert_ne!(cipher(&of(&own.options(mode))).await.unwrap(), "", "{mode}");
            let foreign = cipher(&of(&other.options(mode))).await;
            assert!(foreign.is_err(), "{mode}: of another authority");
            let public = cipher(&of(&format!("ssl-mode={mode}"))).await;
            assert!(public.is_err(), "{mode}: of none that everybody knows");
        }
        let port = host_and_port(fresh).split_once(':').unwrap().1.to_owned();
        let by_name = url(
            fresh,
            Some(&format!("localhost:{port}")),
            &own.options("VERIFY_IDENTITY"),
        );
        assert!(cipher(&by_name).await.is_err(), "for another name");
        before.install(fresh).await;
        own.delete();
        other.delete();
    })
    .await;
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_asked_for() {
    with_database(async |fresh| {
        let plain = without_tls(host_and_port(fresh)).await;
        let of = |options: &str| url(fresh, Some(&plain), options);
        assert_eq!(
            cipher(&of("ssl-mode=DISABLED")).await.unwrap(),
            "",
            "the way there works"
        );
        for mode in ["REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"] {
            assert!(
                cipher(&of(&format!("ssl-mode={mode}"))).await.is_err(),
                "{mode}"
            );
        }
    })
    .await;
}
