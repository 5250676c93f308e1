//! Chunks that wait for their station.

use std::time::Duration;

use task_store::chunks::{self, ChunkKey};
use task_store::deferrals;
use task_store::testing::{TestDatabase, with_database};
use task_store::{TaskId, amends};

use crate::support::{
    LEASE, a_batch, chunk_key, claim, done, execute, expire_leases, read_number, station,
};

const RESEND: Duration = Duration::from_secs(10);

async fn in_work(fresh: &TestDatabase, task: TaskId) -> Option<(String, u32)> {
    let found = done(&fresh.database, async |c| deferrals::in_work(c, task).await).await;
    found.map(|(station, count)| (station.as_str().to_owned(), count))
}

async fn defer(fresh: &TestDatabase, key: ChunkKey) -> bool {
    let station = station("T1");
    done(&fresh.database, async |c| {
        deferrals::defer(c, key, &station, RESEND).await
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
async fn chunks_in_work_are_those_of_a_station_and_a_job_whose_lease_holds() {
    with_database(async |fresh| {
        let [one, same, job, other] = [
            a_batch(fresh, 3).await,
            a_batch(fresh, 1).await,
            a_batch(fresh, 1).await,
            a_batch(fresh, 1).await,
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
        assert_eq!(in_work(fresh, one).await, Some(("T1".to_owned(), 0)));
        let held = claim(fresh, one, 0).await;
        claim(fresh, same, 0).await;
        claim(fresh, job, 0).await;
        claim(fresh, other, 0).await;
        assert_eq!(in_work(fresh, one).await, Some(("T1".to_owned(), 2)));
        assert_eq!(in_work(fresh, other).await, Some(("T2".to_owned(), 1)));
        done(&fresh.database, async |c| chunks::complete(c, &held).await).await;
        assert_eq!(in_work(fresh, one).await.unwrap().1, 1);
        expire_leases(fresh).await;
        assert_eq!(in_work(fresh, one).await.unwrap().1, 0);
        execute(
            fresh,
            &format!("DELETE FROM tbl_batch WHERE task_id = {one}"),
        )
        .await;
        assert_eq!(in_work(fresh, one).await, None);
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
        let due =
            "SELECT TIMESTAMPDIFF(SECOND, NOW(3), send_at) FROM tbl_batch_chunk WHERE chunk_no = 1";
        assert!((8..=10).contains(&read_number(fresh, due).await));
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
