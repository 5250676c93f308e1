use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread::{JoinHandle, spawn};

use super::*;

const NEW: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

fn keys(texts: &[&str]) -> Vec<SigningKey> {
    texts
        .iter()
        .map(|text| SigningKey::parse(text).unwrap())
        .collect()
}

/// A Secrets Manager that gives each request the next answer; ends with the requests it has seen.
fn manager(answers: Vec<(u16, String)>) -> (SecretSource, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = Some(format!("http://{}", listener.local_addr().unwrap()));
    let serve = move |(status, body): &(u16, String)| {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = String::new();
        while !request.ends_with('}') {
            let mut part = [0; 4096];
            let length = stream.read(&mut part).unwrap();
            request.push_str(std::str::from_utf8(&part[..length]).unwrap());
        }
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status} -\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
        stream
            .write_all(format!("{head}{body}").as_bytes())
            .unwrap();
        request
    };
    let source = SecretSource::Manager {
        prefix: "shop/target/".to_owned(),
        endpoint,
        role: Role {
            region: "eu-west-1".to_owned(),
            key: "AKID".to_owned(),
            secret: "hidden".to_owned(),
            token: None,
        },
    };
    (source, spawn(move || answers.iter().map(serve).collect()))
}

fn version(secret: &str, age: i64) -> (u16, String) {
    let created = jiff::Timestamp::now().as_second() - age;
    (
        200,
        format!(r#"{{"SecretString":"{secret}","CreatedDate":{created}}}"#),
    )
}

#[tokio::test]
async fn a_new_secret_is_signed_with_beside_the_one_before_it_for_a_day() {
    let (source, seen) = manager(vec![version(NEW, 60), version(OLD, 90_000)]);
    let secrets = Secrets::new(source);
    assert_eq!(secrets.keys("erp").await.unwrap()[..], keys(&[NEW, OLD]));
    assert_eq!(
        secrets.keys("erp").await.unwrap().len(),
        2,
        "kept: asked for once"
    );
    let seen = seen.join().unwrap();
    assert!(
        seen[0].contains(r#""SecretId":"shop/target/erp","VersionStage":"AWSCURRENT""#),
        "{seen:?}"
    );
    assert!(seen[1].contains("AWSPREVIOUS"), "{seen:?}");
}

#[tokio::test]
async fn an_old_secret_is_signed_with_alone_and_so_is_the_first_there_is() {
    let (source, seen) = manager(vec![version(NEW, 86_401)]);
    assert_eq!(
        Secrets::new(source).keys("erp").await.unwrap()[..],
        keys(&[NEW])
    );
    assert_eq!(seen.join().unwrap().len(), 1);
    let missing = (400, r#"{"__type":"ResourceNotFoundException"}"#.to_owned());
    let (source, _) = manager(vec![version(NEW, 60), missing]);
    assert_eq!(
        Secrets::new(source).keys("erp").await.unwrap()[..],
        keys(&[NEW])
    );
}

/// Secrets whose one secret was read some time ago.
async fn read_before(source: SecretSource, age: Duration) -> Secrets {
    let secrets = Secrets::new(source);
    let read_at = Instant::now().checked_sub(age).unwrap();
    let kept = Kept {
        keys: keys(&[OLD]).into(),
        read_at,
        again_at: read_at + KEPT,
    };
    let kept = Arc::new(Mutex::new(Some(kept)));
    secrets.kept.lock().await.insert("erp".to_owned(), kept);
    secrets
}

fn throttled() -> (u16, String) {
    (400, r#"{"__type":"ThrottlingException"}"#.to_owned())
}

#[tokio::test]
async fn a_secret_is_used_as_it_was_for_an_hour_while_it_cannot_be_read_and_asked_for_now_and_then()
{
    let (source, seen) = manager(vec![throttled(), throttled(), throttled()]);
    let secrets = read_before(source, KEPT).await;
    for _ in 0..3 {
        assert_eq!(secrets.keys("erp").await.unwrap()[..], keys(&[OLD]));
    }
    assert_eq!(seen.join().unwrap().len(), 3, "the tries of one read");
    let (source, _) = manager(vec![throttled(), throttled(), throttled()]);
    let error = read_before(source, STALE)
        .await
        .keys("erp")
        .await
        .unwrap_err();
    assert!(
        error.reason.contains("ThrottlingException") && error.passes,
        "{error:?}"
    );
    let missing = (400, r#"{"__type":"ResourceNotFoundException"}"#.to_owned());
    let (source, _) = manager(vec![missing]);
    let error = read_before(source, KEPT)
        .await
        .keys("erp")
        .await
        .unwrap_err();
    assert!(
        error.reason.contains("ResourceNotFound") && !error.passes,
        "a deleted secret is used no more: {error:?}"
    );
}

#[tokio::test]
async fn a_new_secret_is_not_signed_with_alone_because_the_one_before_it_could_not_be_read() {
    let answers = vec![version(NEW, 60), throttled(), throttled(), throttled()];
    let (source, _) = manager(answers);
    let error = Secrets::new(source).keys("erp").await.unwrap_err();
    assert!(
        error.reason.contains("ThrottlingException") && error.passes,
        "{error:?}"
    );
}

#[tokio::test]
async fn calls_that_wait_for_one_read_wait_no_longer_than_it_may_take() {
    // It takes connections, and answers none.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (mut source, _) = manager(Vec::new());
    if let SecretSource::Manager { endpoint, .. } = &mut source {
        *endpoint = Some(format!("http://{}", listener.local_addr().unwrap()));
    }
    let secrets = Secrets {
        patience: Duration::from_millis(200),
        ..Secrets::new(source)
    };
    let start = Instant::now();
    let calls = (0..4).map(|_| secrets.keys("erp"));
    for end in futures_util::future::join_all(calls).await {
        let fault = end.unwrap_err();
        assert!(fault.reason.contains("did not answer in time") && fault.passes);
    }
    assert!(
        start.elapsed() < 3 * secrets.patience,
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn a_secret_that_cannot_be_used_is_named_and_not_shown() {
    let (source, _) = manager(vec![version("whsec_hunter2", 60)]);
    let error = Secrets::new(source).keys("erp").await.unwrap_err().reason;
    assert!(
        error.starts_with("its secret erp must be whsec_") && !error.contains("hunter2"),
        "{error}"
    );
    let error = Secrets::new(SecretSource::Nowhere)
        .keys("erp")
        .await
        .unwrap_err()
        .reason;
    assert!(error.contains("is not known"), "{error}");
}

#[test]
fn a_file_of_secrets_names_one_or_two_versions_of_each() {
    let text = format!(r#"{{"erp":"{NEW}","crm":["{NEW}","{OLD}"],"none":[],"bad":"hunter2"}}"#);
    assert_eq!(of_file(&text, "erp").unwrap()[..], keys(&[NEW]));
    assert_eq!(of_file(&text, "crm").unwrap()[..], keys(&[NEW, OLD]));
    for (name, word) in [
        ("none", "1 or 2"),
        ("bad", "whsec_"),
        ("other", "is not in the file"),
    ] {
        let error = of_file(&text, name).unwrap_err();
        assert!(
            error.contains(word) && !error.contains("hunter2"),
            "{error}"
        );
    }
    assert!(of_file("hunter2", "erp").is_err_and(|error| !error.contains("hunter2")));
}

#[test]
fn the_name_of_a_secret_is_short_and_plain() {
    for name in ["a", "erp-orders", "7"] {
        assert_eq!(SecretName::parse(name).unwrap().as_str(), name);
    }
    for name in ["", "Erp", "a/b", "a.b", "../x", &"x".repeat(65)] {
        assert!(SecretName::parse(name).is_none(), "{name}");
    }
}
