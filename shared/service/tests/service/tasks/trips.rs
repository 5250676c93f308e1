//! How many statements a call sends to the server, counted by the server for the one connection there is.

use task_engine::ItemRequest;
use task_service::async_tasks::{self, TaskListRequest};
use task_service::tasks::{Columns, Counted, Filter, FoundBy, List};
use task_store::testing::with_database;
use task_store::{Database, StoreError};

use super::*;
use crate::support::{MemoryQueue, load_station, orders, submit_orders, work_one};

/// A database of one connection, whose session counts its statements.
struct Counting(TestDatabase);

impl Counting {
    fn of(fresh: &TestDatabase) -> Self {
        Self(TestDatabase {
            database: fresh.another(1),
            url: fresh.url.clone(),
        })
    }

    async fn statements(&self) -> u64 {
        let sql = "SHOW SESSION STATUS LIKE 'Questions'";
        let read = async |c: &mut _| {
            let row: (String, String) = sqlx::query_as(sql).fetch_one(c).await?;
            Ok::<_, StoreError>(row.1.parse().unwrap())
        };
        self.0.database.run(read).await.unwrap()
    }

    /// How many statements a call takes, which is how many round trips.
    async fn trips<T>(&self, call: impl AsyncFnOnce(&TestDatabase) -> T) -> u64 {
        let before = self.statements().await;
        call(&self.0).await;
        // The second count counts itself, too.
        self.statements().await - before - 1
    }
}

async fn add_many(fresh: &TestDatabase, names: &[&str]) {
    for name in names {
        add(fresh, name, "1", true).await.unwrap();
    }
}

#[tokio::test]
async fn a_change_of_a_plain_task_is_one_statement() {
    with_database(async |fresh| {
        let counting = Counting::of(fresh);
        let added = counting.trips(async |f| add(f, "a", "1", true).await.unwrap());
        assert_eq!(added.await, 1, "add");
        let again = counting.trips(async |f| add(f, "a", "1", true).await.unwrap());
        assert_eq!(again.await, 2, "the same add again");
        let started = counting.trips(async |f| start(f, "a").await.unwrap());
        assert_eq!(started.await, 2, "start, which answers with the task");
        let updated = counting.trips(async |f| set(f, "a", "$.n", json!(1)).await.unwrap());
        assert_eq!(updated.await, 1, "update");
        let none = Changes::default();
        let finished = counting.trips(async |f| finish(f, "a", &none).await.unwrap());
        assert_eq!(finished.await, 1, "finish");
        let again = counting.trips(async |f| finish(f, "a", &none).await.unwrap());
        assert_eq!(again.await, 2, "finish again");
    })
    .await;
}

#[tokio::test]
async fn a_task_that_is_no_batch_is_read_by_one_statement_in_every_status() {
    with_database(async |fresh| {
        let counting = Counting::of(fresh);
        add_many(fresh, &["a"]).await;
        for step in 1..=3 {
            assert_eq!(counting.trips(async |f| get(f, "a").await).await, 1);
            let detail = counting.trips(async |f| detail(&f.database, "a").await);
            assert_eq!(detail.await, 1);
            match step {
                1 => drop(start(fresh, "a").await.unwrap()),
                _ => finish(fresh, "a", &Changes::default()).await.unwrap(),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_running_batch_takes_one_statement_more_to_tell_its_progress() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let (counting, queue) = (Counting::of(fresh), MemoryQueue::default());
        submit_orders(fresh, &queue, "b", &orders(20))
            .await
            .unwrap();
        assert_eq!(counting.trips(async |f| get(f, "b").await).await, 1);
        work_one(fresh, queue.take()[0]).await.unwrap();
        assert_eq!(get(fresh, "b").await["progress"], 50);
        assert_eq!(counting.trips(async |f| get(f, "b").await).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_list_is_one_statement_and_its_total_another_unless_the_page_tells_it() {
    with_database(async |fresh| {
        let counting = Counting::of(fresh);
        add_many(fresh, &["a", "b", "c"]).await;
        start(fresh, "b").await.unwrap();
        let whole = counting.trips(async |f| list(&f.database, 4).await);
        assert_eq!(whole.await, 1, "the only page");
        let first = counting.trips(async |f| list(&f.database, 3).await);
        assert_eq!(first.await, 2, "a full page");
        let panel = counting.trips(async |f| panel(&f.database, 2).await);
        assert_eq!(panel.await, 1, "the panel, which shows no total");
    })
    .await;
}

#[tokio::test]
async fn closing_one_task_that_is_no_open_batch_is_one_statement() {
    with_database(async |fresh| {
        let counting = Counting::of(fresh);
        add_many(fresh, &["a", "b", "c"]).await;
        let close = async |f: &TestDatabase, names: &[&str]| {
            let named: Vec<_> = names.iter().map(|name| named(name)).collect();
            async_tasks::close(&f.database, KINDS, &crate::support::caller(), &named)
                .await
                .unwrap()
        };
        for _ in ["open", "closed before"] {
            let one = counting.trips(async |f| close(f, &["a"]).await);
            assert_eq!(one.await, 1);
        }
        let several = counting.trips(async |f| close(f, &["b", "c"]).await);
        assert_eq!(several.await, 6, "begin, two looks, two changes, commit");
    })
    .await;
}

async fn detail(database: &Database, name: &str) {
    let page = ItemRequest {
        status: None,
        page: first(10),
        ..ItemRequest::default()
    };
    async_tasks::detail(
        database,
        KINDS,
        &Caller::Unbound,
        &named(name),
        page,
        &TimeZone::UTC,
    )
    .await
    .unwrap();
}

async fn list(database: &Database, limit: u32) {
    let list = List {
        filter: Filter {
            station: Some(&StationId::parse(STATION).unwrap()),
            statuses: &[],
            type_id: None,
            only_shown: false,
            found_by: FoundBy::default(),
        },
        page: first(limit),
        columns: Columns::ALL,
        counted: Counted::Exact,
    };
    tasks::list(database, &list, &TimeZone::UTC).await.unwrap();
}

async fn panel(database: &Database, limit: u32) {
    let panel = TaskListRequest {
        station: Some(StationId::parse(STATION).unwrap()),
        statuses: Vec::new(),
        type_id: None,
        queue: None,
        tag: None,
        outcomes: Vec::new(),
        ordered_by: None,
        page: first(limit),
    };
    async_tasks::list(database, &panel, &TimeZone::UTC)
        .await
        .unwrap();
}
