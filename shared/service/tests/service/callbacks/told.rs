//! Telling: claimed, called, written.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use task_service::callbacks::{Resend, deliver, resend};
use task_service::targets::{SecretSource, Secrets, TargetCaller, TargetClient};
use task_store::callbacks::{DeliveryState, due};
use task_store::testing::with_database;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// A target that answers each request with the next status, the last one for ever, and remembers what it was sent.
pub(super) async fn target(statuses: &'static [u16]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/told", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::clone(&seen);
    tokio::spawn(async move {
        for no in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = String::new();
            while !request.ends_with("}}") {
                let mut part = [0; 4096];
                let length = stream.read(&mut part).await.unwrap();
                request.push_str(std::str::from_utf8(&part[..length]).unwrap());
            }
            requests.lock().unwrap().push(request);
            let status = statuses.get(no).or(statuses.last()).unwrap();
            let answer =
                format!("HTTP/1.1 {status} -\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, seen)
}

/// A file of secrets with one for `erp`; it is removed with the test.
struct SecretFile(PathBuf);

impl SecretFile {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("secrets-{:x}.json", fastrand::u64(..)));
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(br#"{"erp":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}"#)
            .unwrap();
        Self(path)
    }

    fn secrets(&self) -> Secrets {
        Secrets::new(SecretSource::File(self.0.clone()))
    }
}

impl Drop for SecretFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

pub(super) async fn ended(fresh: &TestDatabase, url: &str) -> TaskId {
    declare(fresh, url).await;
    let id = add(fresh, &request(None)).await.unwrap();
    finish(fresh, id).await;
    id
}

pub(super) async fn tell(fresh: &TestDatabase, id: TaskId) {
    let file = SecretFile::new();
    let targets = TargetCaller::new(TargetClient::new(hosts()), file.secrets());
    deliver(&fresh.database, &targets, (id, 1)).await.unwrap();
}

pub(super) async fn hasten(fresh: &TestDatabase) {
    run(
        fresh,
        "UPDATE tbl_work SET turn = 0, ready_at = NOW(3), due_at = NOW(3) WHERE kind = 3",
    )
    .await;
}

pub(super) async fn state(fresh: &TestDatabase, id: TaskId) -> (DeliveryState, u32, Option<u16>) {
    let delivery = of(fresh, id).await.remove(0);
    (delivery.state, delivery.tries, delivery.http_status)
}

#[tokio::test]
async fn a_delivery_is_told_once_signed_and_with_one_id() {
    with_database(async |fresh| {
        let (url, seen) = target(&[204]).await;
        let id = ended(fresh, &url).await;
        tell(fresh, id).await;
        tell(fresh, id).await;
        assert_eq!(
            state(fresh, id).await,
            (DeliveryState::Delivered, 1, Some(204))
        );
        assert_eq!(open_units(fresh).await, 0);
        let seen = seen.lock().unwrap();
        let [request] = seen.as_slice() else {
            panic!("{seen:?}")
        };
        assert!(
            request.contains(&format!("webhook-id: cb_{id}_1\r\n")),
            "{request}"
        );
        assert!(request.contains("webhook-signature: v1,"), "{request}");
        assert!(
            request.contains(r#"{"type":"task.finished","timestamp":""#),
            "{request}"
        );
        assert!(
            request.contains(&format!(
                r#""data":{{"task_id":{id},"user_task_id":"","station_id":"T1""#
            )),
            "{request}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_target_that_fails_is_told_again_under_the_same_id_when_its_time_has_come() {
    with_database(async |fresh| {
        let (url, seen) = target(&[500, 200]).await;
        let id = ended(fresh, &url).await;
        tell(fresh, id).await;
        assert_eq!(state(fresh, id).await, (DeliveryState::Open, 1, Some(500)));
        tell(fresh, id).await;
        assert_eq!(seen.lock().unwrap().len(), 1, "its time has not come");
        hasten(fresh).await;
        let found = fresh
            .database
            .transaction(async |c| due(c, 10).await)
            .await
            .unwrap();
        assert_eq!(found.len(), 1, "the sweeper announces it");
        tell(fresh, id).await;
        assert_eq!(
            state(fresh, id).await,
            (DeliveryState::Delivered, 2, Some(200))
        );
        let seen = seen.lock().unwrap();
        assert!(
            seen.iter()
                .all(|request| request.contains(&format!("webhook-id: cb_{id}_1\r\n")))
        );
    })
    .await;
}

#[tokio::test]
async fn a_delivery_is_given_up_after_ten_tries_and_can_be_sent_again() {
    with_database(async |fresh| {
        let id = ended(fresh, NOWHERE).await;
        for _ in 0..10 {
            hasten(fresh).await;
            tell(fresh, id).await;
        }
        assert_eq!(state(fresh, id).await, (DeliveryState::GivenUp, 10, None));
        let error = of(fresh, id).await.remove(0).last_error.unwrap();
        assert_eq!(error, "no connection could be made");
        assert_eq!(open_units(fresh).await, 0);
        let delivery = of(fresh, id).await[0].id;
        resend(&fresh.database, &Resend::Ids(vec![delivery]), None)
            .await
            .unwrap();
        assert_eq!(state(fresh, id).await.0, DeliveryState::Open);
        tell(fresh, id).await;
        assert_eq!(
            state(fresh, id).await,
            (DeliveryState::Open, 1, None),
            "with all its tries"
        );
    })
    .await;
}

#[tokio::test]
async fn a_target_that_is_gone_disables_its_callback() {
    with_database(async |fresh| {
        let (url, seen) = target(&[410]).await;
        let id = ended(fresh, &url).await;
        let other = add(fresh, &request(None)).await.unwrap();
        finish(fresh, other).await;
        tell(fresh, id).await;
        tell(fresh, other).await;
        assert_eq!(
            state(fresh, id).await,
            (DeliveryState::HeldBack, 1, Some(410))
        );
        assert_eq!(
            state(fresh, other).await.0,
            DeliveryState::HeldBack,
            "nothing more is sent"
        );
        assert_eq!(seen.lock().unwrap().len(), 1);
        let reason =
            "SELECT COUNT(*) FROM tbl_callback WHERE disabled_reason = 'its target answered 410'";
        assert_eq!(number(fresh, reason).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_missing_secret_and_a_forbidden_host_are_told_to_nobody() {
    with_database(async |fresh| {
        let (url, seen) = target(&[204]).await;
        let id = ended(fresh, &url).await;
        let nowhere = Secrets::new(SecretSource::Nowhere);
        let targets = TargetCaller::new(TargetClient::new(hosts()), nowhere);
        deliver(&fresh.database, &targets, (id, 1)).await.unwrap();
        let error = of(fresh, id).await.remove(0).last_error.unwrap();
        assert_eq!(error, "its target's secret cannot be used");
        hasten(fresh).await;
        let (file, client) = (SecretFile::new(), TargetClient::new(TargetHosts::default()));
        let targets = TargetCaller::new(client, file.secrets());
        deliver(&fresh.database, &targets, (id, 1)).await.unwrap();
        let error = of(fresh, id).await.remove(0).last_error.unwrap();
        assert_eq!(error, "its target's URL may not be called");
        assert_eq!(seen.lock().unwrap().len(), 0);
    })
    .await;
}

#[tokio::test]
async fn no_connection_is_held_while_a_target_is_called_and_two_messages_make_one_call() {
    with_database(async |fresh| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let id = ended(fresh, &url).await;
        let (file, one) = (SecretFile::new(), fresh.another(1));
        let targets = TargetCaller::new(TargetClient::new(hosts()), file.secrets());
        let calling = deliver(&one, &targets, (id, 1));
        let during = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await.unwrap();
            // The process's only connection is free, and the same message again finds nothing to do.
            deliver(&one, &targets, (id, 1)).await.unwrap();
            stream.write_all(b"HTTP/1.1 204 -\r\n\r\n").await.unwrap();
        };
        let (told, ()) = tokio::join!(calling, during);
        told.unwrap();
        assert_eq!(
            state(fresh, id).await,
            (DeliveryState::Delivered, 1, Some(204))
        );
    })
    .await;
}
