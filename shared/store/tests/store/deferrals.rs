//! Chunks that wait for their station.

use std::time::Duration;

use task_store::chunks::{self, ChunkKey};
use task_store::deferrals;
use task_store::outbox::{self, Pace};
use task_store::tasks;
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, StoreError};

use crate::support::{
    LEASE, a_batch, chunk_key, claim, done, end_chunk, execute, expire_leases, read_number, station,
};

const PACE: Pace = Pace {
    resend: Duration::from_secs(10),
    lease: LEASE,
};

/// Whether a chunk can be claimed where `cap` of its station and job may be in work; it is given back.
async fn is_claimed(fresh: &TestDatabase, key: ChunkKey, cap: u32) -> bool {
    let claim = async |c: &mut _| chunks::claim(c, key, &chunks::ClaimTerms::new(LEASE, cap)).await;
    let claimed = done(&fresh.database, claim).await.claimed();
    if let Some(claimed) = &claimed {
        done(&fresh.database, async |c| {
            chunks::release(c, claimed, true, "a test").await
        })
        .await;
    }
    claimed.is_some()
}

async fn defer(fresh: &TestDatabase, key: ChunkKey) -> bool {
    done(&fresh.database, async |c| {
        deferrals::defer(c, key, LEASE).await
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
            &format!("UPDATE tbl_work SET queue = 'sku_price' WHERE task_id = {job}"),
        )
        .await;
        execute(
            fresh,
            &format!("UPDATE tbl_work SET station_id = 'T2' WHERE task_id = {other}"),
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
        done(&fresh.database, async |c| end_chunk(c, &held).await).await;
        assert!(is_claimed(fresh, mine, 2).await, "a done one is not");
        assert!(!is_claimed(fresh, mine, 1).await);
        expire_leases(fresh).await;
        assert!(is_claimed(fresh, mine, 1).await, "nor an abandoned one");
    })
    .await;
}

#[tokio::test]
async fn the_next_is_one_of_those_that_wait_longest_until_it_is_claimed_or_cancelled() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 12).await;
        assert_eq!(next(fresh, "T1", "order_import").await, None);
        for chunk in (0..12).rev() {
            assert!(defer(fresh, chunk_key(task, chunk)).await);
        }
        assert_eq!(next(fresh, "T2", "order_import").await, None);
        assert_eq!(next(fresh, "T1", "sku_price").await, None);
        let mut drawn = std::collections::BTreeSet::new();
        for _ in 0..60 {
            drawn.extend(next(fresh, "T1", "order_import").await.map(|key| key.chunk));
        }
        assert!(drawn.len() > 1, "not everybody draws the same one");
        assert!(drawn.iter().all(|chunk| *chunk < 8), "{drawn:?}");
        for chunk in 0..11 {
            claim(fresh, task, chunk).await;
        }
        assert_eq!(
            next(fresh, "T1", "order_import").await,
            Some(chunk_key(task, 11))
        );
        let cancel = async |c: &mut _| chunks::cancel_open(c, task, 1).await;
        done(&fresh.database, cancel).await;
        assert_eq!(next(fresh, "T1", "order_import").await, None);
    })
    .await;
}

#[tokio::test]
async fn a_mended_item_goes_before_the_chunks_of_a_flood() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 30).await;
        for chunk in 0..30 {
            assert!(defer(fresh, chunk_key(task, chunk)).await);
        }
        let mended = "UPDATE tbl_work SET is_rework = 1 WHERE part = 29";
        execute(fresh, mended).await;
        let first = next(fresh, "T1", "order_import").await;
        assert_eq!(first, Some(chunk_key(task, 29)));
        assert_eq!(announced(fresh, 1).await, [chunk_key(task, 29)]);
    })
    .await;
}

