//! Chunks that wait for their station.

use std::time::Duration;

use task_store::Connection;
use task_store::amends;
use task_store::chunks::{self, ChunkKey};
use task_store::deferrals;
use task_store::outbox;
use task_store::testing::{TestDatabase, with_database};

use crate::support::{
    LEASE, a_batch, chunk_key, claim, done, execute, expire_leases, read_number, station,
};

const RESEND: Duration = Duration::from_secs(10);
const PUT_OFF: &str =
    "SELECT TIMESTAMPDIFF(SECOND, NOW(3), send_at) FROM tbl_batch_chunk WHERE chunk_no = 1";

/// Whether a chunk can be claimed where `cap` of its station and job may be in work; it is given back.
async fn is_claimed(fresh: &TestDatabase, key: ChunkKey, cap: u32) -> bool {
    let claim = async |c: &mut _| chunks::claim(c, key, LEASE, cap).await;
    let claimed = done(&fresh.database, claim).await;
    if let Some(claimed) = &claimed {
        done(&fresh.database, async |c| {
            chunks::release(c, claimed, true).await
        })
        .await;
    }
    claimed.is_some()
}

async fn defer(fresh: &TestDatabase, key: ChunkKey) -> bool {
    done(&fresh.database, async |c| {
        deferrals::defer(c, key, RESEND).await
    })
    .await
}

async fn next(fresh: &TestDatabase, of: &str, job: &str) -> Option<ChunkKey> {
    let station = station(of);
    done(&fresh.database, async |c| {
        deferrals::next(c, &station, job).await
    })
    .await
}

#[tokio::test]
async fn the_cap_counts_chunks_of_the_station_and_the_job_whose_lease_holds() {
    with_database(async |fresh| {
        let [one, same, job, other] = [
            a_batch(fresh, 3).await,
            a_batch(fresh, 1).await,
            a_batch(fresh, 1).await,
            a_batch(fresh, 2).await,
        ];
        execute(
            fresh,
            &format!("UPDATE tbl_batch SET job = 'sku_price' WHERE task_id = {job}"),
        )
        .await;
        execute(
            fresh,
            &format!("UPDATE tbl_async_task SET station_id = 'T2' WHERE id = {other}"),
        )
        .await;
        let (mine, theirs) = (chunk_key(one, 1), chunk_key(other, 1));
        assert!(is_claimed(fresh, mine, 1).await, "nothing is in work");
        let held = claim(fresh, one, 0).await;
        for task in [same, job, other] {
            claim(fresh, task, 0).await;
        }
        assert!(!is_claimed(fresh, mine, 2).await, "two of T1's orders are");
        assert!(is_claimed(fresh, mine, 3).await);
        assert!(is_claimed(fresh, mine, 0).await, "no cap");
        assert!(!is_claimed(fresh, theirs, 1).await, "one of T2's is");
        assert!(is_claimed(fresh, theirs, 2).await);
        done(&fresh.database, async |c| chunks::complete(c, &held).await).await;
        assert!(is_claimed(fresh, mine, 2).await, "a done one is not");
        assert!(!is_claimed(fresh, mine, 1).await);
        expire_leases(fresh).await;
        assert!(is_claimed(fresh, mine, 1).await, "nor an abandoned one");
    })
    .await;
}

#[tokio::test]
async fn the_chunk_that_waits_longest_is_next_until_it_is_claimed_or_cancelled() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 3).await;
        assert_eq!(next(fresh, "T1", "order_import").await, None);
        for chunk in [2, 0, 1] {
            assert!(defer(fresh, chunk_key(task, chunk)).await);
        }
        assert_eq!(next(fresh, "T2", "order_import").await, None);
        assert_eq!(next(fresh, "T1", "sku_price").await, None);
        assert_eq!(
            next(fresh, "T1", "order_import").await,
            Some(chunk_key(task, 0))
        );
        claim(fresh, task, 0).await;
        assert_eq!(
            next(fresh, "T1", "order_import").await,
            Some(chunk_key(task, 1))
        );
        done(&fresh.database, async |c| {
            amends::cancel_open(c, task, 1).await
        })
        .await;
        assert_eq!(next(fresh, "T1", "order_import").await, None);
    })
    .await;
}

#[tokio::test]
async fn only_an_open_chunk_that_nobody_holds_can_wait_and_no_attempt_is_counted() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 2).await;
        let held = claim(fresh, task, 0).await;
        assert!(!defer(fresh, chunk_key(task, 0)).await);
        done(&fresh.database, async |c| chunks::complete(c, &held).await).await;
        assert!(!defer(fresh, chunk_key(task, 0)).await);
        assert!(!defer(fresh, chunk_key(task, 9)).await);
        for _ in 0..2 {
            assert!(defer(fresh, chunk_key(task, 1)).await);
        }
        assert_eq!(
            read_number(fresh, "SELECT SUM(attempts) FROM tbl_batch_chunk").await,
            1
        );
        assert!((8..=10).contains(&read_number(fresh, PUT_OFF).await));
    })
    .await;
}

