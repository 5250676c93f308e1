//! Rework: the item behind a made thing, and closing.

use std::time::Duration;

use task_store::chunks::{self, Claimed};
use task_store::items::{self, ItemStatus, Outcome};
use task_store::rework;
use task_store::testing::with_database;
use task_store::{Connection, StoreError};

use crate::support::{
    LEASE, a_batch, claim, counting_reads, done, end_chunk, execute, read_number,
};

#[tokio::test]
async fn what_was_made_is_traced_to_its_item_by_its_row_or_by_its_reserved_id() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 2).await;
        let (first, second) = (claim(fresh, task, 0).await, claim(fresh, task, 1).await);
        let made = Outcome::made(1, 77);
        let settle = async |c: &mut _| items::settle(c, &first, std::slice::from_ref(&made)).await;
        done(&fresh.database, settle).await;
        let of_made = async |id| {
            done(&fresh.database, async |c| {
                rework::index_of_made(c, task, 1, id).await
            })
            .await
        };
        let reserved = |claim: &Claimed, position| chunks::reserved_id(claim.id, position);
        assert_eq!(
            of_made(reserved(&first, 0)).await,
            None,
            "the chunk is open"
        );
        let complete = async |c: &mut _| end_chunk(c, &first).await;
        assert!(done(&fresh.database, complete).await);
        assert_eq!(of_made(reserved(&first, 0)).await, Some(0));
        assert_eq!(of_made(77).await, Some(1));
        assert_eq!(
            of_made(reserved(&first, 1)).await,
            None,
            "its row names another"
        );
        assert_eq!(
            of_made(reserved(&first, 2)).await,
            None,
            "the chunk has no such item"
        );
        assert_eq!(of_made(reserved(&second, 0)).await, None);
    })
    .await;
}

#[tokio::test]
async fn corrected_items_are_listed_with_what_was_made_of_them_and_no_others() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 2).await;
        let first = claim(fresh, task, 0).await;
        let refused = Outcome {
            status: ItemStatus::Failed,
            made_id: None,
            ..Outcome::made(1, 0)
        };
        let outcomes = [Outcome::made(0, 70), refused];
        let settle = async |c: &mut _| items::settle(c, &first, &outcomes).await;
        done(&fresh.database, settle).await;
        assert!(done(&fresh.database, async |c| end_chunk(c, &first).await).await);
        let reopen = async |c: &mut _| rework::reopen(c, task, 1, 1, "{}", None, LEASE).await;
        let reopened = done(&fresh.database, reopen).await;
        let corrected = async |run| {
            let find = async |c: &mut _| rework::corrected(c, task, run).await;
            done(&fresh.database, find).await
        };
        assert_eq!(corrected(1).await, [], "it is open");
        let rework = claim(fresh, task, reopened.chunk).await;
        let made = [Outcome::made(1, 71)];
        let settle = async |c: &mut _| items::settle(c, &rework, &made).await;
        done(&fresh.database, settle).await;
        assert_eq!(corrected(1).await, [(71, 1)]);
        assert_eq!(corrected(2).await, [], "another run");
    })
    .await;
}

#[tokio::test]
async fn closing_does_not_wait_for_another_tasks_chunks() {
    with_database(async |fresh| {
        let [mine, theirs] = [a_batch(fresh, 2).await, a_batch(fresh, 2).await];
        let held = claim(fresh, theirs, 0).await;
        let other = fresh.another(1);
        let cancelled = other.transaction(async |c: &mut Connection| {
            assert!(end_chunk(c, &held).await?);
            let cancel = async |c: &mut _| chunks::cancel_open(c, mine, 1).await;
            let cancel = fresh.database.run(cancel);
            let end = tokio::time::timeout(Duration::from_secs(8), cancel).await;
            Ok::<_, StoreError>(end.map(|end| end.unwrap()))
        });
        assert_eq!(cancelled.await.unwrap(), Ok(()));
        let states = "SELECT SUM(state * 10) FROM tbl_batch_chunk";
        assert_eq!(read_number(fresh, states).await, 2 * 20 + 10);
    })
    .await;
}

