//! Sizes: whatever is accepted can be answered, alone and in lists.

use task_engine::PageRequest;
use task_service::async_tasks::{self, TaskListRequest};
use task_service::tasks::{Columns, Counted, Filter, FoundBy, List};
use task_store::testing::with_database;

use super::*;
use crate::support::{caller, task};

/// The most bytes of an input, of a result.
const MOST: usize = 1_000_000;

/// A text of `bytes` bytes as a JSON string.
fn text(bytes: usize) -> String {
    "x".repeat(bytes - 2)
}

async fn page(
    fresh: &TestDatabase,
    limit: u32,
    after: Option<i64>,
    columns: Columns,
) -> (Vec<Value>, Value) {
    let station = StationId::parse(STATION).unwrap();
    let filter = Filter {
        station: Some(&station),
        statuses: &[],
        type_id: None,
        only_shown: false,
        found_by: FoundBy::default(),
    };
    let list = List {
        filter,
        page: PageRequest {
            limit,
            page: 0,
            after,
        },
        columns,
        counted: Counted::Exact,
    };
    let zone = TimeZone::UTC;
    let (views, pagination) = tasks::list(&fresh.database, &list, &zone).await.unwrap();
    (
        views.iter().map(|view| json!(view)).collect(),
        json!(pagination),
    )
}

#[tokio::test]
async fn an_input_has_at_most_a_million_bytes_as_it_is_printed() {
    with_database(async |fresh| {
        let escaped = "\n".repeat(MOST / 2 - 1);
        for input in [text(MOST), escaped.clone()] {
            add(fresh, "a", &input, true).await.unwrap();
            assert_eq!(get(fresh, "a").await["input"], input);
            finish(fresh, "a", &Changes::default()).await.unwrap();
        }
        for input in [text(MOST + 1), escaped + "\""] {
            assert_eq!(
                code(add(fresh, "b", &input, true).await),
                ErrorCode::ParamInvalid
            );
            let changes = Changes {
                input: Some(input.into()),
                ..Changes::default()
            };
            let zone = TimeZone::UTC;
            let end = tasks::update(&fresh.database, &named("a"), &changes, &zone).await;
            assert_eq!(code(end), ErrorCode::ParamInvalid);
        }
    })
    .await;
}

#[tokio::test]
async fn a_result_has_at_most_a_million_bytes_however_it_grows() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        let too_large = set(fresh, "a", "$", json!(text(MOST + 1))).await;
        assert_eq!(code(too_large), ErrorCode::ResultTooLarge);
        set(fresh, "a", "$", json!(text(MOST))).await.unwrap();
        set(fresh, "a", "$", json!({"l": [text(400_000)]}))
            .await
            .unwrap();
        update(fresh, "a", "append", "$.l", json!(text(400_000)))
            .await
            .unwrap();
        let before = task(fresh, "a").await.result;
        for (op, position) in [
            ("append", "$.l"),
            ("set", "$.l[9]"),
            ("set", "$.k"),
            ("append", "$.m"),
        ] {
            let end = update(fresh, "a", op, position, json!(text(400_000))).await;
            assert_eq!(code(end), ErrorCode::ResultTooLarge, "{op} {position}");
        }
        let last = change("set", "$.k", &json!(text(400_000))).unwrap();
        assert_eq!(
            code(finish(fresh, "a", &last).await),
            ErrorCode::ResultTooLarge
        );
        assert!(task(fresh, "a").await.result == before);
        update(fresh, "a", "remove", "$.l[0]", json!(null))
            .await
            .unwrap();
        set(fresh, "a", "$.k", json!(text(400_000))).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_page_answers_what_fits_and_says_where_to_go_on() {
    with_database(async |fresh| {
        for n in 0..10 {
            let name = format!("n{n}");
            add(fresh, &name, &text(MOST), false).await.unwrap();
            if n % 2 == 0 {
                set(fresh, &name, "$", json!(text(MOST))).await.unwrap();
            }
        }
        add(fresh, "small", "1", false).await.unwrap();
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let (tasks, pagination) = page(fresh, 100, after, Columns::ALL).await;
            assert!(!tasks.is_empty() && json!(tasks).to_string().len() < 2_800_000);
            assert_eq!(pagination["total"], 11);
            let whole =
                |task: &Value| task["user_task_id"] == "small" || task["input"] == text(MOST);
            assert!(tasks.iter().all(whole));
            seen.extend(tasks.iter().map(|task| task["task_id"].as_i64().unwrap()));
            after = pagination["next_after_id"].as_i64();
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 11);
        assert!(seen.is_sorted_by(|newer, older| newer > older));
        let light = Columns {
            input: false,
            result: false,
        };
        assert_eq!(page(fresh, 100, None, light).await.0.len(), 11);
    })
    .await;
}

#[tokio::test]
async fn the_panel_pages_by_bytes_too_and_closing_many_large_tasks_reads_none() {
    with_database(async |fresh| {
        let all: Vec<_> = (0..6).map(|n| format!("n{n}")).collect();
        for name in &all {
            add(fresh, name, &text(MOST), false).await.unwrap();
            set(fresh, name, "$", json!({"msg": text(900_000)}))
                .await
                .unwrap();
        }
        let panel = TaskListRequest {
            station: Some(StationId::parse(STATION).unwrap()),
            statuses: Vec::new(),
            type_id: None,
            queue: None,
            tag: None,
            outcomes: Vec::new(),
            ordered_by: None,
            page: PageRequest {
                limit: 100,
                page: 0,
                after: None,
            },
        };
        let zone = TimeZone::UTC;
        let list = async_tasks::list(&fresh.database, &panel, &zone)
            .await
            .unwrap();
        assert_eq!(list.tasks.len(), 3);
        assert!(json!(list.pagination)["next_after_id"].is_i64());
        let named: Vec<_> = all.iter().map(|name| named(name)).collect();
        let closed = async_tasks::close(&fresh.database, KINDS, &caller(), &named).await;
        assert_eq!(closed.unwrap(), 6);
        assert!(get(fresh, "n0").await["input"] == text(MOST));
    })
    .await;
}

#[tokio::test]
async fn a_list_shows_a_batch_without_its_failed_items_and_any_other_result_whole() {
    with_database(async |fresh| {
        let result = json!({"msg": "m", "failed": [1, 2]});
        for name in ["plain", "batch"] {
            add(fresh, name, "1", false).await.unwrap();
            set(fresh, name, "$", result.clone()).await.unwrap();
        }
        run(
            fresh,
            "INSERT INTO tbl_batch (task_id, job, run, payload_hash, item_count, params, accepted_at) \
             SELECT id, 'order_import', 1, REPEAT('x', 32), 1, '{}', NOW(3) FROM tbl_async_task \
             WHERE user_task_id = 'batch'",
        )
        .await;
        let (tasks, _) = page(fresh, 10, None, Columns::ALL).await;
        assert_eq!(tasks[0]["result"], json!({"msg": "m"}));
        assert_eq!(tasks[1]["result"], result);
    })
    .await;
}
