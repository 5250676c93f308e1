//! Adding tasks that are dispatched, one or many at once.

use sqlx::{Connection as _, Executor as _};
use task_service::tasks::add_many;
use task_store::testing::with_database;

use super::*;

#[tokio::test]
async fn a_queue_that_is_not_declared_takes_no_task() {
    with_database(async |fresh| {
        let error = New::of("T1").add(fresh).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::ParamInvalid);
        assert!(error.to_string().contains("report"), "{error}");
        assert_eq!(count(fresh, "SELECT COUNT(*) FROM tbl_async_task").await, 0);
    })
    .await;
}

#[tokio::test]
async fn the_same_request_again_finds_its_task_and_another_queue_is_another_request() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let new = New::named("r-1");
        let id = new.add(fresh).await.unwrap();
        assert_eq!(new.add(fresh).await.unwrap(), id);
        assert_eq!(units(fresh).await, 1);
        let other = queues::set(
            &fresh.database,
            &SqsNames::default(),
            &queue("other"),
            &PolicyChange::default(),
        )
        .await;
        other.unwrap();
        let moved = New {
            queue: queue("other"),
            ..new.clone()
        };
        assert_eq!(code(moved.add(fresh).await), ErrorCode::TaskConflict);
    })
    .await;
}

#[tokio::test]
async fn a_repeatable_task_that_is_added_again_begins_a_new_life_and_keeps_its_fence() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let new = New {
            repeat: true,
            ..New::named("r-1")
        };
        let id = new.add(fresh).await.unwrap();
        claim_one(fresh).await;
        finish(fresh, id, Some(1)).await.unwrap();
        let again = New {
            input: "2".to_owned(),
            ..new
        };
        assert_eq!(again.add(fresh).await.unwrap(), id);
        assert_eq!(place(fresh, id).await, json!([1, 1, 0, null]));
        assert_eq!(claim_one(fresh).await, 2);
        assert_eq!(place(fresh, id).await, json!([2, 2, 1, null]));
        assert_eq!(
            code_with_task(finish(fresh, id, Some(1)).await, id),
            ErrorCode::RunStale
        );
    })
    .await;
}

#[tokio::test]
async fn a_list_is_added_in_its_order_and_each_refusal_is_its_own() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let known = New::named("known").add(fresh).await.unwrap();
        let other = New {
            input: "other".to_owned(),
            ..New::named("known")
        };
        let nowhere = New {
            queue: queue("nowhere"),
            ..New::of("T1")
        };
        let list = [
            New::of("T1"),
            New::named("known"),
            other,
            nowhere,
            New::named("new"),
            New::named("new"),
            New::of("T2"),
        ];
        let mut requests: Vec<_> = list.iter().map(|new| Ok(new.request())).collect();
        requests.push(Err(Error::missing("input")));
        let added = add_many(&fresh.database, requests, IdScope::Station)
            .await
            .unwrap();
        let ids: Vec<_> = added
            .iter()
            .map(|answer| {
                answer
                    .as_ref()
                    .map(|added| added.task_id.get())
                    .map_err(Error::code)
            })
            .collect();
        let first = ids[0].unwrap();
        assert_eq!(
            ids,
            [
                Ok(first),
                Ok(known.get()),
                Err(ErrorCode::TaskConflict),
                Err(ErrorCode::ParamInvalid),
                Ok(first + 1),
                Ok(first + 1),
                Ok(first + 2),
                Err(ErrorCode::ParamMissing),
            ]
        );
        assert_eq!(units(fresh).await, 4);
        let stations: Vec<_> = claim(fresh, 10)
            .await
            .iter()
            .map(|task| task["station_id"].clone())
            .collect();
        assert_eq!(stations, ["T1", "T2", "T1", "T1"]);
    })
    .await;
}

#[tokio::test]
async fn a_list_that_is_sent_twice_at_once_is_added_once() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let list: Vec<_> = (0..50).map(|n| New::named(&format!("r-{n}"))).collect();
        let database = fresh.another(4);
        let adds = (0..4).map(async |_| {
            let requests = list.iter().map(|new| Ok(new.request())).collect();
            let added = add_many(&database, requests, IdScope::Everywhere)
                .await
                .unwrap();
            added.into_iter().map(Result::unwrap).collect::<Vec<_>>()
        });
        let mut answers = futures_util::future::join_all(adds).await;
        answers.dedup();
        assert_eq!((answers.len(), units(fresh).await), (1, 50));
    })
    .await;
}

#[tokio::test]
async fn a_list_takes_a_few_statements_however_long_it_is() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let one = fresh.another(1);
        let asked = async || {
            let read = async |c: &mut _| {
                let sql = "SHOW SESSION STATUS LIKE 'Questions'";
                let row: (String, String) = sqlx::query_as(sql).fetch_one(c).await?;
                Ok::<_, StoreError>(row.1.parse::<u64>().unwrap())
            };
            one.run(read).await.unwrap()
        };
        let mut trips = Vec::new();
        for length in [10, 1_000] {
            let list: Vec<_> = (0..length)
                .map(|n| New::named(&format!("l-{length}-{n}")))
                .collect();
            let requests = list.iter().map(|new| Ok(new.request())).collect();
            let before = asked().await;
            add_many(&one, requests, IdScope::Station).await.unwrap();
            trips.push(asked().await - before);
        }
        assert!(trips[0] <= 12 && trips[1] <= trips[0], "{trips:?}");
    })
    .await;
}

/// Waits until the table holds this many tasks, committed or not.
async fn stored(fresh: &TestDatabase, tasks: i64) {
    let mut look = task_store::Connection::connect(&fresh.url).await.unwrap();
    let uncommitted = "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED";
    look.execute(uncommitted).await.unwrap();
    let count = async |look: &mut task_store::Connection| {
        let count = sqlx::query_scalar("SELECT COUNT(*) FROM tbl_async_task");
        count.fetch_one(look).await.unwrap()
    };
    while tasks > count(&mut look).await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The list takes two statements; another call takes an id of the second one after the first.
#[tokio::test]
async fn an_id_that_is_taken_while_a_long_list_is_stored_leaves_no_task_without_its_unit() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let large = |new: New| New {
            input: "x".repeat(900_000),
            ..new
        };
        let unnamed = (0..3).map(|_| New::of("T1"));
        let list = unnamed.chain(["a", "b", "taken"].map(New::named));
        let list: Vec<_> = list.map(large).collect();
        let take = async |c: &mut task_store::Connection| {
            let new = New::named("taken");
            task_store::tasks::insert(c, &new.request().task()).await?;
            stored(fresh, 1 + 4).await;
            Ok::<_, StoreError>(())
        };
        let add = async {
            stored(fresh, 1).await;
            let requests = list.iter().map(|new| Ok(new.request())).collect();
            add_many(&fresh.database, requests, IdScope::Station).await
        };
        let other = fresh.another(1);
        let (taken, added) = futures_util::future::join(other.transaction(take), add).await;
        taken.unwrap();
        let added = added.unwrap();
        let refused = added
            .iter()
            .map(|added| added.as_ref().err().map(Error::code));
        let conflict = [Some(ErrorCode::TaskConflict)];
        assert!(
            refused.eq([None; 5].into_iter().chain(conflict)),
            "{added:?}"
        );
        let tasks = count(fresh, "SELECT COUNT(*) FROM tbl_async_task").await;
        assert_eq!((tasks, units(fresh).await), (6, 5));
    })
    .await;
}