/// How many chunks a sweep announces of those that are due, which all are made that nobody holds.
async fn swept(fresh: &TestDatabase, cap: u32) -> usize {
    execute(
        fresh,
        "UPDATE tbl_batch_chunk SET send_at = NOW(3) WHERE lease_until IS NULL",
    )
    .await;
    let take = async |c: &mut Connection| outbox::take_due(c, 99, RESEND, cap).await;
    fresh.database.transaction(take).await.unwrap().len()
}

#[tokio::test]
async fn a_sweep_announces_as_many_of_those_that_wait_as_their_station_and_job_may_have_in_work() {
    with_database(async |fresh| {
        let [task, job, other] = [
            a_batch(fresh, 6).await,
            a_batch(fresh, 2).await,
            a_batch(fresh, 2).await,
        ];
        for sql in [
            format!("UPDATE tbl_batch SET job = 'sku_price' WHERE task_id = {job}"),
            format!("UPDATE tbl_async_task SET station_id = 'T2' WHERE id = {other}"),
        ] {
            execute(fresh, &sql).await;
        }
        for chunk in 1..6 {
            defer(fresh, chunk_key(task, chunk)).await;
        }
        for of in [job, other] {
            defer(fresh, chunk_key(of, 1)).await;
        }
        let told = 3;
        assert_eq!(swept(fresh, 2).await, told + 2 + 1 + 1, "none is in work");
        assert_eq!(swept(fresh, 0).await, told + 5 + 1 + 1, "without a cap");
        let held = claim(fresh, task, 0).await;
        assert_eq!(swept(fresh, 2).await, 2 + 1 + 1 + 1, "one of T1's is");
        assert_eq!(swept(fresh, 1).await, 2 + 1 + 1, "which is all it may have");
        done(&fresh.database, async |c| chunks::complete(c, &held).await).await;
        assert_eq!(swept(fresh, 1).await, 2 + 1 + 1 + 1, "none is any more");
    })
    .await;
}

#[tokio::test]
async fn what_waits_for_its_station_is_looked_at_again_after_each_resend_however_often_it_was() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 2).await;
        claim(fresh, task, 0).await;
        defer(fresh, chunk_key(task, 1)).await;
        for cap in [1, 1, 2, 2, 1] {
            assert_eq!(swept(fresh, cap).await, usize::from(cap == 2));
            assert!((8..=10).contains(&read_number(fresh, PUT_OFF).await));
        }
    })
    .await;
}

#[tokio::test]
async fn attempts_stall_until_one_goes_forward_and_a_fault_of_the_database_is_no_stall() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        let key = chunk_key(task, 0);
        let stalls = async || done(&fresh.database, async |c| chunks::stalls(c, key).await).await;
        assert_eq!(stalls().await, Some(0));
        claim(fresh, task, 0).await;
        expire_leases(fresh).await;
        let second = claim(fresh, task, 0).await;
        assert_eq!(stalls().await, Some(2));
        done(&fresh.database, async |c| {
            chunks::release(c, &second, true).await
        })
        .await;
        assert_eq!(stalls().await, Some(1));
        let third = claim(fresh, task, 0).await;
        done(&fresh.database, async |c| {
            chunks::release(c, &third, false).await
        })
        .await;
        assert_eq!(stalls().await, Some(2));
        let fourth = claim(fresh, task, 0).await;
        assert!(
            done(&fresh.database, async |c| chunks::hold(c, &fourth, LEASE)
                .await)
            .await
        );
        assert_eq!(stalls().await, Some(0));
        done(&fresh.database, async |c| chunks::put_back(c, &third).await).await;
        assert_eq!(
            read_number(fresh, "SELECT lease_until IS NULL FROM tbl_batch_chunk").await,
            0,
            "not its own"
        );
        done(&fresh.database, async |c| {
            chunks::put_back(c, &fourth).await
        })
        .await;
        let due = "SELECT lease_until IS NULL AND send_at <= NOW(3) FROM tbl_batch_chunk";
        assert_eq!(read_number(fresh, due).await, 1);
        let fifth = claim(fresh, task, 0).await;
        done(&fresh.database, async |c| chunks::complete(c, &fifth).await).await;
        assert_eq!(stalls().await, None);
    })
    .await;
}
