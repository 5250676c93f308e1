//! Closing tasks while their workers run, and after.

use task_service::async_tasks::{self, close};
use task_service::tasks::TaskReference;
use task_service::{Caller, ErrorCode};
use task_store::chunks;
use task_store::items::ItemStatus;
use task_store::tasks::{Labels, NewTask, TaskStatus};
use task_store::testing::with_database;
use task_store::{StationId, tasks};

use crate::support::*;

#[tokio::test]
async fn closing_an_open_batch_keeps_what_is_made_and_cancels_the_rest() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 25).await;
        let keys = queue.take();
        work_one(fresh, keys[0]).await.unwrap();
        assert_eq!(
            close(&fresh.database, KINDS, &caller(), &[named("b1")])
                .await
                .unwrap(),
            1
        );
        for key in keys {
            work_one(fresh, key).await.unwrap();
        }
        let task = task(fresh, "b1").await;
        assert_eq!(
            (task.status, task.message_show),
            (TaskStatus::Finished, false)
        );
        let result = result(fresh, "b1").await;
        assert_eq!(result["msg"], "批量导入(成功10, 取消15)");
        assert_eq!(
            (&result["outcome"], &result["unprocessed_count"]),
            (&"cancelled".into(), &15.into())
        );
        let cancelled = items(fresh, "b1", Some(ItemStatus::Cancelled)).await;
        assert_eq!(
            (cancelled.len(), &cancelled[0]["code"]),
            (15, &"CANCELLED".into())
        );
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 10);
        assert_eq!(
            close(&fresh.database, KINDS, &caller(), &[named("b1")])
                .await
                .unwrap(),
            1,
            "again is harmless"
        );
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_had_claimed_before_the_close_writes_nothing_after_it() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 5).await;
        let (key, lease) = (queue.take()[0], settings().lease);
        let claim = fresh
            .database
            .run(async |c| chunks::claim(c, key, &chunks::ClaimTerms::new(lease, 0)).await)
            .await
            .unwrap()
            .claimed()
            .unwrap();
        close(&fresh.database, KINDS, &caller(), &[named("b1")])
            .await
            .unwrap();
        let held = fresh
            .database
            .transaction(async |c| chunks::end_unit(c, &claim).await)
            .await
            .unwrap();
        assert!(!held, "the close has taken the chunk away");
    })
    .await;
}

#[tokio::test]
async fn a_close_and_a_workers_commit_may_meet_in_any_order() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let (job, settings, me) = (job(), settings(), caller());
        for round in 0..races() {
            let name = format!("b{round}");
            submit_orders(fresh, &queue, &name, &orders(3)).await.unwrap();
            let key = queue.take()[0];
            let named = [named(&name)];
            let work = task_engine::work(&fresh.database, &job, &settings, key);
            let shut = async {
                tokio::time::sleep(std::time::Duration::from_micros(300 * (round % 20))).await;
                close(&fresh.database, KINDS, &me, &named).await
            };
            let (_, closed) = futures_util::future::join(work, shut).await;
            closed.unwrap();
            let made = number(fresh, &format!("SELECT COUNT(*) FROM tbl_order o JOIN tbl_async_task t ON t.id = o.task_id WHERE t.user_task_id = '{name}'")).await;
            let result = result(fresh, &name).await;
            assert_eq!(result["success_count"], made, "{name}: {result}");
            assert_eq!(result["unprocessed_count"], 3 - made, "{name}: {result}");
            assert_eq!(task(fresh, &name).await.status, TaskStatus::Finished);
        }
    })
    .await;
}

#[tokio::test]
async fn a_finished_task_is_only_hidden() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 2).await;
        work_all(fresh, &queue).await;
        let before = result(fresh, "b1").await;
        close(&fresh.database, KINDS, &caller(), &[named("b1")])
            .await
            .unwrap();
        assert_eq!(result(fresh, "b1").await, before);
        assert!(!task(fresh, "b1").await.message_show);
    })
    .await;
}

