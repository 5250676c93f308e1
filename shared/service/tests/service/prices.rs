//! Price changes: the engine with a second job.

use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use task_service::batches::BatchLabels;
use task_service::prices::{PriceChange, PriceList, submit};
use task_service::tasks::queues::SqsNames;
use task_service::{ErrorCode, reference};
use task_store::chunks::{self, ChunkKey};
use task_store::tasks::TaskStatus;
use task_store::testing::{TestDatabase, with_database};

use crate::support::*;

pub(crate) async fn submit_prices(
    fresh: &TestDatabase,
    queue: &MemoryQueue,
    task: &str,
    items: &Value,
) -> task_service::Result<()> {
    let list = PriceList {
        user_task_id: &id(task),
        items: &to_raw_value(items).unwrap(),
        rerun: false,
        labels: &BatchLabels::default(),
        scope: task_store::tasks::IdScope::Station,
    };
    submit(
        &dispatcher(fresh, queue),
        &caller(),
        &list.cut(&settings())?,
    )
    .await
}

async fn work(fresh: &TestDatabase, keys: &[ChunkKey]) {
    for key in keys {
        let end = task_engine::work(&fresh.database, &PriceChange, &settings(), *key).await;
        end.unwrap();
    }
}

/// The price of a sku of the station, in hundredths.
async fn price(fresh: &TestDatabase, sku: &str) -> i64 {
    let sql = format!(
        "SELECT sale_price * 100 FROM tbl_sku WHERE station_id = '{STATION}' AND sku_id = '{sku}'"
    );
    number(fresh, &sql).await
}

pub(crate) fn to(price: &str) -> Value {
    json!([{"sku_id": "D0", "sale_price": price}])
}

#[tokio::test]
async fn a_chunk_worked_twice_changes_prices_once() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        submit_prices(fresh, &queue, "p1", &to("3")).await.unwrap();
        let keys = queue.take();
        // The first worker dies after it claimed; its lease runs out.
        let claim = async |c: &mut _| {
            chunks::claim(
                c,
                keys[0],
                &chunks::ClaimTerms::new(std::time::Duration::ZERO, 0),
            )
            .await
        };
        fresh.database.run(claim).await.unwrap().claimed().unwrap();
        work(fresh, &keys).await;
        work(fresh, &keys).await;
        assert_eq!(price(fresh, "D0").await, 300);
        assert_eq!(result(fresh, "p1").await["msg"], "批量改价(成功1)");
        assert_eq!(
            number(fresh, "SELECT COUNT(*) FROM tbl_batch_item").await,
            1
        );
    })
    .await;
}

#[tokio::test]
async fn the_run_accepted_last_wins_in_whatever_order_runs_are_worked() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        for (task, price) in [("p1", "3"), ("p2", "4"), ("p3", "5")] {
            submit_prices(fresh, &queue, task, &to(price))
                .await
                .unwrap();
        }
        let mut keys = queue.take();
        keys.swap(0, 1);
        work(fresh, &keys[..2]).await;
        assert_eq!(price(fresh, "D0").await, 400);
        for task in ["p1", "p2"] {
            assert_eq!(result(fresh, task).await["outcome"], "success", "{task}");
        }
        submit_prices(fresh, &queue, "p1", &to("6")).await.unwrap();
        keys.rotate_left(2);
        work(fresh, &queue.take()).await;
        work(fresh, &keys[..1]).await;
        assert_eq!(
            price(fresh, "D0").await,
            600,
            "a task's next run is a later one"
        );
    })
    .await;
}

#[tokio::test]
async fn prices_that_are_loaded_later_stay() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        submit_prices(fresh, &queue, "p1", &to("3")).await.unwrap();
        let sku = json!({"sku_id": "D0", "sale_price": "7", "sale_num_least": "1"});
        let file = json!({"stations": [{"station_id": STATION, "skus": [sku]}]}).to_string();
        reference::load(&fresh.database, &SqsNames::default(), &file)
            .await
            .unwrap();
        work(fresh, &queue.take()).await;
        assert_eq!(price(fresh, "D0").await, 700);
        submit_prices(fresh, &queue, "p2", &to("3")).await.unwrap();
        work(fresh, &queue.take()).await;
        assert_eq!(price(fresh, "D0").await, 300);
    })
    .await;
}

#[tokio::test]
async fn batches_over_the_same_skus_worked_at_once_all_end_and_none_is_half_applied() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let items = |price: u32, order: &[u32]| -> Value {
            let change = |n: &u32| json!({"sku_id": format!("D{n}"), "sale_price": price});
            order.iter().map(change).collect()
        };
        for n in 0..8 {
            let order = if n % 2 == 0 {
                [0, 1, 2, 3, 4]
            } else {
                [4, 3, 2, 1, 0]
            };
            submit_prices(fresh, &queue, &format!("p{n}"), &items(10 + n, &order))
                .await
                .unwrap();
        }
        let keys = queue.take();
        let settings = settings();
        let works = keys
            .iter()
            .map(|key| task_engine::work(&fresh.database, &PriceChange, &settings, *key));
        for end in futures_util::future::join_all(works).await {
            end.unwrap();
        }
        for sku in ["D0", "D1", "D2", "D3", "D4"] {
            assert_eq!(price(fresh, sku).await, 1700, "{sku}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_id_of_an_order_batch_is_taken() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 1).await;
        work_all(fresh, &queue).await;
        assert_eq!(task(fresh, "b1").await.status, TaskStatus::Finished);
        let end = submit_prices(fresh, &queue, "b1", &to("3")).await;
        assert_eq!(code(end), ErrorCode::TaskConflict);
    })
    .await;
}
