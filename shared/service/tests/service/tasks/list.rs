//! `/task/list`.

use task_engine::PageRequest;
use task_service::tasks::{Columns, Counted, Filter, FoundBy, List};
use task_store::tasks::TaskStatus::{self, Finished, Running, Submitted};
use task_store::testing::with_database;

use super::*;

mod cost;

#[derive(Default, Clone, Copy)]
struct Query<'a> {
    statuses: &'a [TaskStatus],
    type_id: Option<i32>,
    only_shown: bool,
    page: u32,
    after: Option<i64>,
}

const EVERY: Query<'static> = query(&[], None, false, None, 0);

const fn query(
    statuses: &[TaskStatus],
    type_id: Option<i32>,
    only_shown: bool,
    after: Option<i64>,
    page: u32,
) -> Query<'_> {
    Query {
        statuses,
        type_id,
        only_shown,
        page,
        after,
    }
}

async fn list_with(
    fresh: &TestDatabase,
    query: Query<'_>,
    limit: u32,
    columns: Columns,
) -> (Value, Value) {
    let list = List {
        filter: Filter {
            station: Some(&StationId::parse(STATION).unwrap()),
            statuses: query.statuses,
            type_id: query.type_id,
            only_shown: query.only_shown,
            found_by: FoundBy::default(),
        },
        page: PageRequest {
            limit,
            page: query.page,
            after: query.after,
        },
        columns,
        counted: Counted::Exact,
    };
    let (views, pagination) = tasks::list(&fresh.database, &list, &TimeZone::UTC)
        .await
        .unwrap();
    (json!(views), json!(pagination))
}

/// The keys of a page, and its pagination.
async fn list(fresh: &TestDatabase, query: Query<'_>, limit: u32) -> (Vec<i64>, Value) {
    let none = Columns {
        input: false,
        result: false,
    };
    let (views, pagination) = list_with(fresh, query, limit, none).await;
    let ids = views
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["task_id"].as_i64().unwrap());
    (ids.collect(), pagination)
}

/// Tasks 1 to `count` of the station: status `id % 3 + 1`, type `id % 5`, hidden where `id % 7` is 0.
async fn fill(fresh: &TestDatabase, count: u32) {
    run(
        fresh,
        &format!(
            "INSERT INTO tbl_async_task (id, station_id, name, input, result, status, type, message_show) \
             SELECT a.n + b.n * 10 + c.n * 100 + d.n * 1000 + e.n * 10000 + 1 AS id, '{STATION}', 'n', \
               REPEAT('i', 200), '{{\"msg\": \"x\"}}', (a.n + b.n * 10 + c.n * 100 + d.n * 1000 + e.n * 10000 + 1) % 3 + 1, \
               (a.n + b.n * 10 + c.n * 100 + d.n * 1000 + e.n * 10000 + 1) % 5, \
               (a.n + b.n * 10 + c.n * 100 + d.n * 1000 + e.n * 10000 + 1) % 7 <> 0 \
             FROM ({DIGITS}) a, ({DIGITS}) b, ({DIGITS}) c, ({DIGITS}) d, ({DIGITS}) e HAVING id <= {count}"
        ),
    )
    .await;
    run(
        fresh,
        "INSERT INTO tbl_async_task (station_id, name) VALUES ('T2', 'another station')",
    )
    .await;
    run(fresh, "ANALYZE TABLE tbl_async_task").await;
}

const DIGITS: &str = "SELECT 0 n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 \
    UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9";

/// The keys that a query should find among the tasks of [`fill`], all pages.
fn expected(count: i64, query: Query<'_>) -> Vec<i64> {
    let wanted = |id: &i64| {
        let statuses = query.statuses;
        (statuses.is_empty()
            || statuses
                .iter()
                .any(|status| i64::from(status.number()) == id % 3 + 1))
            && query
                .type_id
                .is_none_or(|type_id| i64::from(type_id) == id % 5)
            && (!query.only_shown || id % 7 != 0)
            && query.after.is_none_or(|after| *id < after)
    };
    (1..=count).rev().filter(wanted).collect()
}

