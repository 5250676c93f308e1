//! The original service's table, adopted while its software goes on.

mod bridge;
mod original;
mod refusals;
mod writers;

use std::time::Duration;

use futures_util::future::join;
use sqlx::{Connection as _, Executor as _};
use task_store::testing::{Stop, Terms, TestDatabase, migrate_in_steps, with_empty_database};
use task_store::{Connection, migrate};
use tokio::time::{Instant, sleep};

use crate::support::{execute, read, read_number};
use original::{assert_adopted, create, fill};
use writers::Writers;

/// The rows of a table whose adoption takes several steps of 100.
const SOME: u32 = 700;
/// How long nobody may wait longer for the adopted table.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Adopts in small steps, dying where the test says.
async fn adopt(fresh: &TestDatabase, stop: Option<Stop>) -> task_store::Result<()> {
    let patient = fresh.another_bounded(1, Duration::from_mins(2));
    migrate_in_steps(&patient, Terms { rows: 100, stop }).await
}

#[tokio::test]
async fn a_table_of_the_original_is_adopted_with_every_row() {
    with_empty_database(async |fresh| {
        create(fresh).await;
        fill(fresh, SOME).await;
        adopt(fresh, None).await.unwrap();
        assert_adopted(fresh).await;
        let others = "SELECT COUNT(*) FROM tbl_adopted";
        assert!(read_number(fresh, others).await > 0);
        migrate(&fresh.database).await.unwrap();
        let success = "SELECT MIN(success) FROM _sqlx_migrations";
        assert_eq!(read_number(fresh, success).await, 1);
    })
    .await;
}

#[tokio::test]
async fn an_adopted_database_has_the_schema_of_a_new_one() {
    let columns = "SELECT GROUP_CONCAT(column_name, ' ', column_type, ' ', is_nullable, ' ', column_comment ORDER BY ordinal_position) \
        FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'tbl_async_task'";
    let wide = "SET SESSION group_concat_max_len = 100000";
    let schema = async |fresh: &TestDatabase| {
        let mut connection = Connection::connect(&fresh.url).await.unwrap();
        connection.execute(wide).await.unwrap();
        let found: String = sqlx::query_scalar(columns)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        found
    };
    let expected = with_empty_database(async |fresh| {
        migrate(&fresh.database).await.unwrap();
        schema(fresh).await
    })
    .await;
    with_empty_database(async |fresh| {
        create(fresh).await;
        adopt(fresh, None).await.unwrap();
        assert_eq!(schema(fresh).await, expected);
    })
    .await;
}

#[tokio::test]
async fn new_ids_start_above_the_largest_of_the_original() {
    with_empty_database(async |fresh| {
        create(fresh).await;
        fill(fresh, 10).await;
        let largest = read_number(fresh, "SELECT MAX(id) FROM tbl_async_task").await;
        adopt(fresh, None).await.unwrap();
        let task = crate::support::a_task(fresh).await;
        assert!(task.get() > largest, "{task} after {largest}");
    })
    .await;
}

#[tokio::test]
async fn no_write_is_lost_and_no_writer_waits_for_a_second_while_a_table_is_adopted() {
    with_empty_database(async |fresh| {
        create(fresh).await;
        fill(fresh, SOME).await;
        let writers = Writers::start(fresh, 4).await;
        writers.work(Duration::from_millis(300)).await;
        adopt(fresh, None).await.unwrap();
        writers.work(Duration::from_millis(300)).await;
        let slowest = writers.stop().await;
        assert_adopted(fresh).await;
        assert!(slowest < LONGEST_WAIT, "{slowest:?}");
    })
    .await;
}

/// Adopts beside writers, dying at each of the points, one after the other.
async fn adopted_dying_at(points: &[Stop]) {
    with_empty_database(async |fresh| {
        create(fresh).await;
        fill(fresh, SOME).await;
        let writers = Writers::start(fresh, 2).await;
        for point in points {
            let fault = adopt(fresh, Some(*point)).await.unwrap_err();
            assert!(fault.to_string().contains("stopped at"), "{fault}");
            writers.work(Duration::from_millis(100)).await;
        }
        adopt(fresh, None).await.unwrap();
        writers.work(Duration::from_millis(100)).await;
        let slowest = writers.stop().await;
        assert_adopted(fresh).await;
        assert!(slowest < LONGEST_WAIT, "{slowest:?}");
    })
    .await;
}

#[tokio::test]
async fn an_adoption_that_dies_three_times_in_the_middle_goes_on_where_it_was() {
    adopted_dying_at(&[
        Stop::Prepared,
        Stop::Copied(2),
        Stop::Copied(1),
        Stop::Copied(2),
    ])
    .await;
}

#[tokio::test]
async fn an_adoption_that_dies_with_the_table_locked_has_swapped_nothing() {
    adopted_dying_at(&[Stop::Locked, Stop::Locked]).await;
}

#[tokio::test]
async fn an_adoption_that_dies_in_the_middle_of_the_swap_has_swapped_all() {
    adopted_dying_at(&[Stop::Released]).await;
}

