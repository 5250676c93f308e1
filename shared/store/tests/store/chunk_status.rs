//! The status of a chunk: who holds it, whether its batch can be finished, its stalls, its last worker and error.

use task_store::Connection;
use task_store::batches;
use task_store::chunks::{self, ChunkKey, ChunkState, Claim, ClaimTerms, Claimed};
use task_store::items::{self, ItemStatus, Outcome};
use task_store::testing::{TestDatabase, with_database};

use crate::support::{
    LEASE, a_batch, chunk_key, claim, done, end_chunk, execute, expire_leases, read, read_number,
    try_claim,
};

#[tokio::test]
async fn a_lease_that_a_clock_set_which_has_stepped_back_since_holds_nobody_off() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 2).await;
        let late = claim(fresh, task, 0).await;
        let step_back = "UPDATE tbl_work SET lease_until = NOW(3) + INTERVAL 1 DAY, \
             due_at = NOW(3) + INTERVAL 1 DAY WHERE part = 0";
        execute(fresh, step_back).await;
        let status = async |c: &mut _| chunks::status(c, late.key, LEASE).await;
        assert!(!done(&fresh.database, status).await.unwrap().is_held);
        let capped = chunks::ClaimTerms::new(LEASE, 1);
        let other = async |c: &mut _| chunks::claim(c, chunk_key(task, 1), &capped).await;
        let other = done(&fresh.database, other).await.claimed();
        assert!(other.is_some(), "it does not count for the cap");
        assert!(try_claim(fresh, late.key).await.is_some());
        let complete = async |c: &mut _| end_chunk(c, &late).await;
        assert!(!done(&fresh.database, complete).await, "the fence holds");
    })
    .await;
}

#[tokio::test]
async fn a_chunk_tells_whether_somebody_holds_it_and_whether_its_batch_can_be_finished() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 2).await;
        let status = async |chunk| {
            let key = chunk_key(task, chunk);
            let read = async |c: &mut _| chunks::status(c, key, LEASE).await;
            let status = done(&fresh.database, read).await.unwrap();
            (status.is_held, status.is_finishable)
        };
        assert_eq!(status(0).await, (false, false));
        let [first, second] = [claim(fresh, task, 0).await, claim(fresh, task, 1).await];
        assert_eq!(status(0).await, (true, false));
        let complete = async |claim: &Claimed| {
            let complete = async |c: &mut _| end_chunk(c, claim).await;
            assert!(done(&fresh.database, complete).await);
        };
        complete(&first).await;
        assert_eq!(status(0).await, (false, false), "the other is open");
        complete(&second).await;
        assert_eq!(status(0).await, (false, true));
        let finish = async |c: &mut _| batches::finish(c, task, "{}", false).await;
        done(&fresh.database, finish).await;
        assert_eq!(status(0).await, (false, false), "it is finished");
    })
    .await;
}

async fn claim_on(fresh: &TestDatabase, key: ChunkKey, terms: &ClaimTerms<'_>) -> Claim {
    let claim = async |c: &mut _| chunks::claim(c, key, terms).await;
    done(&fresh.database, claim).await
}

#[tokio::test]
async fn a_chunk_of_another_job_does_not_exist_for_a_worker() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        let key = chunk_key(task, 0);
        let of = async |job| {
            let terms = ClaimTerms {
                job: Some(job),
                ..ClaimTerms::new(LEASE, 0)
            };
            claim_on(fresh, key, &terms).await
        };
        assert!(matches!(of("another").await, Claim::Missing));
        assert!(of("order_import").await.claimed().is_some());
    })
    .await;
}

