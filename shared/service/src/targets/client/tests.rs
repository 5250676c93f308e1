mod tls;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// Answers each look-up of any name with the next list of addresses.
#[derive(Debug, Clone)]
struct Lookups(Arc<Mutex<Vec<Vec<IpAddr>>>>);

impl Lookups {
    fn of(answers: &[&[&str]]) -> Self {
        let addresses = |list: &&[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        Self(Arc::new(Mutex::new(
            answers.iter().rev().map(addresses).collect(),
        )))
    }
}

impl tower_service::Service<Name> for Lookups {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        let addresses = self.0.lock().unwrap().pop().unwrap_or_default();
        let addresses: Vec<_> = addresses.into_iter().map(|ip| (ip, 0).into()).collect();
        std::future::ready(Ok(addresses.into_iter()))
    }
}

fn request() -> SignedRequest {
    SignedRequest {
        id: "task_7_1".to_owned(),
        timestamp: 1_700_000_000,
        signature: "v1,abc".to_owned(),
        body: "{}".to_owned(),
    }
}

const SOON: Duration = Duration::from_millis(400);

/// A target that says something once it has read a request, then waits for the end of the connection.
async fn target(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/run", listener.local_addr().unwrap());
    let serve = async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read(&mut stream).await;
        stream.write_all(answer.as_bytes()).await.unwrap();
        let _ = stream.read(&mut [0; 16]).await;
        request
    };
    (url, tokio::spawn(serve))
}

async fn read(stream: &mut TcpStream) -> String {
    let mut request = String::new();
    while !request.ends_with("{}") {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).await.unwrap();
        request.push_str(std::str::from_utf8(&part[..length]).unwrap());
    }
    request
}

fn loopback() -> TargetHosts {
    TargetHosts::parse("127.0.0.1").unwrap()
}

async fn call(url: &str) -> Outcome {
    let url = TargetUrl::parse(url, &loopback()).unwrap();
    TargetClient::new(loopback())
        .post(&url, &request(), SOON)
        .await
}

async fn answered(text: &'static str) -> Answer {
    let (url, _) = target(text).await;
    match call(&url).await {
        Outcome::Answered(answer) => answer,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_target_gets_the_signed_request_and_its_answer_is_read() {
    let (url, seen) = target(
        "HTTP/1.1 200 OK\r\ncontent-length: 17\r\nconnection: close\r\n\r\n{\"finished\":true}",
    )
    .await;
    let answer = Answer {
        status: 200,
        retry_after: None,
        body: r#"{"finished":true}"#.to_owned(),
        is_whole: true,
    };
    assert_eq!(call(&url).await, Outcome::Answered(answer));
    let seen = seen.await.unwrap();
    for line in [
        "POST /run HTTP/1.1",
        "content-type: application/json",
        "webhook-id: task_7_1",
        "webhook-timestamp: 1700000000",
        "webhook-signature: v1,abc",
    ] {
        assert!(seen.contains(line), "{line}: {seen}");
    }
}

/// Runs itself again in a process whose environment names a proxy, where nobody listens.
#[tokio::test]
async fn a_proxy_of_the_environment_is_not_used() {
    const PROXIES: [&str; 3] = ["HTTP_PROXY", "http_proxy", "ALL_PROXY"];
    if std::env::var("http_proxy").is_ok_and(|proxy| proxy == "http://127.0.0.1:1") {
        let text = "HTTP/1.1 204 -\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(answered(text).await.status, 204);
        return;
    }
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["a_proxy_of_the_environment_is_not_used", "--nocapture"]);
    again.envs(PROXIES.map(|name| (name, "http://127.0.0.1:1")));
    assert!(again.output().unwrap().status.success());
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let answer = answered(
        "HTTP/1.1 307 -\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    assert_eq!((answer.status, answer.is_whole), (307, true));
}

#[tokio::test]
async fn an_endless_answer_is_read_to_its_limit_and_a_slow_one_to_its_time() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read(&mut stream).await;
        stream.write_all(b"HTTP/1.1 500 -\r\n\r\n").await.unwrap();
        while stream.write_all(&[b'x'; 8192]).await.is_ok() {}
    });
    let Outcome::Answered(endless) = call(&url).await else {
        panic!()
    };
    assert_eq!(
        (endless.status, endless.body.len(), endless.is_whole),
        (500, MOST_BYTES, false)
    );
    let slow = answered("HTTP/1.1 200 -\r\ncontent-length: 99\r\n\r\n{\"fin").await;
    assert_eq!(
        (slow.status, slow.body.as_str(), slow.is_whole),
        (200, "{\"fin", false)
    );
}

