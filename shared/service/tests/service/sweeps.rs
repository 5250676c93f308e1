//! The sweeper: nothing stands in the way of the rest, and nothing is left for long.

use std::time::{Duration, Instant};

use sqlx::{Executor as _, Row as _};
use task_engine::Queue;
use task_engine::{Deadline, Dispatcher};
use task_service::jobs::KINDS;
use task_service::sqs::TaskQueues;
use task_store::chunks::ChunkKey;
use task_store::outbox::Announcement;
use task_store::tasks::TaskStatus;
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, StoreError};

use crate::prices::{submit_prices, to};
use crate::support::*;

/// Makes the only chunk of a batch of orders `count` open chunks more, each a unit of work of its own in a state.
async fn multiplied(fresh: &TestDatabase, count: u32, state: u8) {
    let numbers = format!(
        "JOIN JSON_TABLE(CONCAT('[', REPEAT('0,', 999), '0]'), '$[*]' COLUMNS (n FOR ORDINALITY)) a \
         JOIN JSON_TABLE(CONCAT('[', REPEAT('0,', {} - 1), '0]'), '$[*]' COLUMNS (n FOR ORDINALITY)) b",
        count / 1_000
    );
    for sql in [
        "INSERT INTO tbl_batch_chunk (task_id, run, chunk_no, first_index, item_count) \
         SELECT c.task_id, c.run, a.n + b.n * 1000 + 1, 0, 1 FROM tbl_batch_chunk c "
            .to_owned(),
        format!(
            "INSERT INTO tbl_work (kind, queue, station_id, task_id, run, part, state, due_at) \
             SELECT 1, c.queue, c.station_id, c.task_id, c.run, a.n + b.n * 1000 + 1, {state}, NOW(3) FROM tbl_work c "
        ),
    ] {
        run(fresh, &(sql + &numbers)).await;
    }
}

#[tokio::test]
async fn a_lost_chunk_is_announced_in_the_first_sweep_although_40_000_wait_for_their_station() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 1).await;
        multiplied(fresh, 40_000, 2).await;
        submit_prices(fresh, &queue, "p1", &to("3")).await.unwrap();
        let lost = queue.take().pop().unwrap();
        run(
            fresh,
            "UPDATE tbl_work SET due_at = NOW(3), lease_until = NULL",
        )
        .await;
        let start = Instant::now();
        let over = Deadline::at(Instant::now());
        let swept = task_engine::sweep(&dispatcher(fresh, &queue), KINDS, over).await;
        let took = start.elapsed();
        let announced = queue.take();
        assert!(announced.contains(&lost), "{announced:?}");
        assert_eq!(
            swept.unwrap().announced,
            8 + 2,
            "the cap, and the lost ones"
        );
        println!("{took:?} beside 40,000 that wait");
        assert!(took < Duration::from_secs(20), "{took:?}");
    })
    .await;
}

#[tokio::test]
async fn one_stations_flood_of_lost_chunks_leaves_each_other_station_its_part_of_every_turn() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 1).await;
        multiplied(fresh, 3_000, 0).await;
        submit_prices(fresh, &queue, "p1", &to("3")).await.unwrap();
        let lost = queue.take().pop().unwrap();
        run(
            fresh,
            "UPDATE tbl_work SET due_at = NOW(3) - INTERVAL 1 HOUR",
        )
        .await;
        let younger = "UPDATE tbl_work SET due_at = NOW(3) WHERE queue = 'sku_price'";
        run(fresh, younger).await;
        let over = Deadline::at(Instant::now());
        let swept = task_engine::sweep(&dispatcher(fresh, &queue), KINDS, over)
            .await
            .unwrap();
        assert!(queue.take().contains(&lost), "in the first turn");
        assert_eq!(swept.announced, 500 + 1, "its time was up after that");
        assert_eq!(
            sweep(&dispatcher(fresh, &queue)).await.announced,
            3_001 - 500
        );
    })
    .await;
}

/// Takes messages as a queue does that answers each request after 20 ms, 8 requests of 10 at once.
struct SlowQueue;

