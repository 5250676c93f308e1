//! `tbl_batch_chunk`: one worker at a time, fenced by the attempt number.

use std::time::Duration;

use futures_util::future::join_all;
use sqlx::{Connection as _, Executor as _};
use task_store::batches;
use task_store::chunks::{self, ChunkKey, ChunkState, Claimed};
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, tasks};
use tokio::time::timeout;

use crate::support::{
    BY_CLAIM, LEASE, RUN, a_batch, chunk_key, claim, done, end_chunk, end_chunks, execute,
    expire_leases, read, read_number, try_claim,
};

#[tokio::test]
async fn a_claim_brings_everything_its_job_needs() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 2).await;
        let claimed = claim(fresh, task, 1).await;
        assert_eq!((claimed.key, claimed.attempt), (chunk_key(task, 1), 1));
        assert_eq!((claimed.first_index, claimed.station.as_str()), (2, "T1"));
        assert_eq!(
            (claimed.first_of_task, claimed.params.as_str()),
            (true, RUN.params)
        );
        assert_eq!(claimed.items, r#"[{"n": 2}, {"n": 3}]"#);
        assert_eq!(claimed.duplicates.as_deref(), Some("[[3, 2]]"));
        let batch = done(&fresh.database, async |c| batches::by_task(c, task).await).await;
        assert_eq!(claimed.accepted_at, batch.unwrap().accepted_at);
        done(&fresh.database, async |c| batches::start(c, task, 1).await).await;
        let second = claim(fresh, task, 0).await;
        assert_eq!((second.first_of_task, second.duplicates), (false, None));
    })
    .await;
}

#[tokio::test]
async fn of_twenty_concurrent_claimers_exactly_one_gets_the_chunk() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        let crowd = fresh.another(20);
        for round in 1..=3 {
            let claimers = (0..20).map(|_| {
                crowd.run(async |c| {
                    chunks::claim(c, chunk_key(task, 0), &chunks::ClaimTerms::new(LEASE, 0)).await
                })
            });
            let ends = join_all(claimers).await;
            let won: Vec<_> = ends
                .into_iter()
                .filter_map(|end| end.unwrap().claimed())
                .collect();
            assert_eq!(won.iter().map(|c| c.attempt).collect::<Vec<_>>(), [round]);
            expire_leases(fresh).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_chunk_is_claimed_again_only_when_its_lease_ran_out_or_was_given_back() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        let first = claim(fresh, task, 0).await;
        assert!(try_claim(fresh, first.key).await.is_none());
        expire_leases(fresh).await;
        let second = claim(fresh, task, 0).await;
        release(fresh, &second).await;
        let third = claim(fresh, task, 0).await;
        assert_eq!([first, second, third].map(|c| c.attempt), [1, 2, 3]);
    })
    .await;
}

#[tokio::test]
async fn a_lease_ends_by_the_clock_of_the_database() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        let key = chunk_key(task, 0);
        let short = Duration::from_secs(3);
        done(&fresh.database, async |c| {
            chunks::claim(c, key, &chunks::ClaimTerms::new(short, 0)).await
        })
        .await;
        assert!(try_claim(fresh, key).await.is_none());
        tokio::time::sleep(Duration::from_millis(3_100)).await;
        assert!(try_claim(fresh, key).await.is_some());
    })
    .await;
}

#[tokio::test]
async fn what_does_not_exist_cannot_be_claimed() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        let key = chunk_key(task, 0);
        for gone in [ChunkKey { chunk: 1, ..key }, ChunkKey { run: 2, ..key }] {
            assert!(try_claim(fresh, gone).await.is_none());
            assert_eq!(state(fresh, gone).await, None);
        }
        assert_eq!(state(fresh, key).await, Some(ChunkState::Open));
    })
    .await;
}

#[tokio::test]
async fn a_lost_claim_can_neither_complete_nor_hold_nor_release() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        let zombie = claim(fresh, task, 0).await;
        expire_leases(fresh).await;
        let owner = claim(fresh, task, 0).await;
        assert!(!complete(fresh, &zombie).await);
        assert!(!hold(fresh, &zombie).await);
        release(fresh, &zombie).await;
        assert!(
            try_claim(fresh, owner.key).await.is_none(),
            "the owner still has its lease"
        );
        assert!(complete(fresh, &owner).await);
    })
    .await;
}

#[tokio::test]
async fn a_claim_whose_lease_ran_out_still_holds_until_somebody_else_claims() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        let late = claim(fresh, task, 0).await;
        expire_leases(fresh).await;
        assert!(hold(fresh, &late).await);
        assert!(
            try_claim(fresh, late.key).await.is_none(),
            "holding renews the lease"
        );
        expire_leases(fresh).await;
        assert!(complete(fresh, &late).await);
    })
    .await;
}