#[tokio::test]
async fn a_target_that_hangs_resets_or_talks_nonsense_has_not_answered() {
    for answer in ["", "HTTP/1.1 20", "SSH-2.0-x\r\n\r\n"] {
        let (url, _) = target(answer).await;
        assert_eq!(call(&url).await, Outcome::Silent, "{answer:?}");
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read(&mut stream).await;
    });
    assert_eq!(
        call(&url).await,
        Outcome::Silent,
        "closed after the request"
    );
}

#[tokio::test]
async fn a_target_that_does_not_listen_is_not_reached() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(
        call(&url).await,
        Outcome::NotReached("no connection could be made")
    );
}

#[tokio::test]
async fn a_wait_is_told_in_seconds_or_as_a_date() {
    let wait = async |text: &'static str| answered(text).await.retry_after;
    assert_eq!(
        wait("HTTP/1.1 503 -\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n").await,
        Some(7)
    );
    assert_eq!(
        wait("HTTP/1.1 429 -\r\nretry-after: 999999999\r\ncontent-length: 0\r\n\r\n").await,
        Some(LONGEST_WAIT)
    );
    assert_eq!(wait("HTTP/1.1 429 -\r\nretry-after: Fri, 31 Dec 1999 23:59:59 GMT\r\ncontent-length: 0\r\n\r\n").await, Some(0));
    assert_eq!(
        wait("HTTP/1.1 429 -\r\nretry-after: soon\r\ncontent-length: 0\r\n\r\n").await,
        None
    );
}

/// Calls a name that is looked up so, on the port of a target that listens on the loopback address.
async fn looked_up(lookups: Lookups, calls: usize) -> Vec<Outcome> {
    let (url, _) = target("HTTP/1.1 204 -\r\n\r\n").await;
    let port = url.rsplit_once(':').unwrap().1.trim_end_matches("/run");
    let hosts = Arc::new(TargetHosts::parse("erp.example,127.0.0.1").unwrap());
    let client = client(connector(lookups, &hosts));
    let mut url = TargetUrl::parse("https://erp.example/", &hosts).unwrap();
    url.set_uri(format!("http://erp.example:{port}/").parse().unwrap());
    let mut outcomes = Vec::new();
    for _ in 0..calls {
        outcomes.push(post(&client, &url, &request(), SOON).await);
    }
    outcomes
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_connected_to() {
    let blocked = [
        ("127.0.0.2", "loopback"),
        ("10.0.0.1", "private"),
        ("169.254.169.254", "link-local"),
        ("0.0.0.0", "unspecified"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "IPv4-mapped"),
        ("::ffff:169.254.169.254", "IPv4-mapped"),
        ("fd00:ec2::254", "metadata"),
        ("fe80::1", "link-local"),
    ];
    for (address, kind) in blocked {
        let outcomes = looked_up(Lookups::of(&[&[address]]), 1).await;
        let Outcome::Refused(Refusal { cause: reason, .. }) = &outcomes[0] else {
            panic!("{address}: {outcomes:?}")
        };
        assert!(
            reason.contains(kind) && reason.contains(address),
            "{reason}"
        );
    }
    let mixed = looked_up(Lookups::of(&[&["127.0.0.1", "10.0.0.1"]]), 1).await;
    assert!(
        matches!(&mixed[0], Outcome::Refused(_)),
        "one bad address spoils the name"
    );
}

#[tokio::test]
async fn a_name_whose_address_changes_after_the_check_is_connected_to_the_checked_one() {
    // The second answer is what a look-up between check and connection would find.
    let outcomes = looked_up(Lookups::of(&[&["127.0.0.1"], &["169.254.169.254"]]), 2).await;
    assert!(
        matches!(&outcomes[0], Outcome::Answered(answer) if answer.status == 204),
        "{outcomes:?}"
    );
    assert!(
        matches!(&outcomes[1], Outcome::Refused(refusal) if refusal.cause.contains("link-local")),
        "{outcomes:?}"
    );
}
