//! A value that does not fit the orders' tables is an error: never cut, clamped or made NULL on the way.

use task_store::Result;
use task_store::orders::{NewLine, NewOrder};
use task_store::testing::{TestDatabase, with_database};

use crate::orders::{columns, count, insert, insert_lines, line, order};
use crate::support::{fault, read_number, station};

/// Stores an order that must be refused, for its own sake.
async fn refuse(fresh: &TestDatabase, order: NewOrder<'_>) {
    let fault = fault(insert(fresh, &station("T1"), &[order]).await);
    assert!(
        !fault.is_retryable() && !fault.is_duplicate_key(),
        "{fault}"
    );
    assert_eq!(count(fresh).await, 0);
}

/// Stores a line that must be refused: alone, and among enough lines for the statement of fixed length.
async fn refuse_line(fresh: &TestDatabase, refused: NewLine<'_>) {
    for others in [0, 1_100] {
        let mut lines = vec![refused.clone()];
        lines.extend((2..2 + others).map(|no| line(1, no)));
        let end: Result<()> = insert_lines(fresh, &lines).await;
        assert!(!fault(end).is_retryable());
        let lines = "SELECT COUNT(*) FROM tbl_order_detail";
        assert_eq!(read_number(fresh, lines).await, 0);
    }
}

#[tokio::test]
async fn a_text_of_the_full_length_is_kept() {
    with_database(async |fresh| {
        let (id, remark) = ("编".repeat(64), "备".repeat(128));
        let key = format!("o:{id}");
        let full = NewOrder {
            address_id: &id,
            uid: Some(&id),
            remark: Some(&remark),
            ..order(1, &key, Some(&id))
        };
        insert(fresh, &station("T1"), &[full]).await.unwrap();
        let stored = columns(fresh, 1).await;
        let stored: Vec<_> = [2, 3, 4, 5, 9]
            .map(|n: usize| stored[n].clone().unwrap())
            .into();
        assert_eq!(stored, [key, id.clone(), id.clone(), id, remark]);
    })
    .await;
}

#[tokio::test]
async fn an_id_that_is_too_long_is_refused() {
    with_database(async |fresh| {
        let (long, key) = ("x".repeat(65), "x".repeat(265));
        refuse(fresh, order(2, &key, None)).await;
        refuse(fresh, order(2, "k", Some(&long))).await;
        let mut wrong = order(2, "k", None);
        wrong.address_id = &long;
        refuse(fresh, wrong).await;
        let mut wrong = order(2, "k", None);
        wrong.uid = Some(&long);
        refuse(fresh, wrong).await;
        let mut wrong = line(1, 1);
        wrong.sku_id = &long;
        refuse_line(fresh, wrong).await;
    })
    .await;
}

#[tokio::test]
async fn a_remark_that_is_too_long_is_refused() {
    with_database(async |fresh| {
        for length in [129, 5000] {
            let remark = "备".repeat(length);
            let mut wrong = order(2, "k", None);
            wrong.remark = Some(&remark);
            refuse(fresh, wrong).await;
            let mut wrong = line(1, 1);
            wrong.spu_remark = Some(&remark);
            refuse_line(fresh, wrong).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_total_or_time_that_does_not_fit_is_refused() {
    with_database(async |fresh| {
        let (huge, least) = ("1000000000000000000.00", "-1000000000000000000.00");
        for total in [huge, least, "x", "", "1.0x"] {
            let mut wrong = order(1, "k", None);
            total.clone_into(&mut wrong.total);
            refuse(fresh, wrong).await;
        }
        for begin in ["2026-02-30 08:00:00", "x", "", "2026-11-23 25:00:00"] {
            let mut wrong = order(1, "k", None);
            begin.clone_into(&mut wrong.receive_begin);
            refuse(fresh, wrong).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_line_with_a_number_that_does_not_fit_is_refused() {
    with_database(async |fresh| {
        let (large, huge) = ("10000000000.00", "1000000000000000000.00");
        for wrong in [
            NewLine {
                quantity: large.to_owned(),
                ..line(1, 1)
            },
            NewLine {
                unit_price: large.to_owned(),
                ..line(1, 1)
            },
            NewLine {
                amount: huge.to_owned(),
                ..line(1, 1)
            },
            line(1, 40_000),
            line(1, u32::MAX),
        ] {
            refuse_line(fresh, wrong).await;
        }
    })
    .await;
}
