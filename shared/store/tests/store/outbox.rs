//! Open chunks as an outbox.

use std::time::Duration;

use task_store::chunks::ChunkKey;
use task_store::outbox::{self, Announcement, Pace};
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, Database, StoreError};

use crate::support::{
    LEASE, a_batch, chunk_key, claim, done, end_chunks, execute, expire_leases, read_number,
    try_claim,
};

const PACE: Pace = Pace {
    resend: Duration::from_secs(10),
    lease: LEASE,
};

#[tokio::test]
async fn a_chunk_is_due_once_its_time_has_come_and_carries_its_address() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 2).await;
        assert_eq!(take(&fresh.database, 10).await, []);
        make_due(fresh, &[chunk_key(task, 1)]).await;
        let due = take(&fresh.database, 10).await;
        assert_eq!(
            due.iter().map(|due| due.key).collect::<Vec<_>>(),
            [chunk_key(task, 1)]
        );
        assert_eq!(
            (due[0].station.as_str(), due[0].job.as_str()),
            ("T1", "order_import")
        );
        assert_eq!(take(&fresh.database, 10).await, []);
    })
    .await;
}

#[tokio::test]
async fn those_that_waited_longest_are_taken_first() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 5).await;
        execute(
            fresh,
            "UPDATE tbl_work SET due_at = NOW(3) - INTERVAL (part * 7 % 5 + 1) SECOND",
        )
        .await;
        // Ages 1, 3, 5, 2, 4.
        let chunks = async |limit| {
            let due = take(&fresh.database, limit).await;
            let mut chunks: Vec<_> = due.iter().map(|due| due.key).collect();
            chunks.sort_unstable_by_key(|key| key.chunk);
            chunks
        };
        assert_eq!(chunks(2).await, [chunk_key(task, 2), chunk_key(task, 4)]);
        assert_eq!(chunks(1).await, [chunk_key(task, 1)]);
        assert_eq!(chunks(9).await, [chunk_key(task, 0), chunk_key(task, 3)]);
    })
    .await;
}

#[tokio::test]
async fn two_sweepers_at_once_take_different_chunks_without_waiting() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 6).await;
        execute(fresh, "UPDATE tbl_work SET due_at = NOW(3)").await;
        let other = fresh.another(1);
        let both = fresh.database.transaction(async |c: &mut Connection| {
            let lane = outbox::due_lanes(c, PACE).await?.remove(0);
            let first = outbox::take_due(c, &lane, 4, PACE).await?;
            let second = tokio::time::timeout(Duration::from_secs(8), take(&other, 4)).await;
            Ok::<_, StoreError>((first, second.unwrap()))
        });
        let (first, second) = both.await.unwrap();
        assert_eq!((first.len(), second.len()), (4, 2));
        let mut chunks: Vec<_> = first
            .iter()
            .chain(&second)
            .map(|due| due.key.chunk)
            .collect();
        chunks.sort_unstable();
        assert_eq!(chunks, [0, 1, 2, 3, 4, 5]);
        assert!(first.iter().chain(&second).all(|due| due.key.task == task));
    })
    .await;
}

#[tokio::test]
async fn what_was_taken_in_an_undone_transaction_is_still_due() {
    with_database(async |fresh| {
        a_batch(fresh, 1).await;
        execute(fresh, "UPDATE tbl_work SET due_at = NOW(3)").await;
        let undone = fresh.database.transaction(async |c: &mut Connection| {
            let lane = outbox::due_lanes(c, PACE).await?.remove(0);
            outbox::take_due(c, &lane, 1, PACE).await?;
            Err::<(), _>(StoreError::Unreadable("a test"))
        });
        assert!(undone.await.is_err());
        // The connection was closed: the server undoes its transaction as soon as it notices.
        let due = async {
            while take(&fresh.database, 1).await.is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(10), due).await;
        assert!(in_time.is_ok());
    })
    .await;
}

