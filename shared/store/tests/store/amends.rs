//! Mending: which item something was made of.

use task_store::amends;
use task_store::chunks::{self, Claimed};
use task_store::items::{self, Outcome};
use task_store::testing::with_database;

use crate::support::{a_batch, claim, done};

#[tokio::test]
async fn what_was_made_is_traced_to_its_item_by_its_row_or_by_its_reserved_id() {
    with_database(async |fresh| {
        let task = a_batch(fresh, 2).await;
        let (first, second) = (claim(fresh, task, 0).await, claim(fresh, task, 1).await);
        let made = Outcome::made(1, 77);
        let settle = async |c: &mut _| items::settle(c, &first, std::slice::from_ref(&made)).await;
        done(&fresh.database, settle).await;
        let of_made = async |id| {
            done(&fresh.database, async |c| {
                amends::index_of_made(c, task, 1, id).await
            })
            .await
        };
        let reserved = |claim: &Claimed, position| chunks::reserved_id(claim.id, position);
        assert_eq!(
            of_made(reserved(&first, 0)).await,
            None,
            "the chunk is open"
        );
        let complete = async |c: &mut _| chunks::complete(c, &first).await;
        assert!(done(&fresh.database, complete).await);
        assert_eq!(of_made(reserved(&first, 0)).await, Some(0));
        assert_eq!(of_made(77).await, Some(1));
        assert_eq!(
            of_made(reserved(&first, 1)).await,
            None,
            "its row names another"
        );
        assert_eq!(
            of_made(reserved(&first, 2)).await,
            None,
            "the chunk has no such item"
        );
        assert_eq!(of_made(reserved(&second, 0)).await, None);
    })
    .await;
}
