//! The overview: what it counts and finds, and that it reads a bounded number of entries however much there is.

use task_store::overview::{self, Ended, Trouble};
use task_store::testing::{TestDatabase, with_database};
use task_store::{Moment, dead_letters};

use crate::support::{
    batch_of, chunks_of_two, claim, counting_reads, done, execute, read_number, station,
};

/// The beginning of the present day in UTC, by the server's clock.
async fn midnight(fresh: &TestDatabase) -> Moment {
    let seconds = read_number(
        fresh,
        "SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', CURRENT_DATE())",
    )
    .await;
    Moment::from_seconds(seconds).unwrap()
}

/// Queue `report` with four runs: one ready for half an hour, one that failed and waits, one whose worker is silent, one held.
async fn runs(fresh: &TestDatabase) {
    execute(
        fresh,
        "INSERT INTO tbl_task_queue (name, max_attempts) VALUES ('report', 4)",
    )
    .await;
    for n in 1..=4 {
        let task = format!(
            "INSERT INTO tbl_async_task (station_id, id_scope, user_task_id, name, input, queue, start_time) \
             VALUES ('T2', 'T2', 'r{n}', '报表', '{{}}', 'report', NOW(3) - INTERVAL 900 SECOND)"
        );
        execute(fresh, &task).await;
    }
    let unit = "INSERT INTO tbl_work (kind, queue, station_id, task_id, state, turn, attempt, due_at, ready_at, lease_until, worker, last_error)
        SELECT 2, 'report', 'T2', id,";
    for (name, values) in [
        (
            "r1",
            "0, 1, 0, '9999-01-01', NOW(3) - INTERVAL 1800 SECOND, NULL, NULL, NULL",
        ),
        (
            "r2",
            "1, 2, 1, NOW(3) + INTERVAL 60 SECOND, NULL, NULL, 'w2', 'no connection'",
        ),
        (
            "r3",
            "3, 3, 1, NOW(3), NULL, NOW(3) - INTERVAL 600 SECOND, 'w3', NULL",
        ),
        (
            "r4",
            "3, 4, 1, NOW(3), NULL, NOW(3) + INTERVAL 600 SECOND, 'w4', NULL",
        ),
    ] {
        let sql = format!("{unit} {values} FROM tbl_async_task WHERE user_task_id = '{name}'");
        execute(fresh, &sql).await;
    }
}

