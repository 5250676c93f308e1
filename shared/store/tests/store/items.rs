//! `tbl_batch_item`: outcomes.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use task_store::chunks::Claimed;
use task_store::items::{self, Item, ItemStatus, Outcome};
use task_store::testing::{TestDatabase, with_database};

use crate::support::{a_batch, claim, done, read_number};

fn success(index: u32, id: i64) -> Outcome {
    Outcome::made(index, id)
}

fn failed(index: u32, errors: &str) -> Outcome {
    Outcome {
        index,
        status: ItemStatus::Failed,
        made_id: None,
        code: Some("ORDER_FORMAT".to_owned()),
        error_count: Some(index),
        errors: Some(errors.to_owned()),
    }
}

#[tokio::test]
async fn outcomes_come_back_as_they_were_settled_and_what_is_null_stays_null() {
    with_database(async |fresh| {
        let claimed = a_claim(fresh).await;
        let outcomes = [
            success(0, i64::MAX),
            failed(1, r#"[{"code": "X", "value": "\"a\\ 🧅\u0000\n"}]"#),
            Outcome {
                made_id: None,
                ..success(2, 0)
            },
            failed(3, "null"),
        ];
        settle(fresh, &claimed, &outcomes).await;
        let stored = at(fresh, &claimed, &[0, 1, 2, 3]).await;
        assert!(
            stored
                .iter()
                .all(|item| (item.chunk_id, item.attempts) == (claimed.id, 0))
        );
        assert!(stored.iter().map(|item| &item.outcome).eq(&outcomes));
        let null = "SELECT COUNT(*) FROM tbl_batch_item WHERE made_id IS NULL AND errors IS NULL";
        assert_eq!(read_number(fresh, null).await, 1);
    })
    .await;
}

#[tokio::test]
async fn an_item_keeps_its_first_outcome() {
    with_database(async |fresh| {
        let claimed = a_claim(fresh).await;
        settle(fresh, &claimed, &[success(0, 10), failed(1, "[1]")]).await;
        settle(
            fresh,
            &claimed,
            &[failed(0, "[2]"), success(1, 11), success(2, 12)],
        )
        .await;
        let stored = at(fresh, &claimed, &[0, 1, 2]).await;
        let outcomes: Vec<_> = stored.into_iter().map(|item| item.outcome).collect();
        assert_eq!(outcomes, [success(0, 10), failed(1, "[1]"), success(2, 12)]);
    })
    .await;
}

#[tokio::test]
async fn an_item_that_was_only_tried_takes_its_outcome_and_keeps_its_count() {
    with_database(async |fresh| {
        let claimed = a_claim(fresh).await;
        for _ in 0..3 {
            count_try(fresh, &claimed, 1).await;
        }
        let pending = at(fresh, &claimed, &[1]).await;
        assert_eq!(
            (pending[0].outcome.status, pending[0].attempts),
            (ItemStatus::Pending, 3)
        );
        assert_eq!(
            (
                pending[0].outcome.made_id,
                pending[0].outcome.errors.as_ref()
            ),
            (None, None)
        );
        settle(fresh, &claimed, &[failed(1, "[]")]).await;
        let settled = at(fresh, &claimed, &[1]).await;
        assert_eq!(
            (&settled[0].outcome, settled[0].attempts),
            (&failed(1, "[]"), 3)
        );
    })
    .await;
}

#[tokio::test]
async fn a_try_is_forgotten_only_while_there_is_no_outcome_and_never_below_none() {
    with_database(async |fresh| {
        let claimed = a_claim(fresh).await;
        let forget = async || {
            done(&fresh.database, async |c| {
                items::forget_try(c, &claimed, 0).await
            })
            .await;
        };
        let attempts = async || {
            at(fresh, &claimed, &[0])
                .await
                .first()
                .map(|item| item.attempts)
        };
        forget().await;
        assert_eq!(attempts().await, None);
        count_try(fresh, &claimed, 0).await;
        count_try(fresh, &claimed, 0).await;
        forget().await;
        assert_eq!(attempts().await, Some(1));
        forget().await;
        forget().await;
        assert_eq!(attempts().await, Some(0));
        count_try(fresh, &claimed, 0).await;
        settle(fresh, &claimed, &[success(0, 1)]).await;
        forget().await;
        assert_eq!(attempts().await, Some(1));
    })
    .await;
}

#[tokio::test]
async fn settling_nothing_changes_nothing() {
    with_database(async |fresh| {
        let claimed = a_claim(fresh).await;
        settle(fresh, &claimed, &[]).await;
        assert_eq!(statuses(fresh, &claimed).await, []);
        assert_eq!(at(fresh, &claimed, &[]).await, []);
    })
    .await;
}

#[tokio::test]
async fn every_status_is_counted_listed_and_paged_in_input_order() {
    with_database(async |fresh| {
        let claimed = a_claim(fresh).await;
        let outcomes: Vec<_> = (0..60)
            .rev()
            .map(|index| Outcome {
                status: ItemStatus::ALL[index as usize % 6],
                ..failed(index, "[]")
            })
            .collect();
        settle(fresh, &claimed, &outcomes).await;
        assert_eq!(count(fresh, &claimed).await, [10; 6]);
        let expected: Vec<_> = (0..60)
            .map(|n| (n, ItemStatus::ALL[n as usize % 6]))
            .collect();
        assert_eq!(statuses(fresh, &claimed).await, expected);
        for status in ItemStatus::ALL {
            let indexes = page(fresh, &claimed, status, 4, 3).await;
            let first = status as u32 + 18;
            assert_eq!(indexes, [first, first + 6, first + 12, first + 18]);
            assert_eq!(page(fresh, &claimed, status, 4, 10).await, [0; 0]);
        }
    })
    .await;
}

#[tokio::test]
async fn items_of_another_run_or_task_are_not_seen() {
    with_database(async |fresh| {
        let claimed = a_claim(fresh).await;
        let mut later = claimed.clone();
        later.key.run = 2;
        let other = a_claim(fresh).await;
        settle(fresh, &claimed, &[success(0, 1)]).await;
        settle(fresh, &later, &[failed(0, "[]"), failed(1, "[]")]).await;
        assert_eq!(count(fresh, &claimed).await, [0, 1, 0, 0, 0, 0]);
        assert_eq!(count(fresh, &later).await, [0, 0, 2, 0, 0, 0]);
        assert_eq!(count(fresh, &other).await, [0; 6]);
        assert_eq!(at(fresh, &claimed, &[0, 1]).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_thousand_outcomes_with_long_reasons_are_settled_at_once() {
    with_database(async |fresh| {
        let claimed = a_claim(fresh).await;
        let reason = format!("[\"{}\"]", "库存不足".repeat(500));
        let outcomes: Vec<_> = (0..1000).map(|index| failed(index, &reason)).collect();
        settle(fresh, &claimed, &outcomes).await;
        let stored = at(fresh, &claimed, &(0..1000).collect::<Vec<_>>()).await;
        assert!(stored.iter().map(|item| &item.outcome).eq(&outcomes));
    })
    .await;
}

#[tokio::test]
async fn any_reason_comes_back_as_it_was_given() {
    with_database(async |fresh| {
        let claimed = a_claim(fresh).await;
        let mut runner = TestRunner::deterministic();
        let reasons =
            proptest::collection::vec(proptest::option::of("\\PC{0,40}|(?s:.{0,40})"), 1..50);
        for first in (0..1000).step_by(50) {
            let reasons = reasons.new_tree(&mut runner).unwrap().current();
            let outcomes: Vec<_> = (first..)
                .zip(reasons)
                .map(|(index, errors)| Outcome {
                    errors,
                    ..success(index, i64::from(index) - 500)
                })
                .collect();
            settle(fresh, &claimed, &outcomes).await;
            let indexes: Vec<_> = outcomes.iter().map(|o| o.index).collect();
            let stored = at(fresh, &claimed, &indexes).await;
            assert_eq!(
                stored
                    .into_iter()
                    .map(|item| item.outcome)
                    .collect::<Vec<_>>(),
                outcomes
            );
        }
    })
    .await;
}

async fn a_claim(fresh: &TestDatabase) -> Claimed {
    let task = a_batch(fresh, 1).await;
    claim(fresh, task, 0).await
}

async fn settle(fresh: &TestDatabase, claim: &Claimed, outcomes: &[Outcome]) {
    done(&fresh.database, async |c| {
        items::settle(c, claim, outcomes).await
    })
    .await;
}

async fn count_try(fresh: &TestDatabase, claim: &Claimed, index: u32) {
    done(&fresh.database, async |c| {
        items::count_try(c, claim, index)
            .await
            .map(|held| assert!(held))
    })
    .await;
}

async fn statuses(fresh: &TestDatabase, claim: &Claimed) -> Vec<(u32, ItemStatus)> {
    let (task, run) = (claim.key.task, claim.key.run);
    let all = done(&fresh.database, async |c| {
        items::between(c, task, run, 0..u32::MAX, None).await
    });
    let all = all.await;
    let number = |status| all.iter().filter(|item| item.status == status).count();
    let counted = done(&fresh.database, async |c| {
        items::counts(c, task, run, 1_000).await
    });
    for (_, status, count) in counted.await {
        assert_eq!(usize::try_from(count), Ok(number(status)));
    }
    all.iter().map(|item| (item.index, item.status)).collect()
}

async fn count(fresh: &TestDatabase, claim: &Claimed) -> [usize; 6] {
    let all = statuses(fresh, claim).await;
    ItemStatus::ALL.map(|status| all.iter().filter(|(_, stored)| *stored == status).count())
}

async fn at(fresh: &TestDatabase, claim: &Claimed, indexes: &[u32]) -> Vec<Item> {
    let (task, run) = (claim.key.task, claim.key.run);
    done(&fresh.database, async |c| {
        items::at(c, task, run, indexes).await
    })
    .await
}

async fn page(
    fresh: &TestDatabase,
    claim: &Claimed,
    status: ItemStatus,
    limit: u32,
    skip: u64,
) -> Vec<u32> {
    let (task, run) = (claim.key.task, claim.key.run);
    let page = done(&fresh.database, async |c| {
        items::page(c, task, run, status, limit, skip).await
    });
    page.await.iter().map(|item| item.outcome.index).collect()
}
