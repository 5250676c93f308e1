//! Functions that live shorter than their work: they stop in time, and the work ends all the same.

use std::time::Duration;

use serde_json::json;
use task_local::StackConfig;

use crate::support::{Station, numbered, with_own_api};

/// Functions of two seconds.
fn brief(config: StackConfig) -> StackConfig {
    StackConfig {
        function_timeout: Duration::from_secs(2),
        visibility_timeout: Duration::from_secs(3),
        max_receive_count: 3,
        schedule: Some(Duration::from_millis(500)),
        workers: 1,
        batch_size: 10,
        ..config.with("CHUNK_SIZE", "500")
    }
}

#[tokio::test]
async fn a_batch_that_outlives_many_functions_ends_with_every_order_made_once() {
    with_own_api(brief, async |api| {
        let station = Station::fresh(api).await;
        api.pause_workers();
        api.submit(&station, "long", &numbered("long", 1_500))
            .await
            .data();
        // After two stalled attempts, orders are worked one by one: thousands of round trips.
        let mut connection = api.database.connect().await;
        let slow = sqlx::raw_sql("UPDATE tbl_work SET attempt = 2, stalls = 2");
        slow.execute(&mut connection).await.unwrap();
        api.resume_workers();
        let task = api.finished("long").await;
        assert_eq!(task["result"]["msg"], json!("批量导入(成功1500)"));
        assert_eq!(api.database.count("tbl_order", "long").await, 1_500);
        let invocations = "SELECT SUM(attempts) - 6 FROM tbl_batch_chunk";
        let invocations = api.database.number(invocations).await;
        assert!(
            invocations > 3,
            "3 chunks were put back at times: {invocations} attempts"
        );
        assert_eq!(api.workers().exits(), 0, "none was cut off");
    })
    .await;
}
