//! The cap on the chunks that one station has in work: it keeps others from waiting, and costs nothing but that.

use task_engine::{Deadline, Dispatcher, Invocation, Settings};
use task_service::Caller;
use task_service::orders::OrderImport;
use task_service::prices::PriceChange;
use task_store::chunks::{self, ChunkKey};
use task_store::tasks::TaskStatus;
use task_store::testing::{TestDatabase, with_database};
use task_store::{Database, StationId};

use crate::support::*;

mod many;

const OPEN: &str = "SELECT COUNT(*) FROM tbl_batch_chunk WHERE state = 0";
const DEFERRED: &str = "SELECT COUNT(*) FROM tbl_work WHERE state = 2";

fn capped(station_chunks: u32) -> Settings {
    Settings {
        station_chunks,
        ..settings()
    }
}

fn invocation<'a>(
    database: &'a Database,
    job: &'a OrderImport,
    settings: &'a Settings,
) -> Invocation<'a, OrderImport> {
    Invocation::new(database, job, settings, Deadline::default())
}

/// Claims a chunk, as a worker that is still at it.
async fn hold(fresh: &TestDatabase, key: ChunkKey) -> chunks::Claimed {
    let lease = settings().lease;
    let claim = async |c: &mut _| chunks::claim(c, key, &chunks::ClaimTerms::new(lease, 0)).await;
    fresh.database.run(claim).await.unwrap().claimed().unwrap()
}

/// A batch of three chunks of station T1, one of which is in work.
async fn one_in_work(
    fresh: &TestDatabase,
    queue: &MemoryQueue,
) -> (Vec<ChunkKey>, chunks::Claimed) {
    load_station(fresh).await;
    submit_orders(fresh, queue, "b1", &orders(30))
        .await
        .unwrap();
    let keys = queue.take();
    let held = hold(fresh, keys[0]).await;
    (keys, held)
}

#[tokio::test]
async fn a_chunk_over_the_cap_waits_without_its_message_and_without_an_attempt() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        let (keys, _) = one_in_work(fresh, &queue).await;
        let (job, settings) = (job(), capped(1));
        let invocation = invocation(&fresh.database, &job, &settings);
        for key in &keys[1..] {
            invocation.work(*key).await.unwrap();
        }
        invocation.work_deferred().await.unwrap();
        assert_eq!(number(fresh, DEFERRED).await, 2);
        assert_eq!(number(fresh, "SELECT SUM(attempt) FROM tbl_work").await, 1);
        let end = invocation.work(keys[0]).await;
        assert!(
            matches!(end, Err(task_engine::Unworked::Held)),
            "the one in work is not deferred"
        );
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_finishes_a_chunk_takes_the_chunks_that_wait_for_its_station() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        let (keys, held) = one_in_work(fresh, &queue).await;
        let (job, settings) = (job(), capped(1));
        let early = invocation(&fresh.database, &job, &settings);
        early.work(keys[1]).await.unwrap();
        early.work(keys[2]).await.unwrap();
        let give_back = async |c: &mut _| chunks::release(c, &held, true, "a test").await;
        fresh.database.run(give_back).await.unwrap();
        let late = invocation(&fresh.database, &job, &settings);
        late.work(keys[0]).await.unwrap();
        assert_eq!(number(fresh, OPEN).await, 2);
        late.work_deferred().await.unwrap();
        assert_eq!(task(fresh, "b1").await.status, TaskStatus::Finished);
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功30)");
    })
    .await;
}

#[tokio::test]
async fn a_worker_whose_time_is_up_leaves_them_to_the_sweeper_and_so_does_one_that_dies() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        let (keys, _) = one_in_work(fresh, &queue).await;
        let (job, settings) = (job(), capped(1));
        let over = Deadline::at(std::time::Instant::now());
        let brief = Invocation::new(&fresh.database, &job, &settings, over);
        brief.work(keys[1]).await.unwrap();
        // Who held the first chunk died; this one has time for its message only.
        run(
            fresh,
            "UPDATE tbl_work SET lease_until = NOW(3) WHERE lease_until IS NOT NULL",
        )
        .await;
        brief.work(keys[2]).await.unwrap();
        brief.work_deferred().await.unwrap();
        assert_eq!(number(fresh, OPEN).await, 2);
        run(fresh, "UPDATE tbl_work SET due_at = NOW(3)").await;
        assert_eq!(sweep(&dispatcher(fresh, &queue)).await.announced, 2);
        work_all(fresh, &queue).await;
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功30)");
    })
    .await;
}

