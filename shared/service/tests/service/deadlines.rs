//! Workers whose time is up: nothing is lost, and a chunk of any length ends.

use std::time::Instant;

use task_engine::{Deadline, Invocation};
use task_store::tasks::TaskStatus;
use task_store::testing::with_database;

use crate::support::*;

#[tokio::test]
async fn a_chunk_worked_item_by_item_is_put_back_when_the_time_is_up_and_goes_on_where_it_was() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 10).await;
        run(
            fresh,
            "UPDATE tbl_work SET attempt = 2, stalls = 2, lease_until = NULL",
        )
        .await;
        let (job, settings) = (job(), settings());
        for nth in 1..10 {
            let over = Deadline::at(Instant::now());
            let invocation = Invocation::new(&fresh.database, &job, &settings, over);
            invocation.work(queue.take()[0]).await.unwrap();
            let made = number(fresh, "SELECT COUNT(*) FROM tbl_order").await;
            assert_eq!(made, nth, "one order at least, and none twice");
            assert_eq!(task(fresh, "b1").await.status, TaskStatus::Running);
            let stalls = number(fresh, "SELECT stalls FROM tbl_work").await;
            assert_eq!(stalls, 2, "it goes forward, item by item");
            let swept = sweep(&dispatcher(fresh, &queue)).await.announced;
            assert_eq!(swept, 1, "it is due at once");
        }
        work_all(fresh, &queue).await;
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功10)");
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 10);
    })
    .await;
}
