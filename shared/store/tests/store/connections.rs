//! Connections: their number, their time, their settings.

use std::cell::Cell;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use sqlx::Executor as _;
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, Database, DatabaseConfig, Result, StoreError, TaskId};
use tokio::time::sleep;

use crate::support::{a_task, connection_id, done, execute, fault};

/// A database whose units may take a second.
fn hasty(fresh: &TestDatabase) -> Database {
    let config = DatabaseConfig::parse(&fresh.url, 1, Duration::from_secs(1));
    Database::new(config.unwrap())
}

async fn lock(c: &mut Connection, task: TaskId) -> Result<()> {
    let sql = "SELECT id FROM tbl_async_task WHERE id = ? FOR UPDATE";
    sqlx::query(sql).bind(task.get()).fetch_one(c).await?;
    Ok(())
}

#[tokio::test]
async fn more_work_than_connections_waits_its_turn() {
    with_database(async |fresh| {
        let two = fresh.another(2);
        let start = Instant::now();
        let units = (0..6).map(|_| {
            two.run(async |c: &mut Connection| {
                c.execute("DO 0").await?;
                sleep(Duration::from_millis(100)).await;
                Ok::<_, StoreError>(())
            })
        });
        assert!(join_all(units).await.iter().all(Result::is_ok));
        assert!(start.elapsed() >= Duration::from_millis(300));
    })
    .await;
}

#[tokio::test]
async fn work_that_gets_no_connection_within_two_seconds_is_told_so() {
    with_database(async |fresh| {
        let one = fresh.another(1);
        let long = one.run(async |_: &mut Connection| {
            sleep(Duration::from_millis(2500)).await;
            Ok::<_, StoreError>(())
        });
        let waiting = one.run(async |_: &mut Connection| Ok::<_, StoreError>(()));
        let (long, waiting) = join(long, waiting).await;
        long.unwrap();
        let fault = fault(waiting);
        assert!(matches!(fault, StoreError::Exhausted(_)) && fault.is_retryable());
        connection_id(&one).await;
    })
    .await;
}

