//! The ids that callers choose for their tasks.

use task_store::tasks::{self, NewTask, TaskSelector};
use task_store::testing::with_database;
use task_store::{Connection, TaskId};

use crate::support::{by_id, done, execute, insert_named, new_task, station, user_task_id};

#[tokio::test]
async fn user_task_ids_that_differ_in_one_byte_are_different_tasks() {
    with_database(async |fresh| {
        for id in ["a", "A", "a.", "a-", "a_", "a:"] {
            insert_named(fresh, id).await.unwrap();
        }
        for id in ["a", "A", "a.", "a-", "a_", "a:"] {
            let id = user_task_id(id);
            let found = done(&fresh.database, async |c| {
                tasks::by_user_task_id(c, &id).await
            })
            .await;
            assert_eq!(found.unwrap().user_task_id, Some(id));
        }
    })
    .await;
}

#[tokio::test]
async fn stored_ids_and_names_are_compared_byte_by_byte() {
    with_database(async |fresh| {
        // The parser refuses accents in a user_task_id; the column must tell them apart all the same.
        for id in ["'a'", "'A'", "'á'", "'a\u{301}'"] {
            execute(
                fresh,
                &format!("INSERT INTO tbl_async_task (user_task_id, name, station_id) VALUES ({id}, 'n', 'T1')"),
            )
            .await;
        }
        let id = user_task_id("a");
        let found = done(&fresh.database, async |c| tasks::by_user_task_id(c, &id).await).await;
        assert_eq!(found.unwrap().user_task_id, Some(id));
    })
    .await;
}

#[tokio::test]
async fn a_user_task_id_is_taken_within_its_station_only() {
    with_database(async |fresh| {
        let first = insert_named(fresh, "batch-1").await.unwrap();
        let fault = insert_named(fresh, "batch-1").await.unwrap_err();
        assert!(fault.is_duplicate_key() && !fault.is_retryable());
        let (here, other, id) = (station("T1"), station("T2"), user_task_id("batch-1"));
        let second = done(&fresh.database, async |c| {
            tasks::insert(c, &new_task(&other, Some(&id))).await
        })
        .await;
        for (station, key) in [
            (Some(&here), Some(first)),
            (Some(&other), Some(second)),
            (None, None),
        ] {
            let named = TaskSelector::from(&id).at(station);
            let found = done(&fresh.database, async |c| tasks::find(c, named).await).await;
            assert_eq!(found.map(|task| task.id), key, "{station:?}");
            let locked = done(&fresh.database, async |c| tasks::lock(c, named).await).await;
            assert_eq!(locked.map(|task| task.id), key, "{station:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_id_for_all_stations_is_stored_once_however_many_stations_take_it_at_once() {
    with_database(async |fresh| {
        let (id, many) = (user_task_id("batch-1"), fresh.another(8));
        let stations: Vec<_> = (0..8).map(|n| station(&format!("T{n}"))).collect();
        let take = async |station| {
            let new = new_task(station, Some(&id));
            many.run(async |c: &mut Connection| tasks::insert_for_all(c, &new).await)
                .await
        };
        let ends = futures_util::future::join_all(stations.iter().map(take)).await;
        let stored = ends.iter().filter(|end| matches!(end, Ok(Some(_)))).count();
        assert_eq!(stored, 1);
        let refused = |end: &task_store::Result<Option<TaskId>>| match end {
            Ok(stored) => stored.is_none(),
            Err(fault) => fault.is_duplicate_key(),
        };
        assert_eq!(ends.iter().filter(|end| refused(end)).count(), 7);
    })
    .await;
}

#[tokio::test]
async fn an_id_that_another_station_used_for_itself_is_not_for_all() {
    with_database(async |fresh| {
        let (other, id, large) = (station("T2"), user_task_id("batch-1"), "单".repeat(1 << 20));
        let taken = insert_named(fresh, "batch-1").await;
        let new = NewTask {
            input: &large,
            ..new_task(&other, Some(&id))
        };
        let stored = done(&fresh.database, async |c| {
            tasks::insert_for_all(c, &new).await
        })
        .await;
        assert!(taken.is_ok() && stored.is_none());
        let free = user_task_id("batch-2");
        let new = NewTask {
            user_task_id: Some(&free),
            ..new
        };
        let stored = done(&fresh.database, async |c| {
            tasks::insert_for_all(c, &new).await
        })
        .await;
        assert!(by_id(fresh, stored.unwrap()).await.input == Some(large.clone()));
    })
    .await;
}

#[tokio::test]
async fn the_input_of_a_task_is_read_only_where_a_new_one_may_be_the_same() {
    with_database(async |fresh| {
        let (one, two) = (station("T1"), station("T2"));
        let [a, b, c] = ["a", "b", "c"].map(user_task_id);
        for (station, id) in [(&one, &a), (&one, &b), (&one, &c), (&two, &a)] {
            let stored = NewTask {
                input: "1234",
                ..new_task(station, Some(id))
            };
            done(&fresh.database, async |c| tasks::insert(c, &stored).await).await;
        }
        let asked = [(&a, "4321"), (&b, "12345")].map(|(id, input)| NewTask {
            input,
            ..new_task(&one, Some(id))
        });
        let found = done(&fresh.database, async |c| {
            tasks::with_ids_of(c, &asked).await
        })
        .await;
        let mut read: Vec<_> = found
            .iter()
            .map(|task| {
                (
                    task.called(),
                    task.station_id.as_str(),
                    task.input.as_deref(),
                )
            })
            .collect();
        read.sort_unstable();
        assert_eq!(
            read,
            [
                ("a".to_owned(), "T1", Some("1234")),
                ("a".to_owned(), "T2", None),
                ("b".to_owned(), "T1", None),
            ]
        );
    })
    .await;
}
