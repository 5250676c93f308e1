//! The cap among many workers and many chunks.

use futures_util::future::join_all;

use super::*;

/// Many workers with their messages, a cap of two, one station: without a sweeper and with every message gone, all is
/// done, each chunk at its first attempt. A wake-up that two workers lost between them would leave one open.
#[tokio::test]
async fn workers_that_defer_and_finish_at_once_leave_nothing_behind() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        for round in 0..races() / 5 {
            let task = format!("b{round}");
            submit_orders(fresh, &queue, &task, &orders(90))
                .await
                .unwrap();
            let keys = queue.take();
            let (job, settings) = (job(), capped(2));
            let worker = async |keys: &[ChunkKey]| {
                let invocation = invocation(&fresh.database, &job, &settings);
                for key in keys {
                    // Between the chunk's mark and the second look, a worker that finished may have taken the chunk up: its
                    // message will come again for nothing.
                    let end = invocation.work(*key).await;
                    let is_taken_care_of = matches!(end, Ok(()) | Err(task_engine::Unworked::Held));
                    assert!(is_taken_care_of, "{end:?}");
                }
                invocation.work_deferred().await.unwrap();
            };
            join_all(keys.chunks(2).map(worker)).await;
            assert_eq!(number(fresh, OPEN).await, 0, "round {round}");
            assert_eq!(result(fresh, &task).await["msg"], "批量导入(成功90)");
        }
        assert_eq!(
            number(fresh, "SELECT MAX(attempts) FROM tbl_batch_chunk").await,
            1
        );
    })
    .await;
}

#[tokio::test]
async fn looking_for_the_cap_touches_only_what_is_in_work() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let dispatcher = task_engine::Dispatcher {
            settings: Settings {
                chunk_items: 1,
                ..settings()
            },
            ..dispatcher(fresh, &queue)
        };
        let orders = serde_json::value::to_raw_value(&orders(99)).unwrap();
        for task in ["b1", "b2", "b3"] {
            let list = task_service::orders::OrderList {
                user_task_id: &id(task),
                time_config_id: "C1",
                file_name: None,
                orders: &orders,
                rerun: false,
                labels: &task_service::batches::BatchLabels::default(),
                scope: task_store::tasks::IdScope::Station,
            };
            let list = list.cut(&dispatcher.settings).unwrap();
            task_service::orders::submit(&dispatcher, &job(), &caller(), &list)
                .await
                .unwrap();
        }
        let keys = queue.take();
        for key in &keys[..3] {
            hold(fresh, *key).await;
        }
        let read = async |c: &mut _| {
            let lease = settings().lease;
            chunks::claim(c, keys[3], &chunks::ClaimTerms::new(lease, 3)).await?;
            let before = reads(c).await?;
            let claimed = chunks::claim(c, keys[3], &chunks::ClaimTerms::new(lease, 3)).await?;
            Ok::<_, task_store::StoreError>((claimed.claimed().is_some(), reads(c).await? - before))
        };
        let (claimed, read) = fresh.another(1).run(read).await.unwrap();
        assert!(!claimed, "three are in work");
        assert!(read < 30, "{read} rows of 297 chunks");
    })
    .await;
}

/// How many rows and index entries the session has read.
async fn reads(connection: &mut task_store::Connection) -> task_store::Result<u64> {
    let sql = "SHOW SESSION STATUS LIKE 'Handler_read%'";
    let rows: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(connection).await?;
    let on_tables = rows.iter().filter(|(name, _)| !name.contains("rnd"));
    Ok(on_tables
        .map(|(_, count)| count.parse::<u64>().unwrap())
        .sum())
}
