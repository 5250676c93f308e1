//! Finding orders that were made before.

use task_store::orders::{made_by_task, with_out_order_no};
use task_store::testing::{TestDatabase, with_database};
use task_store::{StationId, TaskId};

use crate::orders::{insert, insert_for, order};
use crate::support::{done, fault, station};

#[tokio::test]
async fn orders_are_found_by_key_in_their_own_task_only() {
    with_database(async |fresh| {
        let (here, seven, eight) = (station("T1"), task("7"), task("8"));
        insert(
            fresh,
            &here,
            &[order(1, "a:S1", None), order(2, "a:S2", None)],
        )
        .await
        .unwrap();
        insert_for(fresh, &here, eight, &[order(3, "a:S1", None)])
            .await
            .unwrap();
        let keys = ["a:S1", "a:S2", "a:S3"];
        let expected = [("a:S1".to_owned(), 1), ("a:S2".to_owned(), 2)];
        assert_eq!(by_keys(fresh, seven, &keys).await, expected);
        assert_eq!(by_keys(fresh, eight, &keys).await, [("a:S1".to_owned(), 3)]);
        assert_eq!(by_keys(fresh, seven, &[]).await, []);
    })
    .await;
}

#[tokio::test]
async fn keys_are_compared_byte_by_byte() {
    with_database(async |fresh| {
        let here = station("T1");
        let keys = [
            "a", "A", "á", "a\u{301}", "a ", " a", "a\0", "a\\", "a\"", "菜", "🧅",
        ];
        let orders: Vec<_> = (1..)
            .zip(keys)
            .map(|(id, key)| order(id, key, None))
            .collect();
        insert(fresh, &here, &orders).await.unwrap();
        for (id, key) in (1..).zip(keys) {
            let found = by_keys(fresh, task("7"), &[key]).await;
            assert_eq!(found, [(key.to_owned(), id)]);
        }
        let longest = format!("o:{}", "菜".repeat(64));
        insert(fresh, &here, &[order(99, &longest, None)])
            .await
            .unwrap();
        assert_eq!(
            by_keys(fresh, task("7"), &[&longest]).await,
            [(longest.clone(), 99)]
        );
    })
    .await;
}

#[tokio::test]
async fn order_numbers_are_found_at_their_own_station_only() {
    with_database(async |fresh| {
        let (t1, t2) = (station("T1"), station("T2"));
        insert(
            fresh,
            &t1,
            &[order(1, "k1", Some("N1")), order(2, "k2", None)],
        )
        .await
        .unwrap();
        insert(fresh, &t2, &[order(3, "k3", Some("N2"))])
            .await
            .unwrap();
        let numbers = ["N1", "n1", "N2", "Ñ1"];
        assert_eq!(
            by_numbers(fresh, &t1, &numbers).await,
            [("N1".to_owned(), 1)]
        );
        assert_eq!(
            by_numbers(fresh, &t2, &numbers).await,
            [("N2".to_owned(), 3)]
        );
        assert_eq!(by_numbers(fresh, &t1, &[]).await, []);
    })
    .await;
}

/// `utf8mb4_bin` pads: the unique key takes `N1` and `N1 ` for one number. Whoever asks must hear so under the
/// spelling that was asked for, or the insert fails for no reason a caller could name.
#[tokio::test]
async fn an_order_number_with_trailing_blanks_is_the_one_without() {
    with_database(async |fresh| {
        let here = station("T1");
        insert(fresh, &here, &[order(1, "k1", Some("N1"))])
            .await
            .unwrap();
        let again = insert(fresh, &here, &[order(2, "k2", Some("N1  "))]).await;
        assert!(fault(again).is_duplicate_key());
        assert_eq!(
            by_numbers(fresh, &here, &["N1  "]).await,
            [("N1  ".to_owned(), 1)]
        );
        let both = by_numbers(fresh, &here, &["N1", "N1 "]).await;
        assert_eq!(both, [("N1".to_owned(), 1), ("N1 ".to_owned(), 1)]);
        for other in [" N1", "N1\t", "N1\u{a0}", "N1\0"] {
            assert_eq!(by_numbers(fresh, &here, &[other]).await, []);
        }
    })
    .await;
}

fn task(id: &str) -> TaskId {
    TaskId::parse(id).unwrap()
}

async fn by_keys(fresh: &TestDatabase, task: TaskId, keys: &[&str]) -> Vec<(String, i64)> {
    let mut found = done(&fresh.database, async |c| made_by_task(c, task, keys).await).await;
    found.sort();
    found
}

async fn by_numbers(
    fresh: &TestDatabase,
    station: &StationId,
    numbers: &[&str],
) -> Vec<(String, i64)> {
    let mut found = done(&fresh.database, async |c| {
        with_out_order_no(c, station, numbers).await
    })
    .await;
    found.sort();
    found
}
