//! Loading a reference file: whole or not at all, and in words when it is refused.

use std::time::Duration;

use serde_json::{Value, json};
use task_service::reference::{self, Loaded};
use task_service::tasks::queues::SqsNames;
use task_service::{Error, ErrorCode};
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, StationId, reference as rows};
use tokio::sync::Notify;

/// A station with one good sku and these records.
fn file(station: &str, records: &Value) -> String {
    let mut all = json!({"station_id": station, "skus": [
        {"sku_id": "GOOD", "sale_price": "1", "sale_num_least": "1"}]});
    for (name, value) in records.as_object().unwrap() {
        all[name] = value.clone();
    }
    json!({"stations": [all]}).to_string()
}

fn cycle() -> Value {
    json!({"time_configs": [{"id": "C1", "type": 1, "order_time_limit": {"start": "00:00", "end": "23:59"},
                             "receive_time_limit": {"start": "06:00", "end": "23:30"}}]})
}

async fn load(fresh: &TestDatabase, file: &str) -> task_service::Result<Loaded> {
    reference::load_at_most(3, &fresh.database, &SqsNames::default(), file).await
}

async fn has_good_sku(fresh: &TestDatabase, station: &str) -> bool {
    let station = StationId::parse(station).unwrap();
    let found = fresh.database.run(async |c: &mut _| {
        let named = rows::named(c, &station, &[], &["GOOD"]).await?;
        Ok::<_, Error>(named)
    });
    !found.await.unwrap().1.is_empty()
}

#[tokio::test]
async fn a_file_with_a_bad_record_loads_nothing_and_names_it_without_sql() {
    with_database(async |fresh| {
        let bad = json!({"addresses": [{"address_id": "S1", "name": "x".repeat(300)},
                                       {"address_id": "S2 "}]});
        let error = load(fresh, &file("T1", &bad)).await.unwrap_err();
        let message = error.to_string();
        assert_eq!(error.code(), ErrorCode::ParamInvalid);
        assert!(message.contains("address S1: name xxx"), "{message}");
        assert!(message.contains("300 characters, at most 128"), "{message}");
        assert!(message.contains("address S2 : address_id"), "{message}");
        assert!(!has_good_sku(fresh, "T1").await);
    })
    .await;
}

#[tokio::test]
async fn a_cycle_of_another_station_is_named_and_nothing_is_loaded() {
    with_database(async |fresh| {
        load(fresh, &file("T1", &cycle())).await.unwrap();
        let error = load(fresh, &file("T2", &cycle())).await.unwrap_err();
        assert!(
            error
                .to_string()
                .contains("operating cycle C1: id is another station's"),
            "{error}"
        );
        assert!(has_good_sku(fresh, "T1").await);
        assert!(!has_good_sku(fresh, "T2").await);
    })
    .await;
}

#[tokio::test]
async fn two_loads_at_once_never_change_each_others_cycle() {
    with_database(async |fresh| {
        let other = fresh.another(1);
        let mine = StationId::parse("T1").unwrap();
        let cycles = r#"[{"id": "C1", "name": "mine", "type": 1, "enabled": 1,
            "order_time_limit": "{}", "receive_time_limit": "{}"}]"#;
        let (late, stored) = (file("T2", &cycle()), Notify::new());
        let first = other.transaction(async |c: &mut Connection| {
            rows::upsert_cycles(c, &mine, cycles).await?;
            stored.notify_one();
            // The other load meets the row while it is not committed.
            tokio::time::sleep(Duration::from_millis(500)).await;
            Ok::<_, Error>(())
        });
        let second = async {
            stored.notified().await;
            load(fresh, &late).await
        };
        let (first, second) = futures_util::future::join(first, second).await;
        first.unwrap();
        let error = second.unwrap_err();
        assert_eq!(error.code(), ErrorCode::ParamInvalid, "{error}");
        let cycle = async |c: &mut _| Ok::<_, Error>(rows::cycles(c, &mine, 9).await?);
        let there = fresh.database.run(cycle).await.unwrap();
        assert_eq!((there.len(), &*there[0].0), (1, "mine"));
        assert!(!has_good_sku(fresh, "T2").await);
    })
    .await;
}

#[tokio::test]
async fn a_file_of_more_records_than_a_call_takes_is_refused_with_both_numbers() {
    with_database(async |fresh| {
        let addresses: Vec<_> = (0..3)
            .map(|n| json!({"address_id": n.to_string()}))
            .collect();
        let large = file("T1", &json!({"addresses": addresses}));
        let error = load(fresh, &large).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::ParamInvalid);
        let message = error.to_string();
        assert!(
            message.contains("has 4 records, at most 3 are allowed"),
            "{message}"
        );
        assert!(!has_good_sku(fresh, "T1").await);
        let fits = file("T1", &json!({"addresses": addresses[1..]}));
        assert_eq!(load(fresh, &fits).await.unwrap().addresses, 2);
    })
    .await;
}