#[tokio::test]
async fn an_open_chunk_tells_who_had_it_last_and_the_last_error() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        let key = chunk_key(task, 0);
        let of = async |worker| {
            let terms = ClaimTerms {
                worker,
                ..ClaimTerms::new(LEASE, 0)
            };
            claim_on(fresh, key, &terms).await.claimed().unwrap()
        };
        let told = async || {
            let status = async |c: &mut _| chunks::status(c, key, LEASE).await;
            let status = done(&fresh.database, status).await.unwrap();
            (status.attempt, status.worker, status.last_error)
        };
        assert_eq!(told().await, (0, None, None));
        let first = of(Some("req-1")).await;
        let named = Some("req-1".to_owned());
        assert_eq!(told().await, (1, named.clone(), None));
        let release = async |c: &mut _| chunks::release(c, &first, true, "a test").await;
        done(&fresh.database, release).await;
        of(None).await;
        let error = Some("attempt 1: a test".to_owned());
        assert_eq!(
            told().await,
            (2, named, error),
            "a nameless worker keeps the name"
        );
    })
    .await;
}

#[tokio::test]
async fn a_done_chunk_keeps_its_attempts_its_counts_and_the_cause_it_was_given_up_for() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 2).await;
        claim(fresh, task, 0).await;
        expire_leases(fresh).await;
        let second = claim(fresh, task, 0).await;
        let failed = Outcome {
            status: ItemStatus::Failed,
            ..Outcome::made(1, 7)
        };
        let end = fresh.database.transaction(async |c: &mut Connection| {
            assert!(chunks::end_unit(c, &second).await?);
            items::settle(c, &second, std::slice::from_ref(&failed)).await?;
            chunks::complete(c, &second).await?;
            chunks::note_cause(c, &second, "dead letter m1").await
        });
        end.await.unwrap();
        let kept = "SELECT CONCAT_WS(' ', state, attempts, success_count, failed_count, cause) \
             FROM tbl_batch_chunk WHERE chunk_no = 0";
        assert_eq!(read(fresh, kept).await.unwrap(), "1 2 1 1 dead letter m1");
        let open = "SELECT GROUP_CONCAT(part) FROM tbl_work";
        assert_eq!(read(fresh, open).await.unwrap(), "1", "its unit has left");
    })
    .await;
}

#[tokio::test]
async fn attempts_stall_until_one_goes_forward_and_neither_a_fault_of_the_database_nor_a_put_back_is_a_stall()
 {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        let key = chunk_key(task, 0);
        let stalls = async || {
            let status = async |c: &mut _| chunks::status(c, key, LEASE).await;
            let status = done(&fresh.database, status).await.unwrap();
            (status.state == ChunkState::Open).then_some(status.stalls)
        };
        assert_eq!(stalls().await, Some(0));
        claim(fresh, task, 0).await;
        expire_leases(fresh).await;
        let second = claim(fresh, task, 0).await;
        assert_eq!(stalls().await, Some(2));
        done(&fresh.database, async |c| {
            chunks::release(c, &second, true, "a test").await
        })
        .await;
        assert_eq!(stalls().await, Some(1));
        let third = claim(fresh, task, 0).await;
        done(&fresh.database, async |c| {
            chunks::release(c, &third, false, "a test").await
        })
        .await;
        assert_eq!(stalls().await, Some(2));
        execute(fresh, "UPDATE tbl_work SET stalls = 4").await;
        let fourth = claim(fresh, task, 0).await;
        let hold = async |c: &mut _| chunks::hold(c, &fourth, LEASE).await;
        assert!(done(&fresh.database, hold).await);
        assert_eq!(stalls().await, Some(chunks::ISOLATED_FROM));
        done(&fresh.database, async |c| chunks::put_back(c, &third).await).await;
        assert_eq!(
            read_number(fresh, "SELECT lease_until IS NULL FROM tbl_work").await,
            0,
            "not its own"
        );
        done(&fresh.database, async |c| {
            chunks::put_back(c, &fourth).await
        })
        .await;
        let due = "SELECT lease_until IS NULL AND due_at <= NOW(3) FROM tbl_work";
        assert_eq!(read_number(fresh, due).await, 1);
        assert_eq!(stalls().await, Some(2), "the next attempt is isolated, too");
        let fifth = claim(fresh, task, 0).await;
        done(&fresh.database, async |c| end_chunk(c, &fifth).await).await;
        assert_eq!(stalls().await, None);
    })
    .await;
}
