//! Tasks by the ids a caller has for them: every one that is given must be the row's.

use std::time::Duration;

use task_store::tasks::{self, Ambiguity, Changes, TaskSelector, Told};
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, StoreError, TaskId, UserTaskId, batches};

use crate::support::{RUN, done, new_task, station, user_task_id};

async fn insert(fresh: &TestDatabase, own: &UserTaskId) -> TaskId {
    let station = station("T1");
    done(&fresh.database, async |c| {
        tasks::insert(c, &new_task(&station, Some(own))).await
    })
    .await
}

#[tokio::test]
async fn a_task_is_found_locked_and_changed_only_by_ids_that_are_all_its_own() {
    with_database(async |fresh| {
        let (own, other) = (user_task_id("a"), user_task_id("b"));
        let (key, other_key) = (insert(fresh, &own).await, insert(fresh, &other).await);
        let (here, elsewhere) = (station("T1"), station("T2"));
        let both = |key, own| TaskSelector::new(Some(key), Some(own)).unwrap();
        let its_own = [
            key.into(),
            TaskSelector::from(&own),
            both(key, &own),
            both(key, &own).at(Some(&here)),
        ];
        let not_its = [
            both(key, &other),
            both(other_key, &own),
            both(key, &own).at(Some(&elsewhere)),
        ];
        let none = Changes::default();
        for (names, is_it) in [(&its_own[..], true), (&not_its[..], false)] {
            for name in names {
                let found = done(&fresh.database, async |c| tasks::find(c, *name).await).await;
                assert_eq!(found.map(|task| task.id), is_it.then_some(key), "{name:?}");
                let locked = done(&fresh.database, async |c| tasks::lock(c, *name).await).await;
                assert_eq!(locked.map(|task| task.id), is_it.then_some(key), "{name:?}");
                let changed = async |c: &mut Connection| {
                    Ok([
                        tasks::start(c, *name).await?,
                        tasks::update(c, *name, &none).await?,
                    ])
                };
                assert_eq!(done(&fresh.database, changed).await, [is_it; 2], "{name:?}");
            }
        }
        assert!(TaskSelector::new(None, None).is_none());
    })
    .await;
}

#[tokio::test]
async fn a_number_that_is_a_key_and_another_tasks_own_id_names_neither_and_touches_nothing() {
    with_database(async |fresh| {
        let key = insert(fresh, &user_task_id("a")).await;
        let (number, free) = (user_task_id(&key.to_string()), user_task_id("4711"));
        let one = TaskSelector::either(key, &number);
        let started =
            async |named| done(&fresh.database, async |c| tasks::start(c, named).await).await;
        assert!(started(one).await, "only a key so far");
        let other = insert(fresh, &number).await;
        let (here, elsewhere) = (station("T1"), station("T2"));
        for (named, why) in [
            (one, Some(Ambiguity::KeyAndOwn)),
            (one.at(Some(&here)), Some(Ambiguity::KeyAndOwn)),
            (one.at(Some(&elsewhere)), None),
        ] {
            let close = async |c: &mut Connection| {
                Ok((
                    tasks::close(c, named).await?,
                    tasks::ambiguity(c, named).await?,
                ))
            };
            assert!(!started(named).await, "{named:?}");
            assert_eq!(
                done(&fresh.database, close).await,
                (false, why),
                "{named:?}"
            );
        }
        assert!(started(TaskSelector::from(&number)).await && other != key);
        let own = insert(fresh, &free).await;
        let named = TaskSelector::either(TaskId::parse("4711").unwrap(), &free);
        let found = done(&fresh.database, async |c| tasks::find(c, named).await).await;
        assert_eq!(found.unwrap().id, own);
    })
    .await;
}

#[tokio::test]
async fn an_own_id_of_several_stations_names_a_task_only_with_its_station() {
    with_database(async |fresh| {
        let own = user_task_id("a");
        insert(fresh, &own).await;
        let (here, other, none) = (station("T1"), station("T2"), Changes::default());
        done(&fresh.database, async |c| {
            tasks::insert(c, &new_task(&other, Some(&own))).await
        })
        .await;
        for (at, why, is_one) in [
            (None, Some(Ambiguity::Stations), false),
            (Some(&here), None, true),
            (Some(&other), None, true),
        ] {
            let named = TaskSelector::from(&own).at(at);
            let change = async |c: &mut Connection| {
                let changed = [
                    tasks::start(c, named).await?,
                    tasks::update(c, named, &none).await?,
                    tasks::finish(c, named, &none, Told::Nobody).await?,
                    tasks::close(c, named).await?,
                ];
                Ok((changed, tasks::ambiguity(c, named).await?))
            };
            assert_eq!(done(&fresh.database, change).await, ([is_one; 4], why));
        }
    })
    .await;
}

#[tokio::test]
async fn a_task_tells_whether_it_is_a_batch_found_or_locked() {
    with_database(async |fresh| {
        let key = insert(fresh, &user_task_id("a")).await;
        for is_batch in [false, true] {
            if is_batch {
                done(&fresh.database, async |c| {
                    batches::insert(c, key, &RUN).await
                })
                .await;
            }
            let told = done(&fresh.database, async |c| {
                let tasks = [tasks::find(c, key).await?, tasks::lock(c, key).await?];
                Ok(tasks.map(|task| task.unwrap().is_batch))
            });
            assert_eq!(told.await, [is_batch; 2]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_change_that_waits_for_a_submit_sees_that_it_is_a_batch() {
    with_database(async |fresh| {
        let (station, own, none) = (station("T1"), user_task_id("a"), Changes::default());
        // Its task is stored, its batch is not yet.
        let submit = fresh.database.transaction(async |c: &mut Connection| {
            let key = tasks::insert(c, &new_task(&station, Some(&own))).await?;
            tokio::time::sleep(Duration::from_millis(600)).await;
            batches::insert(c, key, &RUN).await
        });
        let finish = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            done(&fresh.database, async |c| {
                tasks::finish(c, &own, &none, Told::Nobody).await
            })
            .await
        };
        let close = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            done(&fresh.database, async |c| tasks::close(c, &own).await).await
        };
        let (submitted, finished, closed) = tokio::join!(submit, finish, close);
        submitted.unwrap_or_else(|fault: StoreError| panic!("{fault}"));
        assert_eq!((finished, closed), (false, false));
    })
    .await;
}
