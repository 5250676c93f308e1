use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread::{JoinHandle, spawn};

use super::*;

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:long-tasks-AbCdEf";
const SECRET: &str = r#"{"SecretString":"{\"username\":\"rows\",\"password\":\"p/@w\"}"}"#;

/// A server that gives each request the next answer; ends with the requests it has seen.
fn server(answers: &'static [(u16, &'static str)]) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serve = move |(status, body): &(u16, &str)| {
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
    (url, spawn(move || answers.iter().map(serve).collect()))
}

fn request(endpoint: Option<&str>) -> SecretRequest<'_> {
    SecretRequest {
        id: ARN,
        version: Version::Id("v2"),
        region: None,
        endpoint,
        credentials: Credentials {
            key: "AKID",
            secret: "hidden",
            token: Some("session"),
        },
    }
}

#[tokio::test]
async fn a_secret_is_asked_for_by_a_signed_request_and_put_into_the_url() {
    let (url, seen) = server(&[(200, SECRET)]);
    let login = login(&request(Some(&url))).await.unwrap();
    let complete = login
        .put_into("mysql://db:3306/tasks?ssl-mode=disabled")
        .unwrap();
    assert_eq!(
        complete,
        "mysql://rows:p%2F%40w@db:3306/tasks?ssl-mode=disabled"
    );
    let seen = seen.join().unwrap().remove(0);
    assert!(
        seen.contains("x-amz-target: secretsmanager.GetSecretValue"),
        "{seen}"
    );
    assert!(seen.contains("x-amz-security-token: session"), "{seen}");
    assert!(
        seen.contains(
            "/eu-west-1/secretsmanager/aws4_request, SignedHeaders=content-type;host;x-amz-date;"
        ),
        "{seen}"
    );
    assert!(
        seen.contains(ARN) && seen.contains(r#""VersionId":"v2""#),
        "{seen}"
    );
    assert_eq!(seen.matches("host: ").count(), 1, "{seen}");
}

#[tokio::test]
async fn an_answer_that_passes_is_asked_for_again_and_a_refusal_is_not() {
    let (url, seen) = server(&[
        (503, ""),
        (400, r#"{"__type":"ThrottlingException"}"#),
        (200, SECRET),
    ]);
    assert!(login(&request(Some(&url))).await.is_ok());
    assert_eq!(seen.join().unwrap().len(), 3);
    let (url, seen) = server(&[(
        400,
        r#"{"__type":"x#AccessDeniedException","Message":"role"}"#,
    )]);
    let error = login(&request(Some(&url))).await.err().unwrap().to_string();
    assert_eq!(
        error,
        "cannot be read: Secrets Manager answered 400 AccessDeniedException"
    );
    assert_eq!(seen.join().unwrap().len(), 1);
}

#[test]
fn a_secret_without_a_user_is_refused_without_a_word_of_it() {
    for secret in [
        r#"{"SecretString":"hunter2"}"#,
        r#"{"SecretString":"{\"password\":\"hunter2\"}"}"#,
        "hunter2",
    ] {
        let login = read(200, secret.as_bytes()).and_then(|version| Login::of(&version));
        let error = login.err().unwrap().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn a_version_is_asked_for_by_its_stage_and_says_when_it_was_made() {
    let (url, seen) = server(&[(
        200,
        r#"{"SecretString":"whsec_x","CreatedDate":1.7000000005E9}"#,
    )]);
    let request = SecretRequest {
        id: "stack/target/erp",
        version: Version::Stage("AWSPREVIOUS"),
        region: Some("eu-west-1"),
        ..request(Some(&url))
    };
    let version = read_version(&request).await.unwrap();
    assert_eq!(
        (version.text.as_str(), version.created_at),
        ("whsec_x", Some(1_700_000_000))
    );
    let seen = seen.join().unwrap().remove(0);
    assert!(seen.contains(r#""SecretId":"stack/target/erp""#), "{seen}");
    assert!(seen.contains(r#""VersionStage":"AWSPREVIOUS""#), "{seen}");
}

#[test]
fn a_url_with_a_user_of_its_own_takes_no_login() {
    let version = read(200, SECRET.as_bytes()).ok().unwrap();
    let login = Login::of(&version).ok().unwrap();
    for url in ["mysql://u:p@h/d", "postgres://h/d", ""] {
        assert!(login.put_into(url).unwrap_err().contains("without a user"));
    }
    assert!(login.put_into("mysql://h/d?ssl-ca=/a@b").is_ok());
}

#[test]
fn a_secret_is_asked_for_in_its_own_region_and_partition() {
    let place = |arn| {
        place(&SecretRequest {
            id: arn,
            ..request(None)
        })
        .map(|(_, url)| url)
    };
    assert_eq!(
        place(ARN).unwrap(),
        "https://secretsmanager.eu-west-1.amazonaws.com/"
    );
    let chinese = "arn:aws-cn:secretsmanager:cn-north-1:1:secret:s";
    assert_eq!(
        place(chinese).unwrap(),
        "https://secretsmanager.cn-north-1.amazonaws.com.cn/"
    );
    assert!(place("long-tasks").is_err() && place("arn:aws:sqs:r:1:q").is_err());
}
