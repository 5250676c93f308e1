//! Counting the tries of items: only for the holder of the chunk.

use std::time::Duration;

use task_store::chunks::{self, Claimed};
use task_store::items::{self, Item};
use task_store::testing::{TestDatabase, with_database};
use task_store::{Connection, StoreError};

use crate::support::{a_batch, claim, done, end_chunks, execute};

async fn stored(fresh: &TestDatabase, claim: &Claimed, index: u32) -> Option<Item> {
    let (task, run) = (claim.key.task, claim.key.run);
    let read = async |c: &mut _| items::at(c, task, run, &[index]).await;
    done(&fresh.database, read).await.pop()
}

#[tokio::test]
async fn a_lost_claim_counts_no_try_and_forgets_none() {
    with_database(async |fresh| {
        let zombie = claim(fresh, a_batch(fresh, 2).await, 0).await;
        let first = async |c: &mut _| items::count_try(c, &zombie, 0).await;
        assert!(done(&fresh.database, first).await);
        execute(fresh, "UPDATE tbl_work SET attempt = attempt + 1").await;
        let count = async || {
            let count = async |c: &mut _| items::count_try(c, &zombie, 1).await;
            done(&fresh.database, count).await
        };
        assert!(!count().await, "another attempt has it");
        let forget = async |c: &mut _| items::forget_try(c, &zombie, 0).await;
        done(&fresh.database, forget).await;
        assert_eq!(stored(fresh, &zombie, 0).await.unwrap().attempts, 1);
        execute(fresh, "UPDATE tbl_work SET attempt = attempt - 1").await;
        end_chunks(fresh, 2, "TRUE").await;
        assert!(!count().await, "its batch is closed");
        assert_eq!(stored(fresh, &zombie, 1).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_try_that_is_counted_while_its_batch_is_being_closed_comes_after_the_close() {
    with_database(async |fresh| {
        let claimed = claim(fresh, a_batch(fresh, 2).await, 0).await;
        let (task, run) = (claimed.key.task, claimed.key.run);
        let other = fresh.another(1);
        let count = async |c: &mut _| items::count_try(c, &claimed, 0).await;
        let close = fresh.database.transaction(async |c: &mut Connection| {
            chunks::cancel_open(c, task, run).await?;
            let counting = tokio::time::timeout(Duration::from_millis(300), other.run(count)).await;
            assert!(counting.is_err(), "it waits for the close");
            Ok::<_, StoreError>(())
        });
        close.await.unwrap();
        assert!(!other.run(count).await.unwrap());
        assert_eq!(stored(fresh, &claimed, 0).await, None);
    })
    .await;
}
