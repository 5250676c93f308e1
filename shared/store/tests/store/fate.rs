//! The fate of a unit of work whose connection is lost: nothing was changed, or it may have been.

use std::cell::Cell;
use std::time::{Duration, Instant};

use sqlx::Executor as _;
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, Result, StoreError, TaskId, invocation};
use tokio::time::sleep;

use crate::relay::Relay;
use crate::support::{a_task, fault, read_number};

async fn add_run(c: &mut Connection, task: TaskId) -> Result<()> {
    let sql = format!(
        "UPDATE tbl_async_task SET run_count = run_count + 1 WHERE id = {}",
        task.get()
    );
    c.execute(&*sql).await?;
    Ok(())
}

async fn runs(fresh: &TestDatabase) -> i64 {
    read_number(fresh, "SELECT SUM(run_count) FROM tbl_async_task").await
}

#[tokio::test]
async fn a_statement_whose_answer_is_lost_may_have_been_carried_out_and_was() {
    with_database(async |fresh| {
        let (task, relay) = (a_task(fresh).await, Relay::to(fresh).await);
        let end = relay.database.run(async |c: &mut Connection| {
            relay.swallow_the_next_answer();
            add_run(c, task).await
        });
        let fault = fault(end.await);
        assert!(fault.is_fate_unknown() && fault.is_outage(), "{fault:?}");
        assert!(fault.kind().ends_with("is not known"), "{}", fault.kind());
        assert_eq!(runs(fresh).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_may_have_been_carried_out_and_was() {
    with_database(async |fresh| {
        let (task, relay) = (a_task(fresh).await, Relay::to(fresh).await);
        let end = relay.database.transaction(async |c: &mut Connection| {
            add_run(c, task).await?;
            relay.swallow_the_next_answer();
            Ok::<_, StoreError>(())
        });
        let fault = fault(end.await);
        assert!(fault.is_fate_unknown() && fault.is_outage(), "{fault:?}");
        assert_eq!(runs(fresh).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_transaction_that_is_cut_before_its_commit_has_changed_nothing_and_that_is_known() {
    with_database(async |fresh| {
        let (task, relay) = (a_task(fresh).await, Relay::to(fresh).await);
        let end = relay.database.transaction(async |c: &mut Connection| {
            relay.swallow_the_next_answer();
            add_run(c, task).await
        });
        let fault = fault(end.await);
        assert!(!fault.is_fate_unknown() && fault.is_outage(), "{fault:?}");
        assert_eq!(runs(fresh).await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_only_reads_has_changed_nothing_whatever_it_fails_with() {
    with_database(async |fresh| {
        let relay = Relay::to(fresh).await;
        let end = relay.database.read(async |c: &mut Connection| {
            relay.swallow_the_next_answer();
            c.execute("SELECT 1").await?;
            Ok::<_, StoreError>(())
        });
        assert!(!fault(end.await).is_fate_unknown());
    })
    .await;
}

#[tokio::test]
async fn an_invocation_that_has_committed_one_unit_has_written_whatever_the_next_one_fails_with() {
    with_database(async |fresh| {
        let task = a_task(fresh).await;
        invocation::within(None, async {
            let nothing = async |_: &mut Connection| Ok::<_, StoreError>(());
            fresh.database.read(nothing).await.unwrap();
            assert!(!invocation::has_written());
            let write = async |c: &mut Connection| add_run(c, task).await;
            fresh.database.transaction(write).await.unwrap();
            assert!(invocation::has_written());
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn units_in_a_row_end_before_their_invocation_does() {
    with_database(async |fresh| {
        let start = Instant::now();
        let end = start + Duration::from_secs(2);
        invocation::within(Some(end), async {
            let slow = async |c: &mut Connection| {
                c.execute("DO SLEEP(0.5)").await?;
                Ok::<_, StoreError>(())
            };
            fresh.database.run(slow).await.unwrap();
            let late = fresh.database.transaction(async |_: &mut Connection| {
                sleep(Duration::from_secs(20)).await;
                Ok::<_, StoreError>(())
            });
            assert!(matches!(fault(late.await), StoreError::TimedOut(_)));
        })
        .await;
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{:?}",
            start.elapsed()
        );
    })
    .await;
}

/// The holder keeps a row for longer than a unit may take; the bound ends the waiter's third try.
#[tokio::test]
async fn a_row_that_stays_locked_is_contention_and_no_outage() {
    with_database(async |fresh| {
        let task = a_task(fresh).await;
        let hasty = fresh.another_bounded(1, Duration::from_millis(3_500));
        let tries = Cell::new(0);
        let holder = fresh.database.transaction(async |c: &mut Connection| {
            add_run(c, task).await?;
            let waiter = hasty.transaction(async |c: &mut Connection| {
                tries.set(tries.get() + 1);
                c.execute("SET innodb_lock_wait_timeout = 1").await?;
                add_run(c, task).await
            });
            Ok::<_, StoreError>(fault(waiter.await))
        });
        let fault = holder.await.unwrap();
        assert!(fault.is_contention() && !fault.is_outage(), "{fault:?}");
        assert!(!fault.is_fate_unknown() && tries.get() > 1);
    })
    .await;
}

#[tokio::test]
async fn five_waits_for_a_lock_fit_the_bound_of_a_unit() {
    with_database(async |fresh| {
        let task = a_task(fresh).await;
        let bounded = fresh.another_bounded(1, Duration::from_secs(20));
        let holder = fresh.database.transaction(async |c: &mut Connection| {
            add_run(c, task).await?;
            let waiter = bounded.run(async |c: &mut Connection| add_run(c, task).await);
            Ok::<_, StoreError>(fault(waiter.await))
        });
        let fault = holder.await.unwrap();
        // Over its bound it would be a time-out.
        assert_eq!(fault.kind(), "database error 1205");
    })
    .await;
}
