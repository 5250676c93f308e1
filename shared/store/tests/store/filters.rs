//! The filters of a list of tasks: each finds exactly its tasks, in order, a page at a time, and reads a bounded number of
//! index entries.

mod cost;

use sqlx::{Executor as _, Row as _};
use task_store::tasks::{self, Columns, Filter, FoundBy, Ordered, Part, TaskStatus};
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, Moment, StationId};

use crate::support::{done, execute, station};

/// Tasks of each of two stations.
const TASKS: u32 = 6_000;

/// A task in four is open, one in two hundred has failed; every tenth is a `stock` task; every seventh is hidden; tasks are
/// added a second apart.
async fn filled(fresh: &TestDatabase) {
    let numbers = format!(
        "SELECT a.n + b.n * 10 + c.n * 100 + d.n * 1000 AS n FROM {ten} a JOIN {ten} b JOIN {ten} c JOIN {ten} d \
         HAVING n < {TASKS} ORDER BY n",
        ten = "(SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 \
               UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"
    );
    for station in ["T1", "T2"] {
        let sql = format!(
            "INSERT INTO tbl_async_task (station_id, id_scope, user_task_id, name, input, type, status, outcome, queue, tags, \
               message_show, creat_time, end_time) \
             SELECT '{station}', '{station}', CONCAT(IF(n % 3 = 0, 'a_', 'b-'), LPAD(n, 5, '0')), \
               IF(n % 10 = 0, CONCAT('stock ', n % 30), 'report'), '{{}}', n % 5, IF(n % 4 = 0, n % 8 DIV 4 + 1, 3), \
               IF(n % 4 = 0, NULL, IF(n % 200 = 1, 'failed', 'success')), IF(n % 2 = 0, 'demo', NULL), \
               IF(n = 17, '[\"rare\"]', '[]'), n % 7 > 0, TIMESTAMP('2026-01-01') + INTERVAL n SECOND, \
               IF(n % 4 = 0, NULL, NOW(3)) FROM ({numbers}) numbers"
        );
        execute(fresh, &sql).await;
    }
    execute(fresh, "ANALYZE TABLE tbl_async_task").await;
}

const fn of(station: &StationId) -> Filter<'_> {
    Filter {
        station: Some(station),
        statuses: &[],
        type_id: None,
        only_shown: true,
        found_by: FoundBy {
            outcomes: &[],
            queue: None,
            tag: None,
            ordered: None,
        },
    }
}

const NONE: Columns = Columns {
    input: false,
    result: false,
};

/// Reads a page; the keys, and where the next page begins.
async fn page(
    connection: &mut Connection,
    filter: &Filter<'_>,
    limit: u64,
    after: Option<i64>,
) -> task_store::Result<(Vec<i64>, Option<i64>)> {
    let part = Part {
        limit,
        skip: 0,
        after,
    };
    let page = tasks::list(connection, filter, part, NONE, 1 << 30)
        .await?
        .unwrap();
    let keys: Vec<_> = page.tasks.iter().map(|task| task.id.get()).collect();
    let is_full = keys.len() == usize::try_from(limit).unwrap();
    let next = keys.last().copied().filter(|_| is_full).or(page.scanned_to);
    Ok((keys, next))
}

/// Every key of a filter, a page after the other.
async fn all(fresh: &TestDatabase, filter: &Filter<'_>, limit: u64) -> Vec<i64> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let read = async |c: &mut _| page(c, filter, limit, after).await;
        let (keys, next) = done(&fresh.database, read).await;
        found.extend(keys);
        after = next;
        if after.is_none() {
            return found;
        }
    }
}

/// The keys that a plain condition finds.
async fn expected(fresh: &TestDatabase, condition: &str, order: &str) -> Vec<i64> {
    let sql = format!("SELECT id FROM tbl_async_task WHERE {condition} ORDER BY {order}");
    let rows = done(&fresh.database, async |c| {
        Ok(c.fetch_all(sql.as_str()).await?)
    })
    .await;
    rows.iter().map(|row| row.get::<i64, _>(0)).collect()
}

fn at(second: i64) -> Option<Moment> {
    Moment::from_seconds(1_767_225_600 + second)
}

/// Filters of station `T1`, each with a plain condition and its order.
const SHOWN: &str = "station_id = 'T1' AND message_show = 1";
const NEWEST: &str = "id DESC";