#[tokio::test]
async fn every_announcement_doubles_the_wait_up_to_8_times() {
    with_database(async |fresh| {
        a_batch(fresh, 1).await;
        let mut waits = Vec::new();
        for _ in 0..6 {
            execute(fresh, "UPDATE tbl_work SET due_at = NOW(3)").await;
            assert_eq!(take(&fresh.database, 1).await.len(), 1);
            let wait =
                "SELECT ROUND(TIMESTAMPDIFF(MICROSECOND, NOW(3), due_at) / 10000000) FROM tbl_work";
            waits.push(read_number(fresh, wait).await);
        }
        // The submit's own announcement was the first.
        assert_eq!(waits, [2, 4, 8, 8, 8, 8]);
    })
    .await;
}

#[tokio::test]
async fn a_backlog_of_an_hour_is_announced_nine_times_more_and_no_chunk_waits_longer_than_eight_minutes()
 {
    with_database(async |fresh| {
        const MINUTE: Duration = Duration::from_mins(1);
        a_batch(fresh, 3).await;
        // The submit's own announcement falls due after the first minute.
        let (mut minutes, mut announced) = (1, 0);
        while minutes < 60 {
            execute(fresh, "UPDATE tbl_work SET due_at = NOW(3)").await;
            let pace = Pace {
                resend: MINUTE,
                ..PACE
            };
            announced += take_at(&fresh.database, 10, pace).await.len();
            let wait = "SELECT CAST(ROUND(MAX(TIMESTAMPDIFF(SECOND, NOW(3), due_at)) / 60) AS SIGNED) FROM tbl_work";
            let wait = read_number(fresh, wait).await;
            assert!((1..=8).contains(&wait), "{wait} minutes");
            minutes += wait;
        }
        assert_eq!(announced, 3 * 9, "3 chunks, at 1, 3, 7, 15, 23, 31, 39, 47 and 55 minutes");
    })
    .await;
}

#[tokio::test]
async fn a_chunk_that_is_not_open_is_never_due() {
    with_database(async |fresh| {
        a_batch(fresh, 3).await;
        execute(fresh, "UPDATE tbl_work SET due_at = NOW(3)").await;
        end_chunks(fresh, 1, "c.chunk_no = 1").await;
        end_chunks(fresh, 2, "c.chunk_no = 2").await;
        let due = take(&fresh.database, 10).await;
        assert_eq!(due.iter().map(|due| due.key.chunk).collect::<Vec<_>>(), [0]);
    })
    .await;
}

#[tokio::test]
async fn a_claimed_chunk_is_due_again_when_its_lease_runs_out() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        claim(fresh, task, 0).await;
        make_due(fresh, &[chunk_key(task, 0)]).await;
        assert_eq!(take(&fresh.database, 1).await, [], "somebody works on it");
        expire_leases(fresh).await;
        execute(fresh, "UPDATE tbl_work SET due_at = lease_until").await;
        assert_eq!(take(&fresh.database, 1).await.len(), 1);
        assert!(try_claim(fresh, chunk_key(task, 0)).await.is_some());
    })
    .await;
}

#[tokio::test]
async fn an_announcement_that_failed_does_not_put_off_the_next_one() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 1).await;
        for _ in 0..9 {
            make_due(fresh, &[chunk_key(task, 0)]).await;
            assert_eq!(take(&fresh.database, 1).await.len(), 1);
        }
        let sends = read_number(fresh, "SELECT CAST(announcements AS SIGNED) FROM tbl_work").await;
        assert_eq!(sends, 1, "as if it had been announced once");
    })
    .await;
}

#[tokio::test]
async fn an_announcement_that_a_clock_put_off_which_has_stepped_back_since_is_due() {
    with_database(async |fresh| {
        a_batch(fresh, 1).await;
        let step_back = "UPDATE tbl_work SET due_at = NOW(3) + INTERVAL 1 DAY";
        execute(fresh, step_back).await;
        assert_eq!(take(&fresh.database, 1).await.len(), 1);
        assert_eq!(take(&fresh.database, 1).await, []);
    })
    .await;
}

