//! Migrated databases that tests use one after the other, never two at once: making one costs the server more than most tests do.
//!
//! Whose session holds the server's lock of a database's name has the database. It is emptied and put back when its test has passed; what
//! a test that failed left in it stays for a day. On a server that is not the tests' own nothing is put back.

use std::env;
use std::fmt::Write as _;
use std::future::pending;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use sqlx::mysql::MySqlRow;
use sqlx::{Connection as _, Executor as _, Row as _};
use tokio::runtime::{Builder, Handle};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::{opened, run, server, url_of};
use crate::{Connection, migrate};

/// From so many rows on a new database costs less than emptying this one, whose statistics would mislead the server besides.
const MANY: i64 = 1_000;
/// How often to look whether the sessions of a test have ended by themselves.
const LOOKS: u32 = 200;
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// The variable by which the scripts say that the server is the tests' own.
const KEEP: &str = "KEEP_TEST_DATABASES";

/// Where the sessions with the locks live: a database that tests share outlives the runtime of the test that took it.
static RUNTIME: LazyLock<Handle> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let handle = runtime.handle().clone();
    thread::spawn(move || runtime.block_on(pending::<()>()));
    handle
});

/// The structure of each database as it was made, and since when a test has it.
const CREATE_SHELF: &str = "CREATE DATABASE IF NOT EXISTS test_shelf; \
    CREATE TABLE IF NOT EXISTS test_shelf.shelf ( \
        name VARCHAR(64) NOT NULL PRIMARY KEY, structure VARCHAR(200) NOT NULL, taken_at DATETIME NULL)";

/// A migrated, empty database that nobody else has.
#[derive(Debug)]
pub struct Shelved {
    /// Its session holds the lock.
    holder: Connection,
    name: String,
    url: String,
}

impl Shelved {
    /// Takes the first free one of the server that `TEST_DATABASE_URL` names, or makes one.
    ///
    /// # Panics
    /// When the variable names no server, or a user who may not create databases: `make test` sets it.
    pub async fn take() -> Self {
        let taking = spawn_blocking(|| RUNTIME.block_on(Self::first_free()));
        taking.await.expect("a database")
    }

