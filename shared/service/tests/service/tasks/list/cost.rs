//! The server's cost of a page.

use std::time::{Duration, Instant};

use task_store::StoreError;

use super::*;

/// How many rows and index entries the server has read for one list, page and total together.
async fn reads(fresh: &TestDatabase, query: Query<'_>) -> (u64, Duration) {
    let another = fresh.another(1);
    let same = TestDatabase {
        database: another,
        url: fresh.url.clone(),
    };
    let handler = async |c: &mut _| {
        let sql = "SHOW SESSION STATUS LIKE 'Handler_read%'";
        let rows: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(c).await?;
        let on_indexes = rows.iter().filter(|(name, _)| !name.contains("rnd"));
        Ok::<u64, StoreError>(
            on_indexes
                .map(|(_, count)| count.parse::<u64>().unwrap())
                .sum(),
        )
    };
    list(&same, query, 10).await;
    let before = same.database.run(handler).await.unwrap();
    let start = Instant::now();
    list(&same, query, 10).await;
    let took = start.elapsed();
    (same.database.run(handler).await.unwrap() - before, took)
}

const OPEN: &[TaskStatus] = &[Submitted, Running];

const QUERIES: [(&str, Query<'static>); 11] = [
    ("all", EVERY),
    ("status", query(&[Finished], None, false, None, 0)),
    ("two statuses", query(OPEN, None, false, None, 0)),
    ("type", query(&[], Some(2), false, None, 0)),
    ("type and statuses", query(OPEN, Some(2), false, None, 0)),
    ("shown", query(&[], None, true, None, 0)),
    ("nothing found", query(&[], Some(99), false, None, 0)),
    ("after", query(&[], None, false, Some(50_000), 0)),
    ("type after", query(&[], Some(2), false, Some(50_000), 0)),
    ("page 1,000", query(&[], None, false, None, 1000)),
    ("shown, page 1,000", query(&[], None, true, None, 1000)),
];

#[tokio::test]
async fn a_page_of_a_hundred_thousand_tasks_reads_no_more_than_the_capped_total() {
    with_database(async |fresh| {
        fill(fresh, 100_000).await;
        let version = async |c: &mut _| {
            let version: String = sqlx::query_scalar("SELECT VERSION()").fetch_one(c).await?;
            Ok::<_, StoreError>(version)
        };
        // MariaDB does not stop a UNION early, only each part of it.
        let is_maria_db = fresh
            .database
            .run(version)
            .await
            .unwrap()
            .contains("MariaDB");
        let counted = if is_maria_db { 30_300 } else { 10_300 };
        for (what, query) in QUERIES {
            let (read, took) = reads(fresh, query).await;
            println!("{what}: {read} reads, {took:?}");
            let skipped = u64::from(query.page) * 10;
            assert!(read < counted + 3 * skipped, "{what}: {read}");
        }
    })
    .await;
}
