//! Which task a call means that names it by two ids, or by one that can be read in two ways.

use task_service::async_tasks::close;
use task_service::store::testing::with_database;

use super::*;
use crate::support::{caller, task};

/// `task_id` of the front service beside, or without, `user_task_id`.
fn front(task_id: &str, own: Option<&str>) -> TaskReference {
    TaskReference {
        task_id: TaskId::parse(task_id),
        user_task_id: own.map(id),
        task_id_as_user: Some(id(task_id)),
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
            assert_eq!(word(found(fresh, &named).await), Word::TaskNotFound);
        }
    })
    .await;
}

#[tokio::test]
async fn a_number_is_a_key_first_and_else_the_callers_own_id() {
    with_database(async |fresh| {
        let key = add(fresh, "a", "1", false).await.unwrap();
        let number = add(fresh, &key.to_string(), "1", false).await.unwrap();
        let other = add(fresh, "4711", "1", false).await.unwrap();
        let named = front(&key.to_string(), None);
        assert_eq!(found(fresh, &named).await.unwrap(), key);
        assert_eq!(found(fresh, &front("4711", None)).await.unwrap(), other);
        close(&fresh.database, &caller(), &[named]).await.unwrap();
        let shown = async |name: &str| task(fresh, name).await.message_show;
        assert_eq!(
            (shown("a").await, shown(&key.to_string()).await),
            (false, true)
        );
        close(&fresh.database, &caller(), &[front("4711", None)])
            .await
            .unwrap();
        assert!(!shown("4711").await && number != other);
    })
    .await;
}

#[tokio::test]
async fn another_stations_key_does_not_hide_the_callers_own_id_of_the_same_number() {
    with_database(async |fresh| {
        let key = add(fresh, "a", "1", false).await.unwrap();
        run(fresh, "UPDATE tbl_async_task SET station_id = 'T2'").await;
        let own = add(fresh, &key.to_string(), "1", false).await.unwrap();
        let named = front(&key.to_string(), None);
        assert_eq!(found(fresh, &named).await.unwrap(), own);
        close(&fresh.database, &caller(), &[named]).await.unwrap();
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
        let view = tasks::start(&fresh.database, &named, &TimeZone::UTC).await;
        assert_eq!(json!(view.unwrap())["task_id"], key.get());
        tasks::finish(&fresh.database, &named, &none).await.unwrap();
        assert_eq!(get(fresh, "4711").await["status"], 3);
    })
    .await;
}