#[tokio::test]
async fn what_people_made_by_hand_is_found_without_reading_the_other_items() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 2).await;
        let claimed = claim(fresh, task, 0).await;
        let outcome = |(index, status)| Outcome {
            status,
            ..Outcome::made(index, 7)
        };
        let all = (0..500).map(|index| (index, ItemStatus::Failed));
        let outcomes: Vec<_> = all
            .chain([(500, ItemStatus::Amended)])
            .map(outcome)
            .collect();
        let settle = async |c: &mut _| items::settle(c, &claimed, &outcomes).await;
        done(&fresh.database, settle).await;
        let one = fresh.another(1);
        let by_hand = async |c: &mut Connection| rework::made_by_hand(c, task).await;
        let (read, found) = done(&one, async |c| counting_reads(c, by_hand).await).await;
        assert_eq!(found.len(), 1);
        assert!(read < 10, "{read} rows and entries read");
    })
    .await;
}

#[tokio::test]
async fn what_a_person_can_mend_is_read_in_pages_in_input_order() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 3).await;
        let claimed = claim(fresh, task, 0).await;
        let statuses = [
            ItemStatus::Dropped,
            ItemStatus::Success,
            ItemStatus::Failed,
            ItemStatus::Pending,
            ItemStatus::Amended,
            ItemStatus::Failed,
        ];
        let outcomes: Vec<_> = (0..)
            .zip(statuses)
            .map(|(index, status)| Outcome {
                status,
                ..Outcome::made(index, 7)
            })
            .collect();
        done(&fresh.database, async |c| {
            items::settle(c, &claimed, &outcomes).await
        })
        .await;
        let page = async |from, limit| {
            let read = async |c: &mut _| rework::mendable(c, task, 1, from, limit).await;
            let page = done(&fresh.database, read).await;
            page.iter()
                .map(|item| item.outcome.index)
                .collect::<Vec<_>>()
        };
        assert_eq!(page(0, 3).await, [0, 2, 4]);
        assert_eq!(page(5, 3).await, [5]);
        assert_eq!(page(6, 3).await, [0; 0]);
    })
    .await;
}

#[tokio::test]
async fn an_item_that_is_worked_again_is_found_by_its_very_content_unless_it_fails() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 2).await;
        let claimed = claim(fresh, task, 1).await;
        let failed = Outcome {
            status: ItemStatus::Failed,
            ..Outcome::made(3, 7)
        };
        done(&fresh.database, async |c| {
            items::settle(c, &claimed, std::slice::from_ref(&failed)).await
        })
        .await;
        let (right, chunk) = (r#"{"n":"三"}"#, "SELECT MAX(id) FROM tbl_batch_chunk");
        let first = read_number(fresh, chunk).await;
        done(&fresh.database, async |c| {
            rework::reopen(c, task, 1, 3, right, None, LEASE).await
        })
        .await;
        let found = async |content| {
            let read = async |c: &mut _| rework::worked_again(c, task, 1, content).await;
            let found = done(&fresh.database, read).await;
            found
                .iter()
                .map(|item| item.outcome.index)
                .collect::<Vec<_>>()
        };
        let status = "UPDATE tbl_batch_item SET status =";
        for (number, expected) in [(0, vec![3]), (1, vec![3]), (2, vec![])] {
            execute(fresh, &format!("{status} {number}")).await;
            assert_eq!(found(right).await, expected, "{number}");
        }
        execute(fresh, &format!("{status} 0")).await;
        for other in [
            r#"{"n":"四"}"#,
            r#"{"n":"三"} "#,
            r#"{"N":"三"}"#,
            r#"{"n": 3}"#,
        ] {
            assert_eq!(found(other).await, [0; 0], "{other}");
        }
        let read = async |c: &mut _| rework::chunks_of_item(c, task, 1, 3).await;
        let chunks = done(&fresh.database, read).await;
        assert_eq!(chunks, [first, read_number(fresh, chunk).await]);
        let read = async |c: &mut _| rework::chunks_of_item(c, task, 1, 2).await;
        assert_eq!(done(&fresh.database, read).await, [first]);
    })
    .await;
}
