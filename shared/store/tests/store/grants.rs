//! The user that the functions connect as.

use sqlx::Executor as _;
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, Database, DatabaseConfig, Result, RowUser, grant_rows};

use crate::support::{a_task, fault, read};

async fn does(database: &Database, sql: &str) -> Result<()> {
    database
        .run(async |c: &mut Connection| {
            c.execute(sql).await?;
            Ok(())
        })
        .await
}

#[tokio::test]
async fn a_row_user_may_read_and_write_rows_and_change_nothing_else() {
    with_database(async |fresh| {
        a_task(fresh).await;
        let rows = fresh.by_rows_only().await;
        a_task(&rows).await;
        does(&rows.database, "UPDATE tbl_async_task SET name = 'x'")
            .await
            .unwrap();
        does(&rows.database, "DELETE FROM tbl_async_task")
            .await
            .unwrap();
        for denied in [
            "ALTER TABLE tbl_async_task ADD COLUMN x INT",
            "CREATE TABLE x (id INT)",
            "DROP TABLE tbl_async_task",
            "TRUNCATE TABLE tbl_async_task",
            "SELECT COUNT(*) FROM mysql.user",
            "CREATE USER x",
        ] {
            let fault = fault(does(&rows.database, denied).await);
            assert!(fault.is_outage(), "{denied}: {fault}");
        }
    })
    .await;
}

/// The same user with another password.
async fn renewed(fresh: &TestDatabase, rows: &TestDatabase, password: &str) -> Database {
    let name = read(fresh, "SELECT DATABASE()").await.unwrap();
    let url = rows
        .url
        .replace(&format!(":{name}@"), &format!(":{password}@"));
    let user = RowUser::parse(&url).unwrap();
    grant_rows(&fresh.database, &user).await.unwrap();
    grant_rows(&fresh.database, &user).await.unwrap();
    let config = DatabaseConfig::parse(&url, 1, std::time::Duration::from_secs(20));
    Database::new(config.unwrap())
}

#[tokio::test]
async fn a_rotated_password_works_at_once_and_on_mysql_beside_the_one_before() {
    with_database(async |fresh| {
        let rows = fresh.by_rows_only().await;
        let new = renewed(fresh, &rows, "another1").await;
        does(&new, "DO 0").await.unwrap();
        let version = read(fresh, "SELECT VERSION()").await.unwrap();
        let old = does(&rows.another(1), "DO 0").await;
        assert_eq!(
            old.is_ok(),
            !version.contains("MariaDB"),
            "{version}: {old:?}"
        );
    })
    .await;
}
