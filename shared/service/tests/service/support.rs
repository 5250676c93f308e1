//! A station to order for, orders, and a queue in memory.

use std::sync::Mutex;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use task_engine::Queue;
use task_engine::{Dispatcher, ItemRequest, PageRequest, Settings};
use task_service::batches::BatchLabels;
pub(crate) use task_service::jobs::KINDS;
use task_service::orders::{ORDER_IMPORT, OrderImport, OrderList, submit};
use task_service::tasks::queues::SqsNames;
use task_service::{Caller, ErrorCode, Result, reference};
use task_store::chunks::ChunkKey;
use task_store::items::ItemStatus;
use task_store::outbox::Announcement;
use task_store::tasks::IdScope;
use task_store::tasks::Task;
use task_store::testing::TestDatabase;
use task_store::{StationId, StoreError, UserTaskId, batches, tasks};

/// The station of the tests.
pub(crate) const STATION: &str = "T1";

/// Remembers announcements; refuses them while it is told to.
#[derive(Default)]
pub(crate) struct MemoryQueue {
    pub(crate) sent: Mutex<Vec<ChunkKey>>,
    pub(crate) down: bool,
}

impl Queue for &MemoryQueue {
    async fn send(&self, due: &[Announcement]) -> Vec<ChunkKey> {
        let keys = due.iter().map(|due| due.key);
        if self.down {
            return keys.collect();
        }
        self.sent.lock().unwrap().extend(keys);
        Vec::new()
    }
}

impl MemoryQueue {
    pub(crate) fn take(&self) -> Vec<ChunkKey> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }
}

/// The first page of a list.
pub(crate) const fn first(limit: u32) -> PageRequest {
    PageRequest {
        limit,
        page: 0,
        after: None,
    }
}

pub(crate) fn job() -> OrderImport {
    OrderImport {
        zone: TimeZone::UTC,
    }
}

pub(crate) fn settings() -> Settings {
    Settings {
        chunk_items: 10,
        lease: Duration::from_secs(30),
        resend: Duration::from_mins(1),
        ..Settings::default()
    }
}

/// As another process would have it.
pub(crate) fn dispatcher<'q>(
    fresh: &TestDatabase,
    queue: &'q MemoryQueue,
) -> Dispatcher<&'q MemoryQueue> {
    Dispatcher {
        database: fresh.another(1),
        queue,
        settings: settings(),
    }
}

pub(crate) fn caller() -> Caller {
    Caller::Station(StationId::parse(STATION).unwrap())
}

pub(crate) fn id(text: &str) -> UserTaskId {
    UserTaskId::parse(text).unwrap()
}

/// Loads a station with a cycle `C1` that is always open, addresses `S0`-`S99` and skus `D0`-`D4`.
pub(crate) async fn load_station(fresh: &TestDatabase) {
    let cycle = |id: &str, enabled| {
        json!({"id": id, "name": id, "type": 1, "enabled": enabled,
            "order_time_limit": {"start": "00:00", "end": "23:59", "e_span_time": 0},
            "receive_time_limit": {"start": "00:00", "end": "23:59", "s_span_time": 0, "e_span_time": 9, "weekdays": 127}})
    };
    let address = |n: u32| json!({"address_id": format!("S{n}"), "name": format!("客户{n}"), "can_order": n != 99});
    let sku = |n: u32| {
        json!({"sku_id": format!("D{n}"), "name": "白菜", "sale_unit": "斤", "sale_price": "2.50",
            "sale_num_least": "0.5", "on_sale": n != 4})
    };
    let station = |station: &str, suffix: &str| {
        json!({"station_id": station,
            "time_configs": [cycle(&format!("C1{suffix}"), true), cycle(&format!("C0{suffix}"), false)],
            "addresses": (0..100).map(address).collect::<Vec<_>>(), "skus": (0..5).map(sku).collect::<Vec<_>>()})
    };
    let file = json!({"stations": [station(STATION, ""), station("T2", "b")]});
    let loaded = reference::load(&fresh.database, &SqsNames::default(), &file.to_string())
        .await
        .unwrap();
    assert_eq!((loaded.stations, loaded.addresses), (2, 200));
}

/// A right order for address `S<n>`.
pub(crate) fn order(n: u32) -> Value {
    let tomorrow = jiff::Timestamp::now()
        .to_zoned(TimeZone::UTC)
        .tomorrow()
        .unwrap()
        .date();
    json!({"address_id": format!("S{n}"), "receive_begin_time": format!("{tomorrow} 08:00"),
        "receive_end_time": format!("{tomorrow} 09:00"), "unknown": {"kept": 1},
        "details": [{"sku_id": "D0", "amount": "1.5"}, {"sku_id": "D1", "amount": 2, "unit_price": 0.05}]})
}

pub(crate) fn orders(count: u32) -> Vec<Value> {
    (0..count).map(order).collect()
}

/// Loads the station and submits a batch `b1` of this number of orders; answers the queue with its announcements.
pub(crate) async fn submitted_batch(fresh: &TestDatabase, count: u32) -> MemoryQueue {
    load_station(fresh).await;
    let queue = MemoryQueue::default();
    let orders = orders(count);
    let submit = submit_orders(fresh, &queue, "b1", &orders);
    submit.await.unwrap();
    queue
}