#[tokio::test]
async fn lanes_are_found_without_reading_the_chunks_in_them() {
    with_database(async |fresh| {
        let [many, one] = [a_batch(fresh, 900).await, a_batch(fresh, 1).await];
        let other = format!("UPDATE tbl_work SET queue = 'sku_price' WHERE task_id = {one}");
        execute(fresh, &other).await;
        execute(fresh, "UPDATE tbl_work SET due_at = NOW(3)").await;
        let waits = format!("UPDATE tbl_work SET state = 2 WHERE task_id = {many}");
        execute(fresh, &waits).await;
        execute(fresh, "ANALYZE TABLE tbl_work").await;
        let lanes = async |c: &mut Connection| outbox::due_lanes(c, PACE).await;
        let before = reads(fresh, lanes).await;
        assert_eq!(before.0, 1, "waiting chunks are in no lane");
        execute(fresh, "UPDATE tbl_work SET state = 0").await;
        let after = reads(fresh, lanes).await;
        assert_eq!(after.0, 2);
        let most = before.1.max(after.1);
        assert!(most < 60, "{most} index entries of 901");
    })
    .await;
}

/// How many lanes are found, and how many index entries are read for that.
async fn reads(
    fresh: &TestDatabase,
    lanes: impl AsyncFn(&mut Connection) -> task_store::Result<Vec<outbox::Lane>>,
) -> (usize, i64) {
    let one = fresh.another(1);
    let count = async || {
        let sql = "SELECT CAST(SUM(VARIABLE_VALUE) AS CHAR) FROM {}.session_status \
             WHERE VARIABLE_NAME IN ('Handler_read_next', 'Handler_read_key', 'Handler_read_first', 'Handler_read_last')";
        for schema in ["performance_schema", "information_schema"] {
            let sql = sql.replace("{}", schema);
            let read = async |c: &mut Connection| {
                Ok::<String, StoreError>(sqlx::query_scalar(&sql).fetch_one(c).await?)
            };
            if let Ok(count) = one.run(read).await {
                return count.parse::<i64>().unwrap();
            }
        }
        unreachable!("a server tells what it read")
    };
    let before = count().await;
    let lanes = one.run(lanes).await.unwrap();
    (lanes.len(), count().await - before)
}

#[tokio::test]
async fn only_the_unsent_are_made_due() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 3).await;
        let gone = ChunkKey {
            run: 2,
            ..chunk_key(task, 0)
        };
        make_due(fresh, &[]).await;
        make_due(fresh, &[gone, chunk_key(task, 9)]).await;
        assert_eq!(take(&fresh.database, 9).await, []);
        make_due(fresh, &[chunk_key(task, 0), chunk_key(task, 2)]).await;
        let mut due: Vec<_> = take(&fresh.database, 9)
            .await
            .iter()
            .map(|due| due.key.chunk)
            .collect();
        due.sort_unstable();
        assert_eq!(due, [0, 2]);
    })
    .await;
}

async fn take(database: &Database, limit: u32) -> Vec<Announcement> {
    take_at(database, limit, PACE).await
}

/// Takes up to `limit` due chunks of every lane.
async fn take_at(database: &Database, limit: u32, pace: Pace) -> Vec<Announcement> {
    let taken = database.transaction(async |c: &mut Connection| {
        let mut taken = Vec::new();
        for lane in outbox::due_lanes(c, pace).await? {
            taken.extend(outbox::take_due(c, &lane, limit, pace).await?);
        }
        Ok::<_, StoreError>(taken)
    });
    taken.await.unwrap()
}

async fn make_due(fresh: &TestDatabase, unsent: &[ChunkKey]) {
    done(&fresh.database, async |c| outbox::make_due(c, unsent).await).await;
}
