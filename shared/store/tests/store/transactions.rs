//! Units of work: undone when they fail, run again when they lose.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use futures_util::future::join;
use sqlx::Executor as _;
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, Database, Result, StoreError, TaskId, UnitError, tasks};
use tokio::sync::{Barrier, oneshot};

use crate::support::{a_task, connection_id, done, read_number};

/// The error of a caller's own unit of work.
#[derive(Debug)]
enum Refusal {
    Refused,
    Store(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(fault: StoreError) -> Self {
        Self::Store(fault)
    }
}

impl UnitError for Refusal {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(fault) => Some(fault),
            Self::Refused => None,
        }
    }

    fn map_store(self, change: impl FnOnce(StoreError) -> StoreError) -> Self {
        match self {
            Self::Store(fault) => Self::Store(change(fault)),
            Self::Refused => self,
        }
    }
}

async fn add_run(c: &mut Connection, task: TaskId) -> Result<()> {
    let sql = "UPDATE tbl_async_task SET run_count = run_count + 1 WHERE id = ?";
    sqlx::query(sql).bind(task.get()).execute(c).await?;
    Ok(())
}

async fn runs(fresh: &TestDatabase, task: TaskId) -> i32 {
    let task = done(&fresh.database, async |c| tasks::by_id(c, task).await).await;
    task.unwrap().run_count
}

#[tokio::test]
async fn a_unit_that_succeeds_is_committed_and_its_connection_kept() {
    with_database(async |fresh| {
        let (task, one) = (a_task(fresh).await, fresh.another(1));
        let before = connection_id(&one).await;
        one.transaction(async |c: &mut Connection| add_run(c, task).await)
            .await
            .unwrap();
        assert_eq!(runs(fresh, task).await, 1);
        assert_eq!(connection_id(&one).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_refused_unit_is_undone_and_its_connection_kept() {
    with_database(async |fresh| {
        let (task, one) = (a_task(fresh).await, fresh.another(1));
        let before = connection_id(&one).await;
        let end = one.transaction(async |c: &mut Connection| {
            add_run(c, task).await?;
            Err::<(), _>(Refusal::Refused)
        });
        assert!(matches!(end.await, Err(Refusal::Refused)));
        assert_eq!(runs(fresh, task).await, 0);
        assert_eq!(connection_id(&one).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_unit_with_a_database_error_is_undone_once_and_its_connection_closed() {
    with_database(async |fresh| {
        let (task, one) = (a_task(fresh).await, fresh.another(1));
        let before = connection_id(&one).await;
        let tries = Cell::new(0);
        let end = one.transaction(async |c: &mut Connection| {
            tries.set(tries.get() + 1);
            add_run(c, task).await?;
            c.execute("SELECT nothing FROM nowhere").await?;
            Ok::<_, StoreError>(())
        });
        assert!(!end.await.unwrap_err().is_retryable());
        assert_eq!((tries.get(), runs(fresh, task).await), (1, 0));
        assert_ne!(connection_id(&one).await, before);
    })
    .await;
}

/// Locks two tasks in this order; the first time, only once the other has its first as well.
async fn crosswise(
    database: &Database,
    [first, second]: [TaskId; 2],
    both_hold: &Barrier,
    faults: &RefCell<Vec<String>>,
) -> Result<()> {
    let tries = Cell::new(0);
    let work = database.transaction(async |c: &mut Connection| {
        tries.set(tries.get() + 1);
        add_run(c, first).await?;
        if tries.get() == 1 {
            both_hold.wait().await;
        }
        let end = add_run(c, second).await;
        faults
            .borrow_mut()
            .extend(end.as_ref().err().map(StoreError::kind));
        end
    });
    work.await
}

#[tokio::test]
async fn of_two_transactions_that_deadlock_one_is_run_again_whole_and_both_succeed() {
    with_database(async |fresh| {
        let (a, b) = (a_task(fresh).await, a_task(fresh).await);
        let (both_hold, faults) = (Barrier::new(2), RefCell::default());
        let (left, right) = join(
            crosswise(&fresh.database, [a, b], &both_hold, &faults),
            crosswise(&fresh.database, [b, a], &both_hold, &faults),
        )
        .await;
        left.unwrap();
        right.unwrap();
        assert_eq!((runs(fresh, a).await, runs(fresh, b).await), (2, 2));
        assert_eq!(faults.into_inner()[0], "database error 1213");
    })
    .await;
}

#[tokio::test]
async fn a_transaction_that_waited_too_long_for_a_lock_is_run_again_whole() {
    with_database(async |fresh| {
        let (own, wanted) = (a_task(fresh).await, a_task(fresh).await);
        let (locked, is_locked) = oneshot::channel();
        let (locked, faults) = (Cell::new(Some(locked)), RefCell::new(Vec::new()));
        let holder = fresh.database.transaction(async |c: &mut Connection| {
            add_run(c, wanted).await?;
            locked.take().map(|locked| locked.send(()));
            while faults.borrow().is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok::<_, StoreError>(())
        });
        let waiter = async {
            is_locked.await.unwrap();
            let work = fresh.database.transaction(async |c: &mut Connection| {
                c.execute("SET innodb_lock_wait_timeout = 1").await?;
                add_run(c, own).await?;
                let end = add_run(c, wanted).await;
                faults
                    .borrow_mut()
                    .extend(end.as_ref().err().map(StoreError::kind));
                end
            });
            work.await
        };
        let (first, second) = join(holder, waiter).await;
        first.unwrap();
        second.unwrap();
        assert_eq!((runs(fresh, own).await, runs(fresh, wanted).await), (1, 2));
        assert_eq!(faults.into_inner()[0], "database error 1205");
    })
    .await;
}

#[tokio::test]
async fn a_transaction_that_always_loses_is_given_up_after_five_tries() {
    with_database(async |fresh| {
        let task = a_task(fresh).await;
        let tries = Cell::new(0);
        let end = fresh.database.transaction(async |c: &mut Connection| {
            tries.set(tries.get() + 1);
            add_run(c, task).await?;
            c.execute("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213")
                .await?;
            Ok::<_, StoreError>(())
        });
        let fault = end.await.unwrap_err();
        assert!(fault.is_contention() && fault.is_retryable());
        assert_eq!((tries.get(), runs(fresh, task).await), (5, 0));
    })
    .await;
}

#[tokio::test]
async fn a_transaction_sees_what_others_commit_meanwhile() {
    with_database(async |fresh| {
        let task = a_task(fresh).await;
        let seen = fresh.database.transaction(async |c: &mut Connection| {
            let before = tasks::by_id(c, task).await?.map(|task| task.run_count);
            let other = fresh.another(1);
            other
                .run(async |c: &mut Connection| add_run(c, task).await)
                .await?;
            let after = tasks::by_id(c, task).await?.map(|task| task.run_count);
            Ok::<_, StoreError>((before, after))
        });
        assert_eq!(seen.await.unwrap(), (Some(0), Some(1)));
    })
    .await;
}

#[tokio::test]
async fn a_transaction_does_not_see_what_others_have_not_committed() {
    with_database(async |fresh| {
        let task = a_task(fresh).await;
        let undone = fresh.database.transaction(async |c: &mut Connection| {
            add_run(c, task).await?;
            assert_eq!(runs(fresh, task).await, 0);
            Err::<(), _>(Refusal::Refused)
        });
        assert!(undone.await.is_err());
        assert_eq!(
            read_number(fresh, "SELECT SUM(run_count) FROM tbl_async_task").await,
            0
        );
    })
    .await;
}
