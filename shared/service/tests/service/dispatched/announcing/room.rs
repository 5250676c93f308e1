//! Queues with a cap: a run without room waits, and the call that ends another run announces it.

use super::*;
use task_store::invocation;

/// How many runs of the queue, and of each of its stations, there may be at once; 0: any number.
async fn declare_capped(fresh: &TestDatabase, concurrency: u32, station_concurrency: u32) {
    let capped = PolicyChange {
        concurrency: Some(concurrency),
        station_concurrency: Some(station_concurrency),
        ..PolicyChange::default()
    };
    declare_announced(fresh, capped).await;
}

async fn add_for(fresh: &TestDatabase, consumers: &Consumers, station: &str) -> TaskId {
    let id = add(fresh, station).await;
    announce(&fresh.database, consumers, [id]).await;
    id
}

/// Ends something as a function does; answers the tasks whose runs are announced then.
async fn told_after(
    fresh: &TestDatabase,
    consumers: &Consumers,
    end: impl AsyncFnOnce(),
) -> Vec<TaskId> {
    consumers.told();
    invocation::within(None, async {
        end().await;
        runs::announce_freed(&fresh.database, consumers).await;
    })
    .await;
    consumers.told().into_iter().map(|(id, ..)| id).collect()
}

#[tokio::test]
async fn a_run_that_had_no_room_is_announced_when_another_ends() {
    with_database(async |fresh| {
        declare_capped(fresh, 1, 0).await;
        let consumers = Consumers::default();
        let mut ids = Vec::new();
        for station in ["T1", "T2", "T3", "T1", "T2"] {
            ids.push(add_for(fresh, &consumers, station).await);
        }
        start_run(fresh, ids[0], 1).await.unwrap();
        for id in &ids[1..] {
            let refused = start_run(fresh, *id, 1).await;
            assert_eq!(code_with_task(refused, *id), ErrorCode::TaskNotDue);
        }
        let finished = async || finish(fresh, ids[0], Some(1)).await.unwrap();
        assert_eq!(told_after(fresh, &consumers, finished).await, [ids[1]]);
        start_run(fresh, ids[1], 1).await.unwrap();
        let failed = async || drop(fail(fresh, ids[1], Some(1), false).await.unwrap());
        assert_eq!(told_after(fresh, &consumers, failed).await, [ids[2]]);
        // Told already: no other is told in its place.
        let other = async || close(fresh, ids[4]).await;
        assert_eq!(told_after(fresh, &consumers, other).await, []);
        let told = async || close(fresh, ids[2]).await;
        assert_eq!(told_after(fresh, &consumers, told).await, [ids[3]]);
        start_run(fresh, ids[3], 1).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_run_that_ends_makes_room_for_its_own_station_where_stations_have_caps() {
    with_database(async |fresh| {
        declare_capped(fresh, 0, 1).await;
        let consumers = Consumers::default();
        let mut ids = Vec::new();
        for station in ["T1", "T2", "T1", "T2", "T1"] {
            ids.push(add_for(fresh, &consumers, station).await);
        }
        for id in &ids[..2] {
            start_run(fresh, *id, 1).await.unwrap();
        }
        for id in &ids[2..] {
            let refused = start_run(fresh, *id, 1).await;
            assert_eq!(code_with_task(refused, *id), ErrorCode::TaskNotDue);
        }
        consumers.told();
        assert_eq!(consumers.sweep(fresh).await, 0, "no station has room");
        let finished = async || finish(fresh, ids[0], Some(1)).await.unwrap();
        assert_eq!(told_after(fresh, &consumers, finished).await, [ids[2]]);
        assert_eq!(consumers.sweep(fresh).await, 0, "it is on its way");
        lose_messages(fresh).await;
        assert_eq!(consumers.sweep(fresh).await, 1, "its message was lost");
        assert_eq!(consumers.told(), [(ids[2], 1, 0)]);
        // Two ends at once make room for one of each station.
        start_run(fresh, ids[2], 1).await.unwrap();
        let both = async || {
            for id in [ids[1], ids[2]] {
                finish(fresh, id, Some(1)).await.unwrap();
            }
        };
        let told = told_after(fresh, &consumers, both).await;
        assert_eq!(BTreeSet::from_iter(told), BTreeSet::from([ids[3], ids[4]]));
    })
    .await;
}

#[tokio::test]
async fn what_waited_for_room_is_announced_when_the_cap_is_gone() {
    with_database(async |fresh| {
        declare_capped(fresh, 1, 0).await;
        let consumers = Consumers::default();
        let first = add_for(fresh, &consumers, "T1").await;
        let second = add_for(fresh, &consumers, "T1").await;
        let tomorrow = jiff::Timestamp::now().as_second() + 86_400;
        let expires = New {
            expire_at: task_store::Moment::from_seconds(tomorrow),
            ..New::of("T1")
        };
        let third = expires.add(fresh).await.unwrap();
        start_run(fresh, first, 1).await.unwrap();
        for id in [second, third] {
            let refused = start_run(fresh, id, 1).await;
            assert_eq!(code_with_task(refused, id), ErrorCode::TaskNotDue);
        }
        consumers.told();
        assert_eq!(consumers.sweep(fresh).await, 0);
        declare_capped(fresh, 0, 0).await;
        assert_eq!(consumers.sweep(fresh).await, 2);
        let told = consumers.told().into_iter().map(|(id, ..)| id);
        assert_eq!(
            told.collect::<BTreeSet<_>>(),
            BTreeSet::from([second, third])
        );
        start_run(fresh, third, 1).await.unwrap();
    })
    .await;
}
