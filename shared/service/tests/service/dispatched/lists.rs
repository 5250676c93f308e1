//! Lists of runs that are finished in one call.

use task_service::tasks::runs::{FinishRequest, finish_all};
use task_store::testing::with_database;

use super::*;

/// Adds tasks and claims them.
async fn running(fresh: &TestDatabase, tasks: u32) -> Vec<TaskId> {
    declare(fresh, PolicyChange::default()).await;
    for _ in 0..tasks {
        add(fresh, "T1").await;
    }
    let claimed = claim(fresh, tasks).await;
    let id = |key: &i64| TaskId::parse(&key.to_string()).unwrap();
    keys(&claimed).iter().map(id).collect()
}

/// A run that is finished with a text as its result.
fn with_text(id: TaskId, run: i32, text: &str) -> FinishRequest<'static> {
    let json = document("result", json!(text).to_string().into()).unwrap();
    let set = ResultChange {
        path: path("postion", "$").unwrap(),
        operation: Operation::Set(json),
    };
    let changes = Changes {
        result: Some(set),
        run_count: Some(run),
        ..Changes::default()
    };
    FinishRequest {
        task: key(id),
        changes,
    }
}

async fn finish_list(fresh: &TestDatabase, list: Vec<FinishRequest<'_>>) -> Vec<Result<()>> {
    let list = list.into_iter().map(Ok).collect();
    let ends = finish_all(&fresh.database, KINDS, list, &TimeZone::UTC).await;
    ends.unwrap()
}

#[tokio::test]
async fn of_a_task_that_a_list_names_twice_the_first_result_counts() {
    with_database(async |fresh| {
        let id = running(fresh, 1).await[0];
        let list = vec![with_text(id, 1, "first"), with_text(id, 1, "second")];
        for end in finish_list(fresh, list).await {
            end.unwrap();
        }
        assert_eq!(get(fresh, id).await["result"], "first");
    })
    .await;
}

#[tokio::test]
async fn the_first_request_counts_also_where_it_is_finished_by_itself() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        for name in ["own id", "both ids", "another change"] {
            let new = New::named(&name.replace(' ', "-"));
            let (id, other) = (new.add(fresh).await.unwrap(), add(fresh, "T1").await);
            claim(fresh, 2).await;
            let mut first = with_text(id, 1, "first");
            match name {
                "another change" => first.changes.type_id = Some(9),
                _ => first.task.user_task_id = new.id,
            }
            if name == "own id" {
                first.task.task_id = None;
            }
            let list = vec![
                first,
                with_text(id, 1, "second"),
                with_text(other, 1, "other"),
            ];
            for end in finish_list(fresh, list).await {
                end.unwrap();
            }
            assert_eq!(get(fresh, id).await["result"], "first", "{name}");
            assert_eq!(get(fresh, other).await["result"], "other", "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_stale_run_learns_that_it_is_stale_beside_the_run_that_finishes_its_task() {
    with_database(async |fresh| {
        let ids = running(fresh, 2).await;
        let list = vec![
            with_text(ids[0], 7, "stale"),
            with_text(ids[0], 1, "done"),
            with_text(ids[1], 1, "done"),
            with_text(ids[1], 7, "stale"),
        ];
        let ends = finish_list(fresh, list).await;
        let codes = ends.into_iter().map(|end| end.err().map(|end| end.code()));
        let stale = Some(ErrorCode::RunStale);
        assert_eq!(codes.collect::<Vec<_>>(), [stale, None, None, stale]);
        for id in ids {
            assert_eq!(get(fresh, id).await["result"], "done");
        }
    })
    .await;
}

#[tokio::test]
async fn results_of_more_bytes_than_a_statement_holds_are_all_kept() {
    with_database(async |fresh| {
        let ids = running(fresh, 40).await;
        // Each quotation mark is escaped twice on its way: 80 MB.
        let quotes = "\"".repeat(499_000);
        let list = ids.iter().map(|id| with_text(*id, 1, &quotes)).collect();
        for end in finish_list(fresh, list).await {
            end.unwrap();
        }
        assert_eq!(get(fresh, ids[39]).await["result"], quotes);
        assert_eq!(units(fresh).await, 0);
    })
    .await;
}

#[tokio::test]
async fn refusals_show_their_tasks_as_far_as_an_answer_holds_them() {
    with_database(async |fresh| {
        let ids = running(fresh, 3).await;
        let grow = "UPDATE tbl_async_task SET result = JSON_QUOTE(REPEAT('x', 600000))";
        execute(fresh, grow).await;
        let list = ids.iter().map(|id| with_text(*id, 7, "stale")).collect();
        let mut shown = Vec::new();
        for end in finish_list(fresh, list).await {
            let Err(Error::Refused { code, data, .. }) = end else {
                panic!("{end:?}")
            };
            assert_eq!(code, ErrorCode::RunStale);
            shown.push(data.is_some());
        }
        assert_eq!(shown, [true, false, false]);
    })
    .await;
}
