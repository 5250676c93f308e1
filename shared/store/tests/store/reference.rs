//! Reference data.

use task_store::reference::{AddressRow, SkuRow};
use task_store::testing::{TestDatabase, with_database};
use task_store::{Result, StationId, reference};

use crate::support::{done, fault, read_number, station};

#[tokio::test]
async fn a_cycle_comes_back_as_it_was_loaded_with_the_clock_of_the_database() {
    with_database(async |fresh| {
        let limit = r#"{ "start": "06:00", "e_span_time": 1 , "名": "🧅" }"#;
        load_cycle(fresh, "T1", "C1", 2, true, limit).await.unwrap();
        let cycle = done(&fresh.database, async |c| reference::cycle(c, "C1").await)
            .await
            .unwrap();
        assert_eq!((cycle.id.as_str(), cycle.station.as_str()), ("C1", "T1"));
        assert_eq!((cycle.kind, cycle.enabled), (2, true));
        assert_eq!(
            (
                cycle.order_time_limit.as_str(),
                cycle.receive_time_limit.as_str()
            ),
            (limit, "{}")
        );
        let now = jiff::Timestamp::now()
            .to_zoned(jiff::tz::TimeZone::UTC)
            .datetime();
        let apart = now.duration_since(cycle.now.local(&jiff::tz::TimeZone::UTC));
        assert!(apart.abs().as_secs() < 60, "{apart:?}");
    })
    .await;
}

#[tokio::test]
async fn a_cycle_is_replaced_by_its_next_version() {
    with_database(async |fresh| {
        load_cycle(fresh, "T1", "C1", 1, true, "{}").await.unwrap();
        load_cycle(fresh, "T1", "C1", 2, false, "[]").await.unwrap();
        let cycle = done(&fresh.database, async |c| reference::cycle(c, "C1").await)
            .await
            .unwrap();
        assert_eq!(
            (cycle.kind, cycle.enabled, cycle.order_time_limit.as_str()),
            (2, false, "[]")
        );
    })
    .await;
}

#[tokio::test]
async fn a_cycle_is_found_by_its_exact_id_only() {
    with_database(async |fresh| {
        load_cycle(fresh, "T1", "c1", 1, true, "{}").await.unwrap();
        for id in ["C1", "ć1", "c1 ", " c1", "c1\t", "", "c"] {
            let found = done(&fresh.database, async |c| reference::cycle(c, id).await).await;
            assert!(found.is_none(), "{id:?}");
        }
    })
    .await;
}

/// An address as a reference file has it.
fn address(id: &str, uid: &str, name: &str, can_order: u8) -> String {
    format!(
        r#"[{{"address_id": "{id}", "uid": {uid}, "name": "{name}", "can_order": {can_order}}}]"#
    )
}

#[tokio::test]
async fn addresses_are_replaced_by_their_next_version() {
    with_database(async |fresh| {
        let t1 = station("T1");
        for json in [
            address("S1", "\"U\"", "旧", 1),
            address("S1", "null", "新 🏠", 0),
        ] {
            load_addresses(fresh, &t1, &json).await.unwrap();
        }
        let found = addresses(fresh, &t1, &["S1"]).await;
        assert_eq!(found, [("S1".into(), "新 🏠".into(), false)]);
        let no_uid = "SELECT COUNT(*) FROM tbl_address WHERE uid IS NULL";
        assert_eq!(read_number(fresh, no_uid).await, 1);
    })
    .await;
}

#[tokio::test]
async fn addresses_are_found_by_their_exact_id_at_their_own_station_only() {
    with_database(async |fresh| {
        let (t1, t2) = (station("T1"), station("T2"));
        load_addresses(fresh, &t1, &address("S1", "null", "一", 1))
            .await
            .unwrap();
        load_addresses(fresh, &t2, &address("S1", "null", "别家", 0))
            .await
            .unwrap();
        load_addresses(fresh, &t2, &address("S2", "null", "二", 1))
            .await
            .unwrap();
        let found = addresses(fresh, &t1, &["S1", "S2", "s1", "S3"]).await;
        assert_eq!(found, [("S1".into(), "一".into(), true)]);
        let found = addresses(fresh, &t2, &["S1"]).await;
        assert_eq!(found, [("S1".into(), "别家".into(), false)]);
        assert_eq!(addresses(fresh, &t1, &[]).await, []);
    })
    .await;
}