#[tokio::test]
async fn deferring_neither_waits_for_the_tasks_row_nor_locks_it() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        let other = fresh.another(1);
        let locked = fresh.database.transaction(async |c: &mut Connection| {
            tasks::lock(c, task).await?;
            let defer = async |c: &mut _| deferrals::defer(c, chunk_key(task, 0), LEASE).await;
            let deferred = tokio::time::timeout(Duration::from_secs(8), other.run(defer));
            Ok::<_, StoreError>(deferred.await.unwrap().unwrap())
        });
        assert!(locked.await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn only_an_open_chunk_that_nobody_holds_can_wait_and_no_attempt_is_counted() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 2).await;
        let held = claim(fresh, task, 0).await;
        assert!(!defer(fresh, chunk_key(task, 0)).await);
        done(&fresh.database, async |c| end_chunk(c, &held).await).await;
        assert!(!defer(fresh, chunk_key(task, 0)).await);
        assert!(!defer(fresh, chunk_key(task, 9)).await);
        for _ in 0..2 {
            assert!(defer(fresh, chunk_key(task, 1)).await);
        }
        assert_eq!(
            read_number(fresh, "SELECT SUM(attempt) FROM tbl_work").await,
            0
        );
    })
    .await;
}

/// Which waiting chunks a sweep announces, in their order.
async fn announced(fresh: &TestDatabase, cap: u32) -> Vec<ChunkKey> {
    let take = async |c: &mut Connection| deferrals::take_with_room(c, cap, PACE).await;
    let mut due = fresh.database.transaction(take).await.unwrap();
    due.sort_unstable_by_key(|due| (due.key.task.get(), due.key.chunk));
    due.into_iter().map(|due| due.key).collect()
}

/// How many waiting chunks a sweep announces, if the ones before are long ago.
async fn swept(fresh: &TestDatabase, cap: u32) -> usize {
    let long_ago = "UPDATE tbl_work SET due_at = NOW(3) WHERE state = 2";
    execute(fresh, long_ago).await;
    announced(fresh, cap).await.len()
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
            format!("UPDATE tbl_work SET queue = 'sku_price' WHERE task_id = {job}"),
            format!("UPDATE tbl_work SET station_id = 'T2' WHERE task_id = {other}"),
        ] {
            execute(fresh, &sql).await;
        }
        for chunk in 1..6 {
            defer(fresh, chunk_key(task, chunk)).await;
        }
        for of in [job, other] {
            defer(fresh, chunk_key(of, 1)).await;
        }
        assert_eq!(swept(fresh, 2).await, 2 + 1 + 1, "none is in work");
        let held = claim(fresh, task, 0).await;
        assert_eq!(swept(fresh, 2).await, 1 + 1 + 1, "one of T1's is");
        assert_eq!(swept(fresh, 1).await, 1 + 1, "which is all it may have");
        let set_back = "UPDATE tbl_work SET lease_until = NOW(3) + INTERVAL 1 DAY WHERE lease_until IS NOT NULL";
        execute(fresh, set_back).await;
        assert_eq!(swept(fresh, 1).await, 1 + 1 + 1, "a lease of tomorrow is none");
        done(&fresh.database, async |c| end_chunk(c, &held).await).await;
        assert_eq!(swept(fresh, 1).await, 1 + 1 + 1, "none is any more");
    })
    .await;
}

#[tokio::test]
async fn what_waits_for_its_station_is_not_due_by_time_and_announced_once_in_each_resend() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 3).await;
        for chunk in 0..3 {
            defer(fresh, chunk_key(task, chunk)).await;
        }
        let lanes = async |c: &mut _| outbox::due_lanes(c, PACE).await;
        assert_eq!(done(&fresh.database, lanes).await, []);
        let [first, second] = [chunk_key(task, 0), chunk_key(task, 1)];
        assert_eq!(announced(fresh, 2).await, [first, second]);
        assert_eq!(announced(fresh, 2).await, []);
        execute(
            fresh,
            "UPDATE tbl_work SET due_at = NOW(3) + INTERVAL 1 DAY",
        )
        .await;
        assert_eq!(
            announced(fresh, 2).await,
            [first, second],
            "the clock stepped back"
        );
    })
    .await;
}

#[tokio::test]
async fn without_a_cap_nothing_waits_any_more_and_all_of_it_is_due() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 3).await;
        for chunk in 1..3 {
            defer(fresh, chunk_key(task, chunk)).await;
        }
        assert_eq!(announced(fresh, 0).await, []);
        let take = async |c: &mut Connection| {
            let lane = outbox::due_lanes(c, PACE).await?.remove(0);
            outbox::take_due(c, &lane, 9, PACE).await
        };
        let due = fresh.database.transaction(take).await.unwrap();
        assert_eq!(due.len(), 2);
    })
    .await;
}