fn by(ordered: Ordered<'_>) -> FoundBy<'_> {
    FoundBy {
        ordered: Some(ordered),
        ..FoundBy::default()
    }
}

#[tokio::test]
async fn a_filter_finds_exactly_its_tasks_a_page_after_the_other() {
    with_database(async |fresh| {
        filled(fresh).await;
        let t1 = station("T1");
        let failed = FoundBy {
            outcomes: &["failed"],
            ..FoundBy::default()
        };
        let ended = FoundBy {
            outcomes: &["failed", "success"],
            queue: Some("demo"),
            ..FoundBy::default()
        };
        let rare = FoundBy {
            tag: Some("rare"),
            ..FoundBy::default()
        };
        let stock = "name DESC, id DESC";
        let failed_of = |ordered| FoundBy {
            outcomes: &["failed"],
            ..by(ordered)
        };
        for (found_by, condition, order) in [
            (FoundBy::default(), "TRUE", NEWEST),
            (failed, "outcome = 'failed'", NEWEST),
            (
                ended,
                "outcome IN ('failed', 'success') AND queue = 'demo'",
                NEWEST,
            ),
            (rare, "user_task_id = 'b-00017'", NEWEST),
            (by(Ordered::Name("stock")), "name LIKE 'stock%'", stock),
            (by(Ordered::Name("stock 2")), "name LIKE 'stock 2%'", stock),
            (
                failed_of(Ordered::Name("report")),
                "name = 'report' AND outcome = 'failed'",
                stock,
            ),
            (
                by(Ordered::UserTaskId("a_0")),
                "user_task_id LIKE 'a!_0%' ESCAPE '!'",
                "user_task_id DESC",
            ),
            (
                by(Ordered::Created(at(100), at(300))),
                "creat_time >= '2026-01-01 00:01:40' AND creat_time < '2026-01-01 00:05:00'",
                NEWEST,
            ),
            (
                by(Ordered::Created(at(5_900), None)),
                "creat_time >= '2026-01-01 01:38:20'",
                NEWEST,
            ),
            (
                by(Ordered::Created(None, at(50))),
                "creat_time < '2026-01-01 00:00:50'",
                NEWEST,
            ),
        ] {
            let filter = Filter {
                found_by,
                ..of(&t1)
            };
            let condition = format!("{SHOWN} AND {condition}");
            let wanted = expected(fresh, &condition, order).await;
            assert!(!wanted.is_empty(), "{condition}");
            assert_eq!(all(fresh, &filter, 70).await, wanted, "{condition}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_tasks_of_all_stations_are_found_by_their_queue_or_looked_through() {
    with_database(async |fresh| {
        filled(fresh).await;
        let t1 = station("T1");
        let everywhere = Filter {
            station: None,
            ..of(&t1)
        };
        let of_queue = FoundBy {
            queue: Some("demo"),
            outcomes: &["success"],
            ..FoundBy::default()
        };
        let open = Filter {
            statuses: &[TaskStatus::Running],
            ..everywhere
        };
        for (filter, condition) in [
            (everywhere, "TRUE"),
            (
                Filter {
                    found_by: of_queue,
                    ..everywhere
                },
                "queue = 'demo' AND outcome = 'success'",
            ),
            (open, "status = 2"),
        ] {
            let wanted =
                expected(fresh, &format!("message_show = 1 AND {condition}"), NEWEST).await;
            assert_eq!(all(fresh, &filter, 90).await, wanted, "{condition}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_type_is_found_with_an_outcome_a_status_and_a_tag() {
    with_database(async |fresh| {
        filled(fresh).await;
        let t1 = station("T1");
        let success = FoundBy {
            outcomes: &["success"],
            ..FoundBy::default()
        };
        let of_queue = FoundBy {
            queue: Some("demo"),
            ..FoundBy::default()
        };
        let running = &[TaskStatus::Running][..];
        for (found_by, statuses, condition) in [
            (success, &[][..], "type = 3 AND outcome = 'success'"),
            (FoundBy::default(), running, "type = 3 AND status = 2"),
            (
                of_queue,
                running,
                "type = 3 AND status = 2 AND queue = 'demo'",
            ),
        ] {
            let filter = Filter {
                type_id: Some(3),
                statuses,
                found_by,
                ..of(&t1)
            };
            let condition = format!("{SHOWN} AND {condition}");
            let wanted = expected(fresh, &condition, NEWEST).await;
            assert!(!wanted.is_empty(), "{condition}");
            assert_eq!(all(fresh, &filter, 70).await, wanted, "{condition}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_that_comes_after_another_stations_task_does_not_exist() {
    with_database(async |fresh| {
        filled(fresh).await;
        let (t1, foreign) = (station("T1"), i64::from(TASKS) + 1_000);
        let filter = Filter {
            found_by: by(Ordered::Name("stock")),
            ..of(&t1)
        };
        let part = Part {
            limit: 10,
            skip: 0,
            after: Some(foreign),
        };
        let read = async |c: &mut _| tasks::list(c, &filter, part, NONE, 1 << 20).await;
        assert!(done(&fresh.database, read).await.is_none());
    })
    .await;
}
