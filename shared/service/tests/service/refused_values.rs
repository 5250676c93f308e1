//! Values that only the database refuses, as a caller sees the refusal.

use task_service::{Error, ErrorCode};
use task_store::StoreError;
use task_store::testing::{TestDatabase, with_database};

/// The caller's error for a server's error.
async fn answered(fresh: &TestDatabase, number: u16, state: &str) -> ErrorCode {
    let sql = format!("SIGNAL SQLSTATE '{state}' SET MYSQL_ERRNO = {number}");
    let end = fresh.database.run(async |c: &mut _| {
        sqlx::raw_sql(&sql)
            .execute(c)
            .await
            .map_err(StoreError::from)?;
        Ok::<_, Error>(())
    });
    end.await.unwrap_err().code()
}

#[tokio::test]
async fn a_value_that_only_the_database_refuses_is_the_callers_and_no_fault() {
    with_database(async |fresh| {
        for (number, state) in [
            (3155, "22003"),
            (3140, "22032"),
            (1301, "HY000"),
            (1264, "22003"),
        ] {
            assert_eq!(
                answered(fresh, number, state).await,
                ErrorCode::ParamInvalid,
                "{number}"
            );
        }
        for (number, state) in [
            (1461, "42000"),
            (1114, "HY000"),
            (1615, "HY000"),
            (1146, "42S02"),
        ] {
            assert_eq!(
                answered(fresh, number, state).await,
                ErrorCode::SystemBusy,
                "{number}"
            );
        }
    })
    .await;
}