#[tokio::test]
async fn the_cap_is_each_stations_and_each_jobs_own() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        one_in_work(fresh, &queue).await;
        let other = Caller::Station(StationId::parse("T2").unwrap());
        submit_for(fresh, &queue, "b2", "C1b", &other, &orders(5))
            .await
            .unwrap();
        let (job, settings) = (job(), capped(1));
        let orders = invocation(&fresh.database, &job, &settings);
        orders.work(queue.take()[0]).await.unwrap();
        assert_eq!(task(fresh, "b2").await.status, TaskStatus::Finished);
        crate::prices::submit_prices(fresh, &queue, "p1", &crate::prices::to("3"))
            .await
            .unwrap();
        let prices = Invocation::new(
            &fresh.database,
            &PriceChange,
            &settings,
            Deadline::default(),
        );
        prices.work(queue.take()[0]).await.unwrap();
        assert_eq!(task(fresh, "p1").await.status, TaskStatus::Finished);
        assert_eq!(number(fresh, DEFERRED).await, 0);
    })
    .await;
}

#[tokio::test]
async fn without_a_cap_nothing_waits() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        let (keys, _) = one_in_work(fresh, &queue).await;
        let (job, settings) = (job(), capped(0));
        let invocation = invocation(&fresh.database, &job, &settings);
        invocation.work(keys[1]).await.unwrap();
        assert_eq!(number(fresh, OPEN).await, 2);
        assert_eq!(number(fresh, DEFERRED).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_closed_batch_waits_for_nothing() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        let (keys, _) = one_in_work(fresh, &queue).await;
        let (job, settings) = (job(), capped(1));
        let invocation = invocation(&fresh.database, &job, &settings);
        invocation.work(keys[1]).await.unwrap();
        let named = task_service::TaskReference {
            user_task_id: Some(id("b1")),
            ..Default::default()
        };
        task_service::async_tasks::close(&fresh.database, KINDS, &caller(), &[named])
            .await
            .unwrap();
        assert_eq!(number(fresh, DEFERRED).await, 0);
        invocation.work(keys[2]).await.unwrap();
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_waits_is_announced_only_while_its_station_has_fewer_in_work_than_it_may() {
    with_database(async |fresh| {
        let queue = MemoryQueue::default();
        let (keys, _) = one_in_work(fresh, &queue).await;
        let (job, settings) = (job(), capped(1));
        let invocation = invocation(&fresh.database, &job, &settings);
        for key in &keys[1..] {
            invocation.work(*key).await.unwrap();
        }
        let sweeper = Dispatcher {
            settings,
            ..dispatcher(fresh, &queue)
        };
        let swept = async |change| {
            run(fresh, change).await;
            run(fresh, "UPDATE tbl_work SET due_at = NOW(3) WHERE state = 2").await;
            sweep(&sweeper).await.announced
        };
        for _ in 0..3 {
            assert_eq!(
                swept("DO 0").await,
                0,
                "who has the first goes on with them"
            );
        }
        let died = "UPDATE tbl_work SET lease_until = NOW(3) WHERE lease_until IS NOT NULL";
        assert_eq!(
            swept(died).await,
            1,
            "one may be in work, and tells of the other"
        );
        invocation.work(queue.take()[0]).await.unwrap();
        assert_eq!(number(fresh, OPEN).await, 2);
        invocation.work_deferred().await.unwrap();
        assert_eq!(number(fresh, OPEN).await, 1, "all but the abandoned one");
    })
    .await;
}
