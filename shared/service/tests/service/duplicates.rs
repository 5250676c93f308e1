//! A message that comes again for a chunk that is done: how many statements it costs a worker.

use task_engine::{Deadline, Invocation};
use task_store::tasks::TaskStatus;
use task_store::testing::with_database;
use task_store::{Database, StoreError};

use crate::support::*;

async fn statements(database: &Database) -> u64 {
    let sql = "SHOW SESSION STATUS LIKE 'Questions'";
    let read = async |c: &mut _| {
        let row: (String, String) = sqlx::query_as(sql).fetch_one(c).await?;
        Ok::<_, StoreError>(row.1.parse().unwrap())
    };
    database.run(read).await.unwrap()
}

#[tokio::test]
async fn a_duplicate_of_a_done_chunk_costs_one_statement_and_finishes_what_nobody_finished() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 20).await;
        let keys = queue.take();
        let one = fresh.another(1);
        let (job, settings) = (job(), settings());
        let invocation = Invocation::new(&one, &job, &settings, Deadline::default());
        let again = async || {
            let before = statements(&one).await;
            invocation.work(keys[0]).await.unwrap();
            // The second count counts itself, too.
            statements(&one).await - before - 1
        };
        work_one(fresh, keys[0]).await.unwrap();
        assert_eq!(again().await, 1, "while its batch runs");
        end_all_chunks(fresh).await;
        assert!(again().await > 1, "nobody had finished it");
        assert_eq!(task(fresh, "b1").await.status, TaskStatus::Finished);
        assert_eq!(again().await, 1, "once its batch is finished");
    })
    .await;
}
