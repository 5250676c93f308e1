//! A database of the benchmark's own, migrated, with a station to order for; dropped at the end.

use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Executor as _};
use task_service::reference;
use task_service::tasks::queues::SqsNames;
use task_store::migrate;

use crate::data;
use crate::engine::database;
use crate::threads::block_on;

/// A database that ends with this value.
pub(crate) struct Scratch {
    /// Its URL.
    pub(crate) url: String,
    server: String,
    name: String,
}

impl Scratch {
    /// A new database on `server` whose station has `addresses` addresses.
    pub(crate) fn new(server: &str, addresses: usize) -> Self {
        let (base, options) = server.split_once('?').unwrap_or((server, ""));
        let base = base.trim_end_matches(|c| c != '/');
        let name = format!("bench_{}_{addresses}", std::process::id());
        let scratch = Self {
            url: format!("{base}{name}?{options}"),
            server: server.to_owned(),
            name,
        };
        scratch.on_server(&format!(
            "CREATE DATABASE {} CHARACTER SET utf8mb4",
            scratch.name
        ));
        let file = data::reference_file(addresses).to_string();
        block_on(async {
            let database = database(&scratch.url);
            migrate(&database).await.expect("the migrations run");
            reference::load(&database, &SqsNames::default(), &file)
                .await
                .expect("the station is loaded");
        });
        scratch
    }

    /// Checks that each of these tasks has `orders` orders with their lines.
    pub(crate) fn check_rows(&self, tasks: &[i64], orders: usize) {
        let counts = "SELECT (SELECT COUNT(*) FROM tbl_order WHERE task_id = ?), (SELECT COUNT(*) FROM tbl_order_detail \
            WHERE order_id BETWEEN ? AND ?)";
        block_on(async {
            let mut connection = MySqlConnection::connect(&self.url).await.expect("a server");
            for task in tasks {
                let first = task * 1_000_000;
                let query = sqlx::query_as(counts).bind(task).bind(first);
                let found: (i64, i64) = query
                    .bind(first + 999_999)
                    .fetch_one(&mut connection)
                    .await
                    .expect("counts");
                let count = |rows: usize| i64::try_from(rows).unwrap_or_default();
                let wanted = (count(orders), count(orders * data::LINES));
                assert_eq!(found, wanted, "task {task}");
            }
        });
    }

    fn on_server(&self, sql: &str) {
        block_on(async {
            let mut connection = MySqlConnection::connect(&self.server)
                .await
                .expect("a server");
            connection
                .execute(sql)
                .await
                .expect("the user may create databases");
        });
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.on_server(&format!("DROP DATABASE {}", self.name));
    }
}