impl Queue for SlowQueue {
    async fn send(&self, due: &[Announcement]) -> Vec<ChunkKey> {
        let rounds = due.len().div_ceil(80);
        tokio::time::sleep(Duration::from_millis(20) * u32::try_from(rounds).unwrap()).await;
        Vec::new()
    }
}

#[tokio::test]
async fn a_hundred_thousand_chunks_of_a_lost_queue_are_announced_by_one_sweep_and_few_statements() {
    with_database(async |fresh| {
        submitted_batch(fresh, 1).await;
        multiplied(fresh, 100_000, 0).await;
        let dispatcher = Dispatcher {
            database: fresh.another(1),
            queue: SlowQueue,
            settings: settings(),
        };
        let statements = async || {
            let read = async |c: &mut Connection| {
                let row = c.fetch_one("SHOW SESSION STATUS LIKE 'Questions'").await?;
                Ok::<_, StoreError>(row.get::<String, _>(1).parse::<usize>().unwrap())
            };
            dispatcher.database.run(read).await.unwrap()
        };
        let before = statements().await;
        let start = Instant::now();
        let deadline = Deadline::at(Instant::now() + Duration::from_mins(10));
        let swept = task_engine::sweep(&dispatcher, KINDS, deadline).await;
        assert_eq!(swept.unwrap().announced, 100_000);
        let statements = statements().await - before;
        println!("{statements} statements, {:?}", start.elapsed());
        assert!(statements <= 500, "{statements}");
    })
    .await;
}

#[tokio::test]
async fn a_batch_that_cannot_be_finished_keeps_no_other_from_it() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        for name in ["b1", "b2", "b3"] {
            submit_orders(fresh, &queue, name, &orders(5))
                .await
                .unwrap();
        }
        end_all_chunks(fresh).await;
        let poisoned = task(fresh, "b1").await.id;
        // Its result tells of a failed order, whose payload cannot be read.
        for sql in [
            "INSERT INTO tbl_batch_item (task_id, run, item_index, chunk_id, status) \
             SELECT task_id, run, 0, id, 2 FROM tbl_batch_chunk WHERE task_id = {}",
            "UPDATE tbl_batch_payload SET items = COMPRESS('x') WHERE chunk_id IN \
             (SELECT id FROM tbl_batch_chunk WHERE task_id = {})",
        ] {
            run(fresh, &sql.replace("{}", &poisoned.to_string())).await;
        }
        let swept = sweep(&dispatcher(fresh, &queue)).await;
        assert_eq!((swept.finished, swept.faults), (2, 1));
        for name in ["b2", "b3"] {
            assert_eq!(task(fresh, name).await.status, TaskStatus::Finished);
        }
        let again = sweep(&dispatcher(fresh, &queue)).await;
        assert_eq!((again.finished, again.faults), (0, 1));
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_takes_nothing_keeps_no_batch_from_being_finished_and_the_sweep_ends() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 5).await;
        end_all_chunks(fresh).await;
        submit_orders(fresh, &queue, "b2", &orders(5))
            .await
            .unwrap();
        run(fresh, "UPDATE tbl_work SET due_at = NOW(3)").await;
        let down = MemoryQueue {
            down: true,
            ..MemoryQueue::default()
        };
        let swept = sweep(&dispatcher(fresh, &down)).await;
        assert_eq!((swept.announced, swept.finished, swept.faults), (0, 1, 1));
        assert_eq!(sweep(&dispatcher(fresh, &queue)).await.announced, 1);
    })
    .await;
}

#[tokio::test]
async fn runs_that_cannot_be_swept_keep_no_batch_from_its_turn() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 1).await;
        let lost = queue.take();
        run(fresh, "UPDATE tbl_work SET due_at = NOW(3)").await;
        run(fresh, "DROP TABLE tbl_task_queue").await;
        let dispatcher = dispatcher(fresh, &queue);
        let (announcers, end) = ((&TaskQueues::default(), None), Deadline::default());
        let swept = task_service::sweep::sweep(&dispatcher, announcers, KINDS, end).await;
        assert!(swept.is_err(), "the invocation is answered as failed");
        assert_eq!(queue.take(), lost);
    })
    .await;
}