#[tokio::test]
async fn skus_are_replaced_and_found_at_their_own_station_only_with_exact_decimals() {
    with_database(async |fresh| {
        let (t1, t2) = (station("T1"), station("T2"));
        let sku = |id: &str, price: &str, cycle: &str| {
            format!(
                r#"[{{"sku_id": "{id}", "name": "白菜", "sale_unit": "斤", "sale_price": "{price}",
                "sale_num_least": "0.5", "on_sale": 1, "time_config_id": {cycle}}}]"#
            )
        };
        load_skus(fresh, &t1, &sku("D1", "1", "\"C1\""))
            .await
            .unwrap();
        load_skus(fresh, &t1, &sku("D1", "9999999999.99", "null"))
            .await
            .unwrap();
        load_skus(fresh, &t2, &sku("D1", "2.5", "\"C2\""))
            .await
            .unwrap();
        let found = skus(fresh, &t1, &["D1", "d1", "D2"]).await;
        assert_eq!(
            found,
            [("D1".into(), "9999999999.99".into(), "0.50".into(), None)]
        );
        let found = skus(fresh, &t2, &["D1"]).await;
        assert_eq!(
            found,
            [("D1".into(), "2.50".into(), "0.50".into(), Some("C2".into()))]
        );
        assert_eq!(skus(fresh, &t1, &[]).await, []);
    })
    .await;
}

/// `utf8mb4_bin` pads: to the tables `S1` and `S1 ` are one id. An order must name it as it is, and a file that
/// would overwrite one with the other is refused.
#[tokio::test]
async fn an_id_with_trailing_blanks_finds_nothing_and_cannot_be_loaded() {
    with_database(async |fresh| {
        let t1 = station("T1");
        let address = |id: &str| format!(r#"[{{"address_id": "{id}", "name": "n", "can_order": 1}}]"#);
        load_addresses(fresh, &t1, &address("S1")).await.unwrap();
        assert_eq!(addresses(fresh, &t1, &["S1 ", "S1\t", " S1"]).await, []);
        assert_eq!(addresses(fresh, &t1, &["S1 ", "S1"]).await.len(), 1);
        fault(load_addresses(fresh, &t1, &address("S1 ")).await);
        fault(load_addresses(fresh, &t1, &address("S2 ")).await);
        let sku = |id: &str| {
            format!(r#"[{{"sku_id": "{id}", "name": "n", "sale_unit": "u", "sale_price": "1", "sale_num_least": "1",
                "on_sale": 1}}]"#)
        };
        load_skus(fresh, &t1, &sku("D1")).await.unwrap();
        assert_eq!(skus(fresh, &t1, &["D1 "]).await, []);
        fault(load_skus(fresh, &t1, &sku("D1 ")).await);
        fault(load_cycle(fresh, "T1", "C1 ", 1, true, "{}").await);
    })
    .await;
}