    /// Empties it and puts it back; drops it when its test changed its structure or left many rows.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn give_back(self) {
        let giving = spawn_blocking(|| RUNTIME.block_on(self.put_back()));
        giving.await.expect("the server");
    }

    /// Returns its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    async fn first_free() -> Self {
        static SHELF: OnceCell<()> = OnceCell::const_new();
        let server = server();
        SHELF.get_or_init(|| run(&server, CREATE_SHELF)).await;
        let holder = Connection::connect(&server).await.expect("the server");
        let (name, url) = (String::new(), String::new());
        let mut shelved = Self { holder, name, url };
        for number in 0_u32.. {
            shelved.name = format!("test_{:08x}_{number}", schema());
            if shelved.is_ours_now().await {
                break;
            }
        }
        shelved.url = url_of(&server, &shelved.name);
        if !shelved.is_clean().await {
            shelved.make().await;
        }
        shelved
    }

    async fn put_back(mut self) {
        self.end_sessions().await;
        let name = self.name.clone();
        let filled = if env::var_os(KEEP).is_some() && self.is_as_made().await {
            self.filled().await
        } else {
            None
        };
        let mut end = String::new();
        if let Some(tables) = filled {
            for table in tables {
                let _ = write!(end, "DELETE FROM {name}.{table}; ");
            }
            let _ = write!(
                end,
                "UPDATE test_shelf.shelf SET taken_at = NULL WHERE name = '{name}'"
            );
        } else {
            let _ = write!(
                end,
                "DROP DATABASE {name}; DROP USER IF EXISTS '{name}'@'%'; DELETE FROM test_shelf.shelf WHERE name = '{name}'"
            );
        }
        self.execute(&end).await;
        self.holder.close().await.expect("the server");
    }

    async fn is_as_made(&mut self) -> bool {
        let made = format!(
            "SELECT structure FROM test_shelf.shelf WHERE name = '{}'",
            self.name
        );
        self.text(&made).await == self.structure().await
    }

    /// Takes the lock, unless another has it or a test that failed has left it to be looked at.
    async fn is_ours_now(&mut self) -> bool {
        let name = &self.name;
        let take = format!(
            "SELECT GET_LOCK('{name}', 0) = 1 AND NOT EXISTS \
             (SELECT 1 FROM test_shelf.shelf WHERE name = '{name}' AND taken_at > UTC_TIMESTAMP() - INTERVAL 1 DAY)"
        );
        let release = format!("DO RELEASE_LOCK('{name}')");
        let is_ours = self.number(&take).await == 1;
        if !is_ours {
            self.execute(&release).await;
        }
        is_ours
    }

    /// Takes it as its last test gave it back; false when it did not, or there is none yet.
    async fn is_clean(&mut self) -> bool {
        let take = format!(
            "UPDATE test_shelf.shelf SET taken_at = UTC_TIMESTAMP() WHERE name = '{}' AND taken_at IS NULL",
            self.name
        );
        self.execute(&take).await == 1
    }

    async fn make(&mut self) {
        let name = self.name.clone();
        let create =
            format!("DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name} CHARACTER SET utf8mb4");
        self.execute(&create).await;
        let migrated = migrate(&opened(&self.url).database).await;
        migrated.expect("the migrations run on a fresh database");
        let structure = self.structure().await;
        let note =
            format!("REPLACE test_shelf.shelf VALUES ('{name}', '{structure}', UTC_TIMESTAMP())");
        self.execute(&note).await;
    }

    /// Waits until the sessions of the test have ended; ends those that stay.
    async fn end_sessions(&mut self) {
        for look in 0.. {
            // Not from `information_schema`, which fails where a session's statement holds bytes that are no text.
            let sessions = self
                .holder
                .fetch_all("SHOW PROCESSLIST")
                .await
                .expect("the server");
            let ours = sessions.iter().filter(|session| {
                session
                    .try_get_unchecked::<Option<String>, _>("db")
                    .expect("a name")
                    .as_ref()
                    == Some(&self.name)
            });
            let ids: Vec<u64> = ours
                .map(|session| session.try_get_unchecked("Id").expect("a number"))
                .collect();
            if ids.is_empty() {
                return;
            }
            if look == LOOKS {
                for id in ids {
                    // It may have ended by now.
                    let _ = self.holder.execute(&*format!("KILL {id}")).await;
                }
            }
            sleep(BETWEEN_LOOKS).await;
        }
    }

    /// Names the tables that hold rows; `None` when there are too many rows.
    async fn filled(&mut self) -> Option<Vec<String>> {
        let name = self.name.clone();
        let tables = format!(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = '{name}' AND table_name <> '_sqlx_migrations'"
        );
        let tables = self.holder.fetch_all(&*tables).await.expect("the server");
        let count = |table: &MySqlRow| {
            let table: String = table.try_get_unchecked(0).expect("a name");
            format!(
                "SELECT '{table}' AS name, (SELECT COUNT(*) FROM (SELECT 1 FROM {name}.{table} LIMIT {MANY}) few) AS number"
            )
        };
        let counts: Vec<String> = tables.iter().map(count).collect();
        let counts = self
            .holder
            .fetch_all(&*counts.join(" UNION ALL "))
            .await
            .expect("the server");
        let mut filled = Vec::new();
        let mut all = 0;
        for row in counts {
            let number: i64 = row.try_get_unchecked("number").expect("a number");
            all += number;
            if number > 0 {
                filled.push(row.try_get_unchecked("name").expect("a name"));
            }
        }
        (all < MANY).then_some(filled)
    }

    /// Returns a text that another one differs from when anything of the structure differs.
    async fn structure(&mut self) -> String {
        let name = &self.name;
        let structure = format!(
            "SELECT CONCAT_WS(' ', \
                (SELECT SUM(CRC32(CONCAT_WS(' ', table_name, column_name, column_type, is_nullable, column_default))) \
                 FROM information_schema.columns WHERE table_schema = '{name}'), \
                (SELECT SUM(CRC32(CONCAT_WS(' ', table_name, index_name, seq_in_index, column_name))) \
                 FROM information_schema.statistics WHERE table_schema = '{name}'), \
                (SELECT SUM(CRC32(CONCAT_WS(' ', table_name, constraint_name))) \
                 FROM information_schema.table_constraints WHERE table_schema = '{name}'), \
                (SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = '{name}'), \
                (SELECT CONCAT_WS(' ', SUM(version), SUM(success), SUM(CRC32(checksum))) FROM {name}._sqlx_migrations))"
        );
        self.text(&structure).await
    }

    async fn text(&mut self, sql: &str) -> String {
        let row = self.holder.fetch_one(sql).await.expect("the server");
        row.try_get_unchecked(0).expect("a text")
    }

    async fn number(&mut self, sql: &str) -> i64 {
        let row = self.holder.fetch_one(sql).await.expect("the server");
        row.try_get_unchecked(0).expect("a number")
    }

    async fn execute(&mut self, sql: &str) -> u64 {
        let done = self.holder.execute(sql).await;
        done.expect("the user of TEST_DATABASE_URL may create databases")
            .rows_affected()
    }
}

/// Returns what differs between versions of the schema: a database of another one is no use.
fn schema() -> u32 {
    let steps = crate::migrate::steps();
    let bytes = steps.iter().flat_map(|step| step.checksum.iter());
    bytes.fold(0, |sum, byte| sum.rotate_left(5) ^ u32::from(*byte))
}