/// All pages of a query, one after the other.
async fn all_pages(fresh: &TestDatabase, mut query: Query<'_>) -> Vec<i64> {
    let total = expected(
        200,
        Query {
            after: None,
            ..query
        },
    )
    .len();
    let mut found = Vec::new();
    loop {
        let (ids, pagination) = list(fresh, query, 30).await;
        assert_eq!(pagination["total"], total);
        query.page += 1;
        let is_last = ids.len() < 30;
        found.extend(ids);
        if is_last {
            return found;
        }
    }
}

#[tokio::test]
async fn every_filter_finds_its_tasks_newest_first_on_every_page() {
    let one_two_or_all: [&[TaskStatus]; 5] = [
        &[],
        &[Finished],
        &[Running, Submitted],
        &[Submitted, Running, Finished],
        &[Running, Running],
    ];
    with_database(async |fresh| {
        fill(fresh, 200).await;
        for statuses in one_two_or_all {
            for type_id in [None, Some(2), Some(99)] {
                for (only_shown, after) in [
                    (false, None),
                    (true, None),
                    (false, Some(77)),
                    (true, Some(78)),
                ] {
                    let query = query(statuses, type_id, only_shown, after, 0);
                    let told = format!("{statuses:?} {type_id:?} {only_shown} {after:?}");
                    assert_eq!(
                        all_pages(fresh, query).await,
                        expected(200, query),
                        "{told}"
                    );
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn next_after_id_leads_through_the_whole_list() {
    with_database(async |fresh| {
        fill(fresh, 25).await;
        let (first, pagination) = list(fresh, EVERY, 10).await;
        assert_eq!(first, (16..=25).rev().collect::<Vec<_>>());
        assert_eq!(
            pagination,
            json!({"total": 25, "limit": 10, "offset": 0, "next_after_id": 16})
        );
        let (second, pagination) = list(
            fresh,
            Query {
                after: Some(16),
                ..EVERY
            },
            10,
        )
        .await;
        assert_eq!((second[0], &pagination["next_after_id"]), (15, &json!(6)));
        let (third, pagination) = list(
            fresh,
            Query {
                after: Some(6),
                ..EVERY
            },
            10,
        )
        .await;
        assert_eq!(
            (third.len(), &pagination["next_after_id"]),
            (5, &Value::Null)
        );
    })
    .await;
}

#[tokio::test]
async fn the_two_large_columns_are_answered_when_they_are_asked_for() {
    with_database(async |fresh| {
        fill(fresh, 1).await;
        for (input, result) in [(true, true), (true, false), (false, true), (false, false)] {
            let (views, _) = list_with(fresh, EVERY, 10, Columns { input, result }).await;
            assert_eq!(views[0].get("input").is_some(), input);
            assert_eq!(views[0].get("result").is_some(), result);
            assert_eq!(views[0]["name"], "n");
        }
        let (views, _) = list_with(fresh, EVERY, 10, Columns::ALL).await;
        assert_eq!(views[0]["result"], json!({"msg": "x"}));
    })
    .await;
}

#[tokio::test]
async fn a_total_is_counted_up_to_ten_thousand_and_then_said_to_be_capped() {
    with_database(async |fresh| {
        fill(fresh, 10_000).await;
        let (_, pagination) = list(fresh, EVERY, 10).await;
        assert_eq!(pagination["total"], 10_000);
        assert!(pagination.get("total_capped").is_none());
        run(
            fresh,
            &format!("INSERT INTO tbl_async_task (station_id, name) VALUES ('{STATION}', 'n')"),
        )
        .await;
        let (_, pagination) = list(fresh, EVERY, 10).await;
        assert_eq!(
            (&pagination["total"], &pagination["total_capped"]),
            (&json!(10_000), &json!(true))
        );
    })
    .await;
}
