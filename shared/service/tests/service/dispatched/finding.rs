//! Lists of tasks by queue and tag.

use task_engine::PageRequest;
use task_service::tasks::{Columns, Counted, Filter, FoundBy, List, list};
use task_store::testing::with_database;

use super::*;

/// A page of a station's tasks, by their names, and where the next one begins.
async fn found(
    fresh: &TestDatabase,
    found_by: FoundBy<'_>,
    after: Option<i64>,
) -> (Vec<String>, Value) {
    let asked = List {
        filter: Filter {
            station: Some(&StationId::parse("T1").unwrap()),
            statuses: &[],
            type_id: None,
            only_shown: false,
            found_by,
        },
        page: PageRequest {
            limit: 2,
            page: 0,
            after,
        },
        columns: Columns::ALL,
        counted: Counted::Exact,
    };
    let (tasks, pagination) = list(&fresh.database, &asked, &TimeZone::UTC).await.unwrap();
    let names = tasks
        .iter()
        .map(|task| json!(task)["user_task_id"].as_str().unwrap().to_owned());
    (names.collect(), json!(pagination)["next_after_id"].clone())
}

#[tokio::test]
async fn tasks_are_found_by_their_queue_and_by_a_tag_a_page_at_a_time() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let (names, other) = (SqsNames::default(), queue("other"));
        queues::set(&fresh.database, &names, &other, &PolicyChange::default())
            .await
            .unwrap();
        for n in 0..6 {
            let mut new = New::named(&format!("t{n}"));
            new.queue = queue(if n % 2 == 0 { QUEUE } else { "other" });
            new.add(fresh).await.unwrap();
        }
        let of_queue = FoundBy {
            queue: Some(QUEUE),
            tag: None,
            ..FoundBy::default()
        };
        let (names, next) = found(fresh, of_queue, None).await;
        assert_eq!(names, ["t4", "t2"]);
        let (names, next) = found(fresh, of_queue, next.as_i64()).await;
        assert_eq!((names, next), (vec!["t0".to_owned()], Value::Null));
        let tagged = |tag| FoundBy {
            queue: Some("other"),
            tag: Some(tag),
            ..FoundBy::default()
        };
        assert_eq!(found(fresh, tagged("月报"), None).await.0, ["t5", "t3"]);
        assert_eq!(found(fresh, tagged("月"), None).await.0, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_page_that_looked_through_enough_tasks_says_where_to_go_on() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        New::named("rare").add(fresh).await.unwrap();
        for _ in 0..3 {
            let sql = "INSERT INTO tbl_async_task (station_id, name, input, id_scope) \
                SELECT 'T1', 'n', 'i', '' FROM JSON_TABLE(CONCAT('[0', REPEAT(',0', 999), ']'), '$[*]' COLUMNS (n INT PATH '$')) k";
            execute(fresh, sql).await;
        }
        let rare = FoundBy {
            queue: Some(QUEUE),
            tag: None,
            ..FoundBy::default()
        };
        let (names, next) = found(fresh, rare, None).await;
        assert!(names.is_empty() && next.is_i64(), "{names:?}, {next}");
        assert_eq!(found(fresh, rare, next.as_i64()).await, (vec!["rare".to_owned()], Value::Null));
    })
    .await;
}