#[tokio::test]
async fn an_adoption_that_dies_after_the_swap_is_only_cleared_up() {
    adopted_dying_at(&[Stop::Swapped]).await;
    with_empty_database(async |fresh| {
        create(fresh).await;
        fill(fresh, 10).await;
        adopt(fresh, Some(Stop::Swapped)).await.unwrap_err();
        adopt(fresh, None).await.unwrap();
        let left = "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = DATABASE() \
            AND trigger_name LIKE 'adoption%'";
        assert_eq!(read_number(fresh, left).await, 0);
        assert_eq!(
            read(fresh, "SHOW TABLES LIKE 'tbl_async_task_original'").await,
            Some("tbl_async_task_original".to_owned())
        );
    })
    .await;
}

#[tokio::test]
async fn an_adoption_whose_triggers_were_dropped_begins_anew() {
    with_empty_database(async |fresh| {
        create(fresh).await;
        fill(fresh, SOME).await;
        adopt(fresh, Some(Stop::Copied(2))).await.unwrap_err();
        execute(fresh, "DROP TRIGGER adoption_update").await;
        for table in ["tbl_async_task", "mirror"] {
            execute(fresh, &format!("UPDATE {table} SET name = 'unseen'")).await;
        }
        adopt(fresh, None).await.unwrap();
        assert_adopted(fresh).await;
    })
    .await;
}

#[tokio::test]
async fn an_adoption_behind_a_long_read_keeps_no_writer_waiting_and_succeeds_in_the_end() {
    with_empty_database(async |fresh| {
        create(fresh).await;
        fill(fresh, 100).await;
        let writers = Writers::start(fresh, 2).await;
        let reader = async {
            let mut reader = Connection::connect(&fresh.url).await.unwrap();
            let begin = "START TRANSACTION; SELECT COUNT(*) FROM tbl_async_task";
            reader.execute(begin).await.unwrap();
            sleep(Duration::from_millis(2_500)).await;
            reader.execute("COMMIT").await.unwrap();
            Instant::now()
        };
        let adoption = async {
            sleep(Duration::from_millis(200)).await;
            adopt(fresh, None).await.unwrap();
            Instant::now()
        };
        let (read, adopted) = join(reader, adoption).await;
        assert!(adopted > read);
        let slowest = writers.stop().await;
        assert_adopted(fresh).await;
        assert!(slowest < LONGEST_WAIT, "{slowest:?}");
    })
    .await;
}

#[tokio::test]
async fn an_adoption_that_never_gets_its_table_names_the_transaction_in_its_way() {
    with_empty_database(async |fresh| {
        create(fresh).await;
        fill(fresh, 100).await;
        let mut reader = Connection::connect(&fresh.url).await.unwrap();
        let begin = "START TRANSACTION; SELECT COUNT(*) FROM tbl_async_task";
        reader.execute(begin).await.unwrap();
        let id: u64 = sqlx::query_scalar("SELECT CONNECTION_ID()")
            .fetch_one(&mut reader)
            .await
            .unwrap();
        let hasty = fresh.another_bounded(1, Duration::from_secs(12));
        let terms = Terms::default();
        let fault = migrate_in_steps(&hasty, terms).await.unwrap_err();
        let text = fault.to_string();
        assert!(text.contains("run this again"), "{text}");
        assert!(text.contains(&format!("connection {id} of")), "{text}");
        reader.execute("COMMIT").await.unwrap();
        adopt(fresh, None).await.unwrap();
        assert_adopted(fresh).await;
    })
    .await;
}

/// The long form is `make adopt ROWS=1000000`.
#[tokio::test]
async fn a_large_table_is_adopted_beside_eight_writers_dying_three_times() {
    with_empty_database(async |fresh| {
        let rows = std::env::var("ADOPT_ROWS").map_or(5_000, |rows| rows.parse().unwrap());
        create(fresh).await;
        fill(fresh, rows).await;
        let writers = Writers::start(fresh, 8).await;
        let patient = fresh.another_bounded(1, Duration::from_hours(1));
        let start = Instant::now();
        for _ in 0..3 {
            let stop = Some(Stop::Copied(rows / 4_000));
            let terms = Terms { stop, ..Terms::default() };
            migrate_in_steps(&patient, terms).await.unwrap_err();
        }
        migrate(&patient).await.unwrap();
        let took = start.elapsed();
        let written = writers.written();
        let slowest = writers.stop().await;
        let others = read_number(fresh, "SELECT COUNT(*) FROM tbl_adopted").await;
        println!(
            "adopted {rows} rows in {:.1} s beside {written} writing transactions, the longest of which took {:.0} ms; {others} \
             older rows of an id lost it",
            took.as_secs_f64(),
            slowest.as_secs_f64() * 1000.0
        );
        assert_adopted(fresh).await;
        assert!(slowest < LONGEST_WAIT, "{slowest:?}");
    })
    .await;
}