pub(crate) async fn submit_orders(
    fresh: &TestDatabase,
    queue: &MemoryQueue,
    task: &str,
    orders: &[Value],
) -> Result<()> {
    submit_for(fresh, queue, task, "C1", &caller(), orders).await
}

pub(crate) async fn submit_for(
    fresh: &TestDatabase,
    queue: &MemoryQueue,
    task: &str,
    cycle: &str,
    caller: &Caller,
    orders: &[Value],
) -> Result<()> {
    submit_list(fresh, queue, task, cycle, caller, orders, false).await
}

/// Submits the same list as before, to be worked as a whole again.
pub(crate) async fn rerun_orders(
    fresh: &TestDatabase,
    queue: &MemoryQueue,
    task: &str,
    orders: &[Value],
) -> Result<()> {
    submit_list(fresh, queue, task, "C1", &caller(), orders, true).await
}

async fn submit_list(
    fresh: &TestDatabase,
    queue: &MemoryQueue,
    task: &str,
    cycle: &str,
    caller: &Caller,
    orders: &[Value],
    rerun: bool,
) -> Result<()> {
    let orders: Box<RawValue> = to_raw_value(orders).unwrap();
    let list = OrderList {
        user_task_id: &id(task),
        time_config_id: cycle,
        file_name: Some("周一.xlsx"),
        orders: &orders,
        rerun,
        labels: &BatchLabels::default(),
        scope: IdScope::Station,
    };
    submit(
        &dispatcher(fresh, queue),
        &job(),
        caller,
        &list.cut(&settings())?,
    )
    .await
}

/// Works every announced chunk.
pub(crate) async fn work_all(fresh: &TestDatabase, queue: &MemoryQueue) {
    for key in queue.take() {
        task_engine::work(&fresh.database, &job(), &settings(), key)
            .await
            .unwrap();
    }
}

pub(crate) async fn task(fresh: &TestDatabase, name: &str) -> Task {
    let name = id(name);
    fresh
        .database
        .run(async |c| tasks::by_user_task_id(c, &name).await)
        .await
        .unwrap()
        .unwrap()
}

pub(crate) async fn result(fresh: &TestDatabase, name: &str) -> Value {
    serde_json::from_str(&task(fresh, name).await.result.unwrap()).unwrap()
}

pub(crate) async fn items(
    fresh: &TestDatabase,
    name: &str,
    status: Option<ItemStatus>,
) -> Vec<Value> {
    let task = task(fresh, name).await;
    let page = ItemRequest {
        status,
        page: first(1000),
        ..ItemRequest::default()
    };
    let page = fresh.database.run(async |c| {
        let batch = batches::by_task(c, task.id).await?.unwrap();
        task_engine::read(c, &ORDER_IMPORT, &batch, &page, &TimeZone::UTC).await
    });
    let page = page.await.unwrap();
    serde_json::from_str(&serde_json::to_string(&page.items).unwrap()).unwrap()
}

pub(crate) async fn number(fresh: &TestDatabase, sql: &str) -> i64 {
    let sql = format!("SELECT CAST(({sql}) AS SIGNED)");
    let read =
        async |c: &mut _| Ok::<i64, StoreError>(sqlx::query_scalar(&sql).fetch_one(c).await?);
    fresh.database.run(read).await.unwrap()
}

pub(crate) async fn run(fresh: &TestDatabase, sql: &str) {
    let write = async |c: &mut _| Ok::<_, StoreError>(sqlx::query(sql).execute(c).await?);
    fresh.database.run(write).await.unwrap();
}

/// Ends all open chunks as done, as if workers had made every item and died then.
pub(crate) async fn end_all_chunks(fresh: &TestDatabase) {
    run(fresh, "DELETE FROM tbl_work WHERE kind = 1").await;
    run(fresh, "UPDATE tbl_batch_chunk SET state = 1").await;
}

pub(crate) fn faulty(n: u32, change: impl FnOnce(&mut Value)) -> Value {
    let mut order = order(n);
    change(&mut order);
    order
}

pub(crate) fn code<T: std::fmt::Debug>(end: task_service::Result<T>) -> ErrorCode {
    end.unwrap_err().code()
}

/// Works one chunk.
pub(crate) async fn work_one(
    fresh: &TestDatabase,
    key: ChunkKey,
) -> std::result::Result<(), task_engine::Unworked> {
    task_engine::work(&fresh.database, &job(), &settings(), key).await
}

/// Sweeps once, to the end.
pub(crate) async fn sweep(dispatcher: &Dispatcher<&MemoryQueue>) -> task_engine::Swept {
    task_engine::sweep(dispatcher, KINDS, task_engine::Deadline::default())
        .await
        .unwrap()
}

/// How many rounds a race is run: `TEST_RACES`, 50 by default.
pub(crate) fn races() -> u64 {
    std::env::var("TEST_RACES")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(50)
}