#[tokio::test]
async fn a_done_chunk_stays_done() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        let claimed = claim(fresh, task, 0).await;
        assert!(complete(fresh, &claimed).await);
        assert_eq!(state(fresh, claimed.key).await, Some(ChunkState::Done));
        assert!(!complete(fresh, &claimed).await && !hold(fresh, &claimed).await);
        release(fresh, &claimed).await;
        expire_leases(fresh).await;
        assert!(try_claim(fresh, claimed.key).await.is_none());
        assert_eq!(state(fresh, claimed.key).await, Some(ChunkState::Done));
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_chunk_takes_no_more_work() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 2).await;
        let claimed = claim(fresh, task, 0).await;
        end_chunks(fresh, 2, "TRUE").await;
        assert!(!complete(fresh, &claimed).await && !hold(fresh, &claimed).await);
        assert!(try_claim(fresh, chunk_key(task, 1)).await.is_none());
        assert_eq!(state(fresh, claimed.key).await, Some(ChunkState::Cancelled));
    })
    .await;
}

#[tokio::test]
async fn a_claim_and_a_hold_put_off_the_sweeper_for_the_lease() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        let seconds = "SELECT CAST(ROUND(TIMESTAMPDIFF(MICROSECOND, NOW(3), due_at) / 1000000) AS CHAR) FROM tbl_work";
        let claimed = claim(fresh, task, 0).await;
        let near = |text: Option<String>| (28..=30).contains(&text.unwrap().parse().unwrap());
        assert!(near(read(fresh, seconds).await));
        execute(fresh, "UPDATE tbl_work SET due_at = NOW(3)").await;
        assert!(hold(fresh, &claimed).await);
        assert!(near(read(fresh, seconds).await));
    })
    .await;
}

#[tokio::test]
async fn an_attempt_is_counted_before_the_work_and_never_twice() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        claim(fresh, task, 0).await;
        assert!(try_claim(fresh, chunk_key(task, 0)).await.is_none());
        assert_eq!(read_number(fresh, "SELECT attempt FROM tbl_work").await, 1);
    })
    .await;
}

#[tokio::test]
async fn open_chunks_and_settled_items_are_counted_by_run() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 3).await;
        let progress = async || {
            done(&fresh.database, async |c| {
                let open = chunks::any_open(c, task, 1).await?;
                let batches = tasks::batch_progress(c, &[task]).await?;
                Ok((open, batches[0].1))
            })
            .await
        };
        assert_eq!(progress().await, (true, 0));
        let claimed = claim(fresh, task, 1).await;
        assert!(complete(fresh, &claimed).await);
        assert_eq!(progress().await, (true, 2));
        end_chunks(fresh, 2, "c.state = 0").await;
        assert_eq!(progress().await, (false, 6));
        let other_run = done(&fresh.database, async |c| {
            chunks::any_open(c, task, 2).await
        });
        assert!(!other_run.await);
    })
    .await;
}

async fn state(fresh: &TestDatabase, key: ChunkKey) -> Option<ChunkState> {
    let status = async |c: &mut _| chunks::status(c, key, LEASE).await;
    let status = done(&fresh.database, status).await;
    status.map(|status| status.state)
}

async fn complete(fresh: &TestDatabase, claim: &Claimed) -> bool {
    done(&fresh.database, async |c| end_chunk(c, claim).await).await
}

async fn hold(fresh: &TestDatabase, claim: &Claimed) -> bool {
    done(&fresh.database, async |c| {
        chunks::hold(c, claim, LEASE).await
    })
    .await
}

async fn release(fresh: &TestDatabase, claim: &Claimed) {
    done(&fresh.database, async |c| {
        chunks::release(c, claim, true, "a test").await
    })
    .await;
}

/// Stores a batch in a transaction that goes on while the worker of a first message waits; answers what the worker found.
async fn found_while_stored(fresh: &TestDatabase, verdict: &str) -> bool {
    let task = a_batch(fresh, 2).await;
    execute(
        fresh,
        &format!("DELETE FROM tbl_work WHERE part = 1 AND task_id = {task}"),
    )
    .await;
    let mut submit = Connection::connect(&fresh.url).await.unwrap();
    submit.execute("START TRANSACTION").await.unwrap();
    chunks::insert_units(&mut submit, task, 1, 1, &BY_CLAIM)
        .await
        .unwrap();
    let worker = async {
        let key = chunk_key(task, 1);
        done(&fresh.database, async |c| {
            chunks::await_stored(c, key).await
        })
        .await
    };
    let mut worker = std::pin::pin!(worker);
    let early = timeout(Duration::from_millis(300), worker.as_mut()).await;
    assert!(
        early.is_err(),
        "it answers before the end of the transaction"
    );
    submit.execute(verdict).await.unwrap();
    worker.await
}

#[tokio::test]
async fn a_first_message_waits_for_the_commit_of_its_submit() {
    with_database(async |fresh| {
        assert!(found_while_stored(fresh, "COMMIT").await);
        assert!(!found_while_stored(fresh, "ROLLBACK").await);
    })
    .await;
}
