//! How late the tasks of many schedules that are due in one second are in the hands of workers.

use std::time::{Duration, Instant};

use super::adding::many;
use super::*;

/// In how many seconds the schedules are due.
const AHEAD: i64 = 3;
/// Workers that ask for tasks, and the most that each takes at once.
const WORKERS: usize = 4;
const AT_ONCE: u32 = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tasks_of_a_thousand_schedules_due_in_one_second_are_claimed_once_and_not_before() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        set(&fresh.database, "s", &by("0 3 * * *")).await.unwrap();
        many(fresh).await;
        let due = format!("UPDATE tbl_task_schedule SET next_at = NOW() + INTERVAL {AHEAD} SECOND");
        execute(fresh, &due).await;
        let begun = Instant::now();
        let added = add_due(&fresh.database).await.scheduled;
        let adding = begun.elapsed();
        assert_eq!(added, 1_001);
        let instant = "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', MAX(passed_to)) FROM tbl_task_schedule";
        let instant = count(fresh, instant).await;
        let database = fresh.another(WORKERS);
        let workers = (0..WORKERS).map(|_| worked(&database, instant));
        let late = futures_util::future::join_all(workers).await;
        let mut late: Vec<i64> = late.into_iter().flatten().collect();
        late.sort_unstable();
        assert_eq!(late.len(), 1_001, "each once");
        let at = |percent: usize| late[(late.len() - 1) * percent / 100];
        println!(
            "1,001 schedules due in one second: added in {} ms; late in the hands of {WORKERS} workers: p50 {} ms, p99 {} ms, most {} ms",
            adding.as_millis(),
            at(50),
            at(99),
            at(100)
        );
        assert!(at(0) >= 0, "none before its time");
    })
    .await;
}

/// Claims until nothing is left; answers by how many milliseconds each task was late.
async fn worked(database: &Database, instant: i64) -> Vec<i64> {
    let mut late = Vec::new();
    let mut is_begun = false;
    loop {
        let request = ClaimRequest {
            queue: &queue(QUEUE),
            limit: AT_ONCE,
            wait: Duration::from_secs(if is_begun { 0 } else { 10 }),
            most_waiting: None,
            claim_id: None,
            worker: "request-1",
        };
        let claimed = runs::claim(database, &request, &TimeZone::UTC)
            .await
            .unwrap();
        if claimed.tasks.is_empty() && is_begun {
            return late;
        }
        is_begun = true;
        let now = "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', NOW(6))";
        let read = async |c: &mut _| {
            let row: (i64,) = sqlx::query_as(now).fetch_one(c).await?;
            Ok::<_, StoreError>(row.0)
        };
        let now = database.read(read).await.unwrap();
        late.extend(claimed.tasks.iter().map(|_| (now - instant) / 1_000));
    }
}