#[tokio::test]
async fn an_address_or_cycle_that_does_not_fit_is_refused() {
    with_database(async |fresh| {
        let t1 = station("T1");
        let long = "x".repeat(65);
        let name = "名".repeat(129);
        for json in [
            address(&long, "null", "n", 1),
            address("S1", &format!("{long:?}"), "n", 1),
            address("S1", "null", &name, 1),
            address("", "null", "n", 1),
            r#"[{"name": "no id", "can_order": 1}]"#.to_owned(),
        ] {
            fault(load_addresses(fresh, &t1, &json).await);
        }
        fault(load_cycle(fresh, "T1", &long, 1, true, "{}").await);
        let rows = "(SELECT COUNT(*) FROM tbl_address) + (SELECT COUNT(*) FROM tbl_time_config)";
        assert_eq!(read_number(fresh, rows).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_sku_that_does_not_fit_is_refused() {
    with_database(async |fresh| {
        let t1 = station("T1");
        let (long, unit, large) = ("x".repeat(65), "斤".repeat(17), "10000000000");
        for (id, unit, price, least, cycle) in [
            (&*long, "u", "1", "1", "C"),
            ("D", &unit, "1", "1", "C"),
            ("D", "u", large, "1", "C"),
            ("D", "u", "x", "1", "C"),
            ("D", "u", "1", large, "C"),
            ("D", "u", "1", "1", &long),
        ] {
            let json = format!(
                r#"[{{"sku_id": "{id}", "name": "n", "sale_unit": "{unit}", "sale_price": "{price}",
                "sale_num_least": "{least}", "on_sale": 1, "time_config_id": "{cycle}"}}]"#
            );
            fault(load_skus(fresh, &t1, &json).await);
        }
        assert_eq!(read_number(fresh, "SELECT COUNT(*) FROM tbl_sku").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_file_of_thousands_is_loaded_in_one_statement() {
    with_database(async |fresh| {
        let t1 = station("T1");
        let rows: Vec<_> = (0..5000)
            .map(|n| {
                format!(
                    r#"{{"address_id": "S{n}", "uid": "U{n}", "name": "客户{n}", "can_order": 1}}"#
                )
            })
            .collect();
        load_addresses(fresh, &t1, &format!("[{}]", rows.join(",")))
            .await
            .unwrap();
        let ids: Vec<_> = (0..6000).map(|n| format!("S{n}")).collect();
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        assert_eq!(addresses(fresh, &t1, &ids).await.len(), 5000);
    })
    .await;
}

async fn load_cycle(
    fresh: &TestDatabase,
    owner: &str,
    id: &str,
    kind: u8,
    enabled: bool,
    order_limit: &str,
) -> Result<()> {
    let enabled = u8::from(enabled);
    let cycles = format!(
        r#"[{{"id": "{id}", "name": "n", "type": {kind}, "enabled": {enabled},
        "order_time_limit": {order_limit:?}, "receive_time_limit": "{{}}"}}]"#
    );
    let owner = station(owner);
    let load = async |c: &mut _| reference::upsert_cycles(c, &owner, &cycles).await;
    fresh.database.run(load).await
}

async fn load_addresses(fresh: &TestDatabase, station: &StationId, json: &str) -> Result<()> {
    let load = async |c: &mut _| reference::upsert_addresses(c, station, json).await;
    fresh.database.run(load).await
}

async fn load_skus(fresh: &TestDatabase, station: &StationId, json: &str) -> Result<()> {
    let load = async |c: &mut _| reference::upsert_skus(c, station, json).await;
    fresh.database.run(load).await
}

/// Reads the rows with these ids, of both kinds: a list of orders asks for both at once.
async fn named(
    fresh: &TestDatabase,
    station: &StationId,
    ids: &[&str],
) -> (Vec<AddressRow>, Vec<SkuRow>) {
    let read = async |c: &mut _| reference::named(c, station, ids, ids).await;
    done(&fresh.database, read).await
}

async fn addresses(
    fresh: &TestDatabase,
    station: &StationId,
    ids: &[&str],
) -> Vec<(String, String, bool)> {
    let (rows, _) = named(fresh, station, ids).await;
    sorted(
        rows.into_iter()
            .map(|a| (a.address_id, a.name, a.can_order)),
    )
}

async fn skus(
    fresh: &TestDatabase,
    station: &StationId,
    ids: &[&str],
) -> Vec<(String, String, String, Option<String>)> {
    let (_, rows) = named(fresh, station, ids).await;
    let fields = |s: SkuRow| (s.sku_id, s.sale_price, s.sale_num_least, s.time_config_id);
    sorted(rows.into_iter().map(fields))
}

fn sorted<T: Ord>(rows: impl Iterator<Item = T>) -> Vec<T> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}