#[tokio::test]
async fn open_work_is_counted_and_the_unit_that_waits_longest_is_found() {
    with_database(async |fresh| {
        let task = batch_of(fresh, &chunks_of_two(3)).await;
        runs(fresh).await;
        let (t1, t2) = (station("T1"), station("T2"));
        let counted = async |station| {
            done(&fresh.database, async |c| {
                let open = overview::open_tasks(c, station).await?;
                Ok((open, overview::open_work(c, station).await?))
            })
            .await
        };
        let (open, work) = counted(None).await;
        assert_eq!((open, work.ready, work.delayed, work.running), (5, 4, 1, 2));
        let (open, work) = counted(Some(&t1)).await;
        assert_eq!((open, work.ready, work.delayed, work.running), (1, 3, 0, 0));
        let oldest = async |station| {
            let read =
                async |c: &mut _| overview::oldest_of_queues(c, station, &["order_import"]).await;
            done(&fresh.database, read).await
        };
        let units = oldest(None).await;
        assert_eq!(
            (units.len(), units[0].queue.as_str(), units[0].is_chunk),
            (2, "report", false)
        );
        assert!(
            (1_790..2_000).contains(&units[0].seconds),
            "{}",
            units[0].seconds
        );
        assert_eq!(
            (units[1].task_id, units[1].chunk),
            (task.get(), Some((0, 0, 2)))
        );
        assert_eq!(oldest(Some(&t1)).await[0].task_id, task.get());
        assert_eq!(
            oldest(Some(&t2)).await[0].user_task_id.as_deref(),
            Some("r1")
        );
        execute(fresh, "UPDATE tbl_task_queue SET paused = 1").await;
        assert!(oldest(Some(&t2)).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_station_with_much_open_work_does_not_hide_a_unit_of_another_station_that_is_in_trouble()
{
    with_database(async |fresh| {
        runs(fresh).await;
        // Stations before T2, more units than are looked at.
        let held = "INSERT INTO tbl_work (kind, queue, station_id, task_id, part, state, due_at, lease_until)
            WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 900)
            SELECT 2, 'report', CONCAT('A', s.n), 1000000 + n.n, s.n, 3, NOW(3) + INTERVAL 300 SECOND, NOW(3) + INTERVAL 300 SECOND
            FROM n JOIN (SELECT 1 AS n UNION ALL SELECT 2) s";
        execute(fresh, held).await;
        let read = async |c: &mut _| overview::trouble(c, None).await;
        let found = done(&fresh.database, read).await;
        let told: Vec<_> = found.iter().map(|(trouble, _)| *trouble).collect();
        assert_eq!(told, [Trouble::FailedRun, Trouble::LeaseOver]);
    })
    .await;
}

#[tokio::test]
async fn units_in_trouble_are_found_with_their_task_worker_and_error() {
    with_database(async |fresh| {
        let task = batch_of(fresh, &chunks_of_two(3)).await;
        runs(fresh).await;
        execute(
            fresh,
            "UPDATE tbl_work SET stalls = 2, attempt = 2 WHERE part = 1",
        )
        .await;
        let read = async |c: &mut _| overview::trouble(c, None).await;
        let found = done(&fresh.database, read).await;
        let told: Vec<_> = found
            .iter()
            .map(|(trouble, unit)| {
                (
                    *trouble,
                    unit.station_id.as_str(),
                    unit.worker.as_deref(),
                    unit.last_error.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (Trouble::Stalled, "T1", None, None),
                (Trouble::FailedRun, "T2", Some("w2"), Some("no connection")),
                (Trouble::LeaseOver, "T2", Some("w3"), None),
            ]
        );
        assert_eq!(
            (found[0].1.task_id, found[0].1.chunk),
            (task.get(), Some((1, 2, 2)))
        );
        assert_eq!((found[1].1.attempt, found[1].1.max_attempts), (1, Some(4)));
    })
    .await;
}

#[tokio::test]
async fn ended_tasks_are_counted_by_hour_and_outcome() {
    with_database(async |fresh| {
        let midnight = midnight(fresh).await;
        let insert = "INSERT INTO tbl_async_task (station_id, id_scope, name, status, outcome, end_time) VALUES";
        let at = |second: i64| format!("TIMESTAMP(CURRENT_DATE()) + INTERVAL {second} SECOND");
        for (station, outcome, second) in [
            ("T1", "'success'", 0),
            ("T1", "'success'", 3_599),
            ("T1", "'failed'", 3_600),
            ("T2", "'partial'", 10),
            ("T1", "'success'", -1),
        ] {
            let sql = format!("{insert} ('{station}', '{station}', 'n', 3, {outcome}, {})", at(second));
            execute(fresh, &sql).await;
        }
        let t1 = station("T1");
        let counted = async |station| {
            let read = async |c: &mut _| overview::today(c, station, midnight).await;
            done(&fresh.database, read).await
        };
        let ended = |hour, outcome: &str, tasks| Ended { hour, outcome: outcome.to_owned(), tasks };
        let (of_t1, is_capped) = counted(Some(&t1)).await;
        assert_eq!(of_t1, [ended(0, "success", 2), ended(1, "failed", 1)]);
        assert!(!is_capped);
        let (all, _) = counted(None).await;
        assert_eq!(all, [ended(0, "partial", 1), ended(0, "success", 2), ended(1, "failed", 1)]);
    })
    .await;
}

#[tokio::test]
async fn a_dead_letter_keeps_its_chunk_and_cause_until_its_items_are_mended() {
    with_database(async |fresh| {
        let task = batch_of(fresh, &chunks_of_two(3)).await;
        let claimed = claim(fresh, task, 1).await;
        done(&fresh.database, async |c| {
            dead_letters::record_chunk(c, &claimed, Some("w1"), "its process ended").await
        })
        .await;
        let failed = format!(
            "INSERT INTO tbl_batch_item (task_id, run, item_index, chunk_id, status) VALUES ({task}, 1, 2, {}, 2)",
            claimed.id
        );
        execute(fresh, &failed).await;
        let (t1, t2) = (station("T1"), station("T2"));
        let list = async |station, after| {
            let read = async |c: &mut _| dead_letters::list(c, station, after, 10).await;
            done(&fresh.database, read).await
        };
        let letters = list(Some(&t1), None).await;
        let letter = &letters[0];
        assert_eq!((letter.task_id, letter.chunk, letter.run), (task.get(), Some([1, 2, 2, 1]), 1));
        assert_eq!((letter.worker.as_deref(), letter.cause.as_str()), (Some("w1"), "its process ended"));
        assert!(letter.is_chunk && !letter.is_settled);
        assert!(list(Some(&t2), None).await.is_empty());
        assert!(list(None, Some(letter.id)).await.is_empty());
        execute(fresh, "UPDATE tbl_batch_item SET status = 3").await;
        assert!(list(None, None).await[0].is_settled);
        execute(fresh, "UPDATE tbl_batch_item SET status = 2").await;
        execute(fresh, "UPDATE tbl_batch SET run = 2").await;
        assert!(list(None, None).await[0].is_settled);
    })
    .await;
}

#[tokio::test]
async fn an_overview_of_a_full_database_reads_a_bounded_number_of_entries() {
    with_database(async |fresh| {
        for _ in 0..12 {
            batch_of(fresh, &chunks_of_two(400)).await;
        }
        runs(fresh).await;
        let many = "INSERT INTO tbl_async_task (station_id, id_scope, name, status, outcome, end_time) \
            SELECT station_id, station_id, 'n', 3, 'success', NOW(3) FROM tbl_work";
        for _ in 0..4 {
            execute(fresh, many).await;
        }
        for table in ["tbl_work", "tbl_async_task", "tbl_batch_chunk"] {
            execute(fresh, &format!("ANALYZE TABLE {table}")).await;
        }
        let midnight = midnight(fresh).await;
        let one = fresh.another(1);
        let t2 = station("T2");
        for station in [None, Some(&t2)] {
            let everything = async |c: &mut _| {
                overview::open_tasks(c, station).await?;
                overview::oldest_of_queues(c, station, &["order_import", "sku_price"]).await?;
                dead_letters::list(c, station, None, 200).await
            };
            let trouble = async |c: &mut _| overview::trouble(c, station).await;
            let counts = async |c: &mut _| {
                overview::open_work(c, station).await?;
                overview::today(c, station, midnight).await
            };
            done(&one, &everything).await;
            let (read, _) = done(&one, async |c| counting_reads(c, &everything).await).await;
            println!("everything else of {station:?}: {read}");
            assert!(read < 300, "{read}");
            done(&one, &trouble).await;
            let (read, _) = done(&one, async |c| counting_reads(c, &trouble).await).await;
            println!("trouble of {station:?}: {read}");
            assert!(read < 12_000, "{read}");
            done(&one, &counts).await;
            let (read, _) = done(&one, async |c| counting_reads(c, &counts).await).await;
            println!("counts of {station:?}: {read}");
            // The entries, and the counted ones once more.
            assert!(read < 90_000, "{read}");
        }
    })
    .await;
}