#[tokio::test]
async fn an_open_task_that_is_no_batch_is_cancelled() {
    with_database(async |fresh| {
        let (station, name) = (StationId::parse(STATION).unwrap(), id("t1"));
        let new = NewTask {
            user_task_id: Some(&name),
            station_id: &station,
            name: "盘点",
            input: "",
            type_id: 3,
            repeat: false,
            message_show: true,
            labels: Labels::default(),
            dispatch: None,
        };
        fresh
            .database
            .run(async |c| tasks::insert(c, &new).await)
            .await
            .unwrap();
        close(&fresh.database, KINDS, &caller(), &[named("t1")])
            .await
            .unwrap();
        assert_eq!(task(fresh, "t1").await.status, TaskStatus::Finished);
        assert_eq!(result(fresh, "t1").await["outcome"], "cancelled");
    })
    .await;
}

#[tokio::test]
async fn closing_several_closes_all_or_none_and_never_another_stations() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 1).await;
        let other = Caller::Station(StationId::parse("T2").unwrap());
        submit_for(fresh, &queue, "b2", "C1b", &other, &orders(1))
            .await
            .unwrap();
        let both = [named("b1"), named("b2")];
        let refused = close(&fresh.database, KINDS, &caller(), &both)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), ErrorCode::TaskNotFound);
        assert_eq!(
            task(fresh, "b1").await.status,
            TaskStatus::Submitted,
            "nothing changed"
        );
        assert_eq!(
            close(&fresh.database, KINDS, &Caller::Unbound, &both)
                .await
                .unwrap(),
            2
        );
    })
    .await;
}

#[tokio::test]
async fn the_panel_lists_a_stations_shown_tasks_and_says_when_none_is_open() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        for name in ["b1", "b2"] {
            submit_orders(fresh, &queue, name, &orders(1))
                .await
                .unwrap();
        }
        let panel = async_tasks::TaskListRequest {
            station: Some(StationId::parse(STATION).unwrap()),
            statuses: Vec::new(),
            type_id: None,
            queue: None,
            tag: None,
            outcomes: Vec::new(),
            ordered_by: None,
            page: first(10),
        };
        let zone = job().zone;
        let list = async || {
            async_tasks::list(&fresh.database, &panel, &zone)
                .await
                .unwrap()
        };
        assert_eq!((list().await.tasks.len(), list().await.finish), (2, false));
        work_all(fresh, &queue).await;
        assert!(list().await.finish);
        close(&fresh.database, KINDS, &caller(), &[named("b1")])
            .await
            .unwrap();
        assert_eq!(list().await.tasks.len(), 1, "a hidden task is not listed");
    })
    .await;
}

fn named(name: &str) -> TaskReference {
    TaskReference {
        user_task_id: Some(id(name)),
        ..TaskReference::default()
    }
}

#[tokio::test]
async fn a_page_that_was_looked_through_without_a_hit_does_not_say_that_all_is_finished() {
    with_database(async |fresh| {
        // 4,096 tasks: more than a page looks through.
        let digits = |no: u32| format!("(SELECT 0 n UNION SELECT 1) d{no}");
        let many = (0..12).map(digits).collect::<Vec<_>>().join(", ");
        let fill = format!(
            "INSERT INTO tbl_async_task (station_id, name, input, id_scope) SELECT '{STATION}', 'n', '{{}}', '' FROM {many}"
        );
        run(fresh, &fill).await;
        let panel = async_tasks::TaskListRequest {
            station: Some(StationId::parse(STATION).unwrap()),
            statuses: Vec::new(),
            type_id: None,
            queue: None,
            tag: Some("nobody".to_owned()),
            outcomes: Vec::new(),
            ordered_by: None,
            page: first(10),
        };
        let list = async_tasks::list(&fresh.database, &panel, &job().zone)
            .await
            .unwrap();
        assert_eq!((list.tasks.len(), list.finish), (0, false));
    })
    .await;
}
