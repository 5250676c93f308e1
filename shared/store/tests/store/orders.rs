//! `tbl_order` and `tbl_order_detail`: stored verbatim or refused, never changed on the way.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sqlx::Row as _;
use task_store::orders::{self, NewLine, NewOrder, OrderBatch};
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, Result, StationId, TaskId};

use crate::support::{done, fault, read, read_number, station};

pub(crate) fn order<'a>(id: i64, key: &'a str, number: Option<&'a str>) -> NewOrder<'a> {
    NewOrder {
        id,
        key,
        out_order_no: number,
        address_id: "S001",
        uid: None,
        receive_begin: "2026-11-23 08:00:00".to_owned(),
        receive_end: "2026-11-23 09:00:00".to_owned(),
        remark: None,
        total: "1.00".to_owned(),
    }
}

pub(crate) fn line(order_id: i64, line_no: u32) -> NewLine<'static> {
    NewLine {
        order_id,
        line_no,
        sku_id: "D1",
        quantity: "1.50".to_owned(),
        unit_price: "2.00".to_owned(),
        amount: "3.00".to_owned(),
        is_price_timing: false,
        spu_remark: None,
    }
}

pub(crate) async fn insert(
    fresh: &TestDatabase,
    station: &StationId,
    orders: &[NewOrder<'_>],
) -> Result<()> {
    let task = TaskId::parse("7").unwrap();
    insert_for(fresh, station, task, orders).await
}

pub(crate) async fn insert_for(
    fresh: &TestDatabase,
    station: &StationId,
    task: TaskId,
    orders: &[NewOrder<'_>],
) -> Result<()> {
    let batch = OrderBatch {
        station,
        task,
        time_config_id: "ST001",
    };
    fresh
        .database
        .run(async |c: &mut Connection| orders::insert(c, batch, orders).await)
        .await
}

pub(crate) async fn insert_lines(fresh: &TestDatabase, lines: &[NewLine<'_>]) -> Result<()> {
    fresh
        .database
        .run(async |c: &mut Connection| orders::insert_lines(c, lines).await)
        .await
}

pub(crate) async fn count(fresh: &TestDatabase) -> i64 {
    read_number(fresh, "SELECT COUNT(*) FROM tbl_order").await
}

/// Every column of an order as text.
pub(crate) async fn columns(fresh: &TestDatabase, id: i64) -> Vec<Option<String>> {
    done(&fresh.database, async |c| {
        let row = sqlx::query(
            "SELECT station_id, CAST(task_id AS CHAR), order_key, out_order_no, address_id, uid, time_config_id, \
             CAST(receive_begin AS CHAR), CAST(receive_end AS CHAR), remark, CAST(total AS CHAR) \
             FROM tbl_order WHERE id = ?",
        )
        .bind(id)
        .fetch_one(c)
        .await?;
        Ok((0..11).map(|n| row.try_get_unchecked(n).unwrap()).collect())
    })
    .await
}

#[tokio::test]
async fn an_order_is_stored_as_it_was_given() {
    with_database(async |fresh| {
        let whole = NewOrder {
            uid: Some("U1"),
            remark: Some("门口 \"放\" \\ 'x' 🧅\n\0\u{1}\u{7f}"),
            total: "123456789012345678.90".to_owned(),
            ..order(4_000_000_007, "o:N-1", Some("N-1"))
        };
        let none = order(i64::MAX, "a:S001", None);
        insert(fresh, &station("站点一"), &[whole.clone(), none])
            .await
            .unwrap();
        let stored = columns(fresh, whole.id).await;
        let stored: Vec<_> = stored.iter().map(|text| text.as_deref().unwrap()).collect();
        let (begin, end) = ("2026-11-23 08:00:00", "2026-11-23 09:00:00");
        let ids = ["站点一", "7", "o:N-1", "N-1", "S001", "U1", "ST001"];
        let rest = [begin, end, whole.remark.unwrap(), "123456789012345678.90"];
        assert_eq!(stored, [&ids[..], &rest[..]].concat());
        let stored = columns(fresh, i64::MAX).await;
        assert_eq!(
            [3, 5, 9].map(|n: usize| stored[n].clone()),
            [None, None, None]
        );
    })
    .await;
}

#[tokio::test]
async fn many_lines_are_stored_like_few() {
    with_database(async |fresh| {
        let of_order = |order_id, spu_remark| NewLine {
            is_price_timing: order_id == 2,
            spu_remark,
            ..line(order_id, 1)
        };
        let mut lines = vec![of_order(1, Some("去皮 \"'\\")), of_order(2, None)];
        lines.extend((3..=2_100).map(|order_id| of_order(order_id, None)));
        insert_lines(fresh, &lines).await.unwrap();
        let sums = "SELECT COUNT(*) + SUM(quantity * 100) + SUM(unit_price) + SUM(amount) FROM tbl_order_detail";
        assert_eq!(
            read_number(fresh, &format!("SELECT CAST(({sums}) AS SIGNED)")).await,
            2_100 * (1 + 150 + 2 + 3)
        );
        let special = "SELECT GROUP_CONCAT(CONCAT_WS('|', order_id, sku_id, is_price_timing, spu_remark) \
            ORDER BY order_id SEPARATOR ';') FROM tbl_order_detail WHERE is_price_timing = 1 OR spu_remark IS NOT NULL";
        let expected = "1|D1|0|去皮 \"'\\;2|D1|1";
        assert_eq!(read(fresh, special).await.as_deref(), Some(expected));
    })
    .await;
}

#[tokio::test]
async fn lines_are_stored_as_they_were_given() {
    with_database(async |fresh| {
        let first = NewLine {
            quantity: "9999999999.99".to_owned(),
            unit_price: "0.01".to_owned(),
            amount: "100000000.00".to_owned(),
            is_price_timing: true,
            spu_remark: Some("去皮 🥔 \"'\\"),
            ..line(5, 1)
        };
        insert_lines(fresh, &[first, line(5, 2), line(6, 1)]).await.unwrap();
        let all = read(
            fresh,
            "SELECT GROUP_CONCAT(CONCAT_WS('|', order_id, line_no, sku_id, quantity, unit_price, amount, \
             is_price_timing, COALESCE(spu_remark, 'NULL')) ORDER BY order_id, line_no SEPARATOR ';') FROM tbl_order_detail",
        );
        let expected = "5|1|D1|9999999999.99|0.01|100000000.00|1|去皮 🥔 \"'\\;\
            5|2|D1|1.50|2.00|3.00|0|NULL;6|1|D1|1.50|2.00|3.00|0|NULL";
        assert_eq!(all.await.as_deref(), Some(expected));
        assert!(fault(insert_lines(fresh, &[line(6, 2), line(6, 1)]).await).is_duplicate_key());
    })
    .await;
}

#[tokio::test]
async fn a_repeated_id_key_or_order_number_fails_the_whole_statement() {
    with_database(async |fresh| {
        let here = station("T1");
        insert(fresh, &here, &[order(1, "k1", Some("N1"))])
            .await
            .unwrap();
        for repeated in [
            order(1, "k3", Some("N3")),
            order(3, "k1", Some("N3")),
            order(3, "k3", Some("N1")),
        ] {
            let end = insert(fresh, &here, &[order(2, "k2", Some("N2")), repeated]).await;
            assert!(fault(end).is_duplicate_key());
            assert_eq!(count(fresh).await, 1);
        }
        let twins = [order(4, "k4", Some("N4")), order(5, "k5", Some("N4"))];
        assert!(fault(insert(fresh, &here, &twins).await).is_duplicate_key());
    })
    .await;
}

#[tokio::test]
async fn a_key_is_unique_in_its_task_and_an_order_number_in_its_station() {
    with_database(async |fresh| {
        let (t1, t2) = (station("T1"), station("T2"));
        insert(fresh, &t1, &[order(1, "k", Some("N"))])
            .await
            .unwrap();
        insert(fresh, &t2, &[order(2, "K", Some("N"))])
            .await
            .unwrap();
        let other = TaskId::parse("8").unwrap();
        insert_for(
            fresh,
            &t1,
            other,
            &[order(3, "k", Some("n")), order(4, "k ", Some("ñ"))],
        )
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn many_orders_may_have_no_order_number() {
    with_database(async |fresh| {
        let keys: Vec<String> = (0..500).map(|n| format!("a:{n}")).collect();
        let orders: Vec<_> = (1..)
            .zip(&keys)
            .map(|(id, key)| order(id, key, None))
            .collect();
        insert(fresh, &station("T1"), &orders).await.unwrap();
        assert_eq!(count(fresh).await, 500);
    })
    .await;
}

#[tokio::test]
async fn any_text_an_order_may_hold_comes_back_as_it_was_given() {
    with_database(async |fresh| {
        let here = station("T1");
        let mut runner = TestRunner::deterministic();
        let texts =
            proptest::collection::vec(("(?s:.{0,60})", "(?s:.{0,128})|[ \"'\\\\%_\0]{0,9}"), 40);
        for round in 0..10 {
            let texts = texts.new_tree(&mut runner).unwrap().current();
            let keys: Vec<_> = texts
                .iter()
                .zip(0..)
                .map(|((id, _), n)| format!("{round}.{n}:{id}"))
                .collect();
            let orders: Vec<_> = (round * 40..)
                .zip(texts.iter().zip(&keys))
                .map(|(n, ((id, remark), key))| NewOrder {
                    address_id: id,
                    uid: Some(id),
                    remark: Some(remark),
                    ..order(n, key, None)
                })
                .collect();
            insert(fresh, &here, &orders).await.unwrap();
            for sent in &orders {
                let stored = columns(fresh, sent.id).await;
                let stored = [2, 4, 5, 9].map(|n: usize| stored[n].as_deref());
                assert_eq!(
                    stored,
                    [Some(sent.key), Some(sent.address_id), sent.uid, sent.remark]
                );
            }
        }
    })
    .await;
}
