//! Which task a call means that names it by two ids, or by one that can be read in two ways.

use task_service::async_tasks::close;
use task_store::testing::with_database;

use super::*;
use crate::support::{caller, task};

/// `task_id` of the front service beside, or without, `user_task_id`.
fn front(task_id: &str, own: Option<&str>) -> TaskReference {
    TaskReference {
        task_id: TaskId::parse(task_id),
        user_task_id: own.map(id),
        task_id_as_user: Some(id(task_id)),
        station_id: None,
    }
}

async fn found(fresh: &TestDatabase, named: &TaskReference) -> Result<TaskId> {
    let task = tasks::get(&fresh.database, &caller(), named).await?.0;
    Ok(task.id)
}

#[tokio::test]
async fn both_ids_of_the_front_service_must_name_the_same_task_also_when_neither_is_a_key() {
    with_database(async |fresh| {
        let key = add(fresh, "a", "1", false).await.unwrap();
        add(fresh, "b", "1", false).await.unwrap();
        assert_eq!(found(fresh, &front("a", Some("a"))).await.unwrap(), key);
        let by_key = front(&key.to_string(), Some("a"));
        assert_eq!(found(fresh, &by_key).await.unwrap(), key);
        for (task_id, own) in [("b", "a"), ("none", "a"), ("a", "none"), ("99999", "a")] {
            let named = front(task_id, Some(own));
            assert_eq!(code(found(fresh, &named).await), ErrorCode::TaskNotFound);
        }
    })
    .await;
}

#[tokio::test]
async fn a_number_that_is_two_tasks_is_refused_and_neither_is_touched() {
    with_database(async |fresh| {
        let key = add(fresh, "a", "1", false).await.unwrap();
        add(fresh, &key.to_string(), "1", false).await.unwrap();
        let named = front(&key.to_string(), None);
        let refusal = found(fresh, &named).await.unwrap_err();
        assert_eq!(refusal.code(), ErrorCode::ParamInvalid);
        assert!(refusal.to_string().contains("user_task_id"), "{refusal}");
        let closed = close(
            &fresh.database,
            KINDS,
            &caller(),
            std::slice::from_ref(&named),
        )
        .await;
        assert_eq!(code(closed), ErrorCode::ParamInvalid);
        let several = close(
            &fresh.database,
            KINDS,
            &caller(),
            &[front("a", None), named],
        )
        .await;
        assert_eq!(code(several), ErrorCode::ParamInvalid);
        for name in ["a", &key.to_string()] {
            assert!(task(fresh, name).await.message_show, "{name}");
        }
        let meant = front(&key.to_string(), Some(&key.to_string()));
        close(&fresh.database, KINDS, &caller(), &[meant])
            .await
            .unwrap();
        assert!(!task(fresh, &key.to_string()).await.message_show);
    })
    .await;
}

#[tokio::test]
async fn a_number_is_the_key_or_the_own_id_of_the_one_task_it_fits() {
    with_database(async |fresh| {
        let key = add(fresh, "a", "1", false).await.unwrap();
        let other = add(fresh, "4711", "1", false).await.unwrap();
        let by_key = front(&key.to_string(), None);
        assert_eq!(found(fresh, &by_key).await.unwrap(), key);
        assert_eq!(found(fresh, &front("4711", None)).await.unwrap(), other);
        assert_eq!(
            code(found(fresh, &front("4712", None)).await),
            ErrorCode::TaskNotFound
        );
    })
    .await;
}

#[tokio::test]
async fn an_id_of_several_stations_asks_for_the_station_and_touches_nothing_without() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        run(
            fresh,
            "UPDATE tbl_async_task SET station_id = 'T2', id_scope = 'T2'",
        )
        .await;
        add(fresh, "a", "1", false).await.unwrap();
        let (none, zone) = (Changes::default(), TimeZone::UTC);
        let unbound = Caller::Unbound;
        for end in [
            tasks::get(&fresh.database, &unbound, &named("a"))
                .await
                .map(drop),
            tasks::start(&fresh.database, &named("a"), None, &zone)
                .await
                .map(drop),
            tasks::update(&fresh.database, &named("a"), &none, &TimeZone::UTC).await,
            tasks::finish(&fresh.database, KINDS, &named("a"), &none, &TimeZone::UTC).await,
            close(&fresh.database, KINDS, &unbound, &[named("a")])
                .await
                .map(drop),
        ] {
            let refusal = end.unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::ParamMissing);
            assert!(refusal.to_string().contains("station_id"), "{refusal}");
        }
        let theirs = TaskReference {
            station_id: StationId::parse("T2"),
            ..named("a")
        };
        let started = tasks::start(&fresh.database, &theirs, None, &zone)
            .await
            .unwrap();
        assert_eq!(json!(started)["station_id"], "T2");
        let (mine, _) = tasks::get(&fresh.database, &caller(), &named("a"))
            .await
            .unwrap();
        assert_eq!(mine.run_count, 0);
    })
    .await;
}

#[tokio::test]
async fn another_stations_key_does_not_hide_the_callers_own_id_of_the_same_number() {
    with_database(async |fresh| {
        let key = add(fresh, "a", "1", false).await.unwrap();
        run(
            fresh,
            "UPDATE tbl_async_task SET station_id = 'T2', id_scope = 'T2'",
        )
        .await;
        let own = add(fresh, &key.to_string(), "1", false).await.unwrap();
        let named = front(&key.to_string(), None);
        assert_eq!(found(fresh, &named).await.unwrap(), own);
        close(&fresh.database, KINDS, &caller(), &[named])
            .await
            .unwrap();
        assert!(task(fresh, "a").await.message_show, "another station's");
        assert!(!task(fresh, &key.to_string()).await.message_show);
    })
    .await;
}

#[tokio::test]
async fn a_task_is_changed_by_an_id_that_can_be_read_in_two_ways() {
    with_database(async |fresh| {
        let key = add(fresh, "4711", "1", false).await.unwrap();
        let (named, none) = (front("4711", None), Changes::default());
        let view = tasks::start(&fresh.database, &named, None, &TimeZone::UTC).await;
        assert_eq!(json!(view.unwrap())["task_id"], key.get());
        tasks::finish(&fresh.database, KINDS, &named, &none, &TimeZone::UTC)
            .await
            .unwrap();
        assert_eq!(get(fresh, "4711").await["status"], 3);
    })
    .await;
}