/// Times out while holding a lock and doing work of 20 s; the lock must be free long before that ends.
async fn locks_are_gone_after(doing: impl AsyncFn(&mut Connection) -> Result<()>) {
    with_database(async |fresh| {
        let (task, hasty) = (a_task(fresh).await, hasty(fresh));
        let before = connection_id(&hasty).await;
        let end = hasty.transaction(async |c: &mut Connection| {
            lock(c, task).await?;
            doing(c).await
        });
        let fault = fault(end.await);
        assert!(
            matches!(fault, StoreError::TimedOut(_)) && fault.is_retryable(),
            "{fault}"
        );
        let start = Instant::now();
        done(&fresh.database, async |c| lock(c, task).await).await;
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{:?}",
            start.elapsed()
        );
        assert_ne!(connection_id(&hasty).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_unit_that_does_other_things_for_too_long_loses_its_locks_at_once() {
    locks_are_gone_after(async |_| {
        sleep(Duration::from_secs(20)).await;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_unit_whose_statement_takes_too_long_loses_its_locks_at_once() {
    locks_are_gone_after(async |c| {
        c.execute("SELECT SLEEP(20)").await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_unit_that_waits_too_long_for_another_lock_loses_its_own_at_once() {
    with_database(async |fresh| {
        let (own, wanted) = (a_task(fresh).await, a_task(fresh).await);
        let hasty = hasty(fresh);
        let holder = fresh.database.transaction(async |c: &mut Connection| {
            lock(c, wanted).await?;
            let waiter = hasty.transaction(async |c: &mut Connection| {
                lock(c, own).await?;
                lock(c, wanted).await
            });
            assert!(matches!(waiter.await, Err(StoreError::TimedOut(_))));
            let start = Instant::now();
            done(&fresh.database, async |c| lock(c, own).await).await;
            assert!(
                start.elapsed() < Duration::from_secs(10),
                "{:?}",
                start.elapsed()
            );
            Ok::<_, StoreError>(())
        });
        holder.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_bound_of_a_unit_holds_for_all_its_tries_together() {
    with_database(async |fresh| {
        let (hasty, tries) = (hasty(fresh), Cell::new(0));
        let end = hasty.transaction(async |c: &mut Connection| {
            tries.set(tries.get() + 1);
            sleep(Duration::from_millis(400)).await;
            c.execute("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213")
                .await?;
            Ok::<_, StoreError>(())
        });
        assert!(matches!(end.await, Err(StoreError::Contended(_))));
        assert!(tries.get() < 5, "{} tries in a second", tries.get());
    })
    .await;
}

#[tokio::test]
async fn a_held_connection_that_the_server_ended_is_replaced_without_an_error() {
    with_database(async |fresh| {
        let one = fresh.another(1);
        let before = connection_id(&one).await;
        execute(fresh, &format!("KILL {before}")).await;
        sleep(Duration::from_millis(1100)).await;
        assert_ne!(connection_id(&one).await, before);
    })
    .await;
}

/// A connection used within the last second is not asked first: that would cost every call a round trip.
#[tokio::test]
async fn a_connection_that_ended_just_after_its_use_costs_at_most_one_fault_worth_retrying() {
    with_database(async |fresh| {
        let one = fresh.another(1);
        let before = connection_id(&one).await;
        execute(fresh, &format!("KILL {before}")).await;
        let end = one.transaction(async |c: &mut Connection| {
            c.execute("DO 0").await?;
            Ok::<_, StoreError>(())
        });
        if let Err(fault) = end.await {
            assert!(fault.is_retryable(), "{fault:?}");
        }
        assert_ne!(connection_id(&one).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_unit_that_loses_its_connection_midway_ends_in_a_fault_worth_retrying_and_is_undone() {
    with_database(async |fresh| {
        let (task, one) = (a_task(fresh).await, fresh.another(1));
        let victim = connection_id(&one).await;
        let end = one.transaction(async |c: &mut Connection| {
            lock(c, task).await?;
            execute(fresh, &format!("KILL {victim}")).await;
            sleep(Duration::from_millis(50)).await;
            lock(c, task).await
        });
        let fault = fault(end.await);
        assert!(fault.is_retryable(), "{fault:?}");
        done(&fresh.database, async |c| lock(c, task).await).await;
    })
    .await;
}

#[tokio::test]
async fn a_statement_that_the_server_interrupts_is_a_fault_worth_retrying() {
    with_database(async |fresh| {
        let (task, one) = (a_task(fresh).await, fresh.another(1));
        for kill in ["KILL", "KILL QUERY"] {
            let kill = format!("{kill} {}", connection_id(&one).await);
            let holder = fresh.database.transaction(async |c: &mut Connection| {
                lock(c, task).await?;
                let victim = one.run(async |c: &mut Connection| lock(c, task).await);
                let killer = async {
                    sleep(Duration::from_millis(200)).await;
                    execute(fresh, &kill).await;
                };
                Ok::<_, StoreError>(fault(join(victim, killer).await.0))
            });
            let fault = holder.await.unwrap();
            assert!(fault.is_retryable(), "{kill}: {fault:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_fault_worth_retrying_that_names_no_password() {
    let url = "mysql://user:secret@127.0.0.1:1/database";
    let config = DatabaseConfig::parse(url, 1, Duration::from_secs(5)).unwrap();
    let end = Database::new(config)
        .run(async |c: &mut Connection| {
            c.execute("DO 0").await?;
            Ok::<_, StoreError>(())
        })
        .await;
    let fault = fault(end);
    assert!(fault.is_retryable());
    assert!(!format!("{fault} {fault:?} {}", fault.kind()).contains("secret"));
    assert!(fault.kind().contains("127.0.0.1:1"), "{}", fault.kind());
}
