//! A batch that is submitted again while it is being worked: the workers of this stack stand still.

use serde_json::json;
use task_local::StackConfig;
use tokio::sync::Mutex;

use crate::support::{Api, Shared, Station, orders, unique};

static STILL: Shared = Shared::new(|config: StackConfig| StackConfig {
    visibility_timeout: std::time::Duration::from_secs(2),
    ..config
});

/// Runs a test while no worker of the stack works, one at a time.
pub(crate) async fn with_still_workers(test: impl AsyncFnOnce(&Api)) {
    static ALONE: Mutex<()> = Mutex::const_new(());
    let test = async |api: &Api| {
        let _alone = ALONE.lock().await;
        api.pause_workers();
        test(api).await;
        api.resume_workers();
        api.drained().await;
    };
    STILL.lend(test).await;
}

#[tokio::test]
async fn the_same_payload_answers_the_same_url_and_stores_nothing() {
    with_still_workers(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("same-");
        let first = api.submit(&station, &id, &orders(5)).await;
        let rows = api.database.rows(&station.id).await;
        let pairs = [
            ("task_id", id.as_str()),
            ("time_config_id", &station.cycle),
            ("order_data", &format!(" {}", json!(orders(5)))),
        ];
        let second = api.form("/station/order/batch/submit", &pairs).await;
        assert_eq!(
            second.data(),
            first.data(),
            "however the payload is written"
        );
        assert_eq!(api.database.rows(&station.id).await, rows);
        assert_eq!(api.task(&id).await["status"], 1);
    })
    .await;
}

#[tokio::test]
async fn another_payload_is_a_conflict_and_changes_nothing() {
    with_still_workers(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("other-");
        api.submit(&station, &id, &orders(5)).await.data();
        let rows = api.database.rows(&station.id).await;
        let mut other = orders(5);
        other[4]["details"][0]["amount"] = json!("1.6");
        api.submit(&station, &id, &other)
            .await
            .refusal("TASK_CONFLICT");
        api.submit(&station, &id, &orders(4))
            .await
            .refusal("TASK_CONFLICT");
        let body =
            json!({"task_id": id, "time_config_id": station.other_cycle, "order_data": orders(5)});
        api.post("/station/order/batch/submit", &body)
            .await
            .refusal("TASK_CONFLICT");
        assert_eq!(api.database.rows(&station.id).await, rows);
    })
    .await;
}

#[tokio::test]
async fn orders_are_pending_until_they_are_worked() {
    with_still_workers(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("pending-");
        api.submit(&station, &id, &orders(5)).await.data();
        let task = api.task(&id).await;
        assert_eq!(
            (&task["progress"], &task["can_cancel"]),
            (&json!(0), &json!(true))
        );
        let path = format!("/station/order/batch/result?task_id={id}&status=pending");
        let data = api.get(&path).await.data().clone();
        assert_eq!(
            (&data["counts"]["total"], &data["counts"]["pending"]),
            (&json!(5), &json!(5))
        );
        let order = &data["details"][3];
        assert_eq!(
            (&order["index"], &order["status"], &order["address_id"]),
            (&json!(3), &json!("pending"), &json!("S3"))
        );
        assert!(api.details(&id, "failed").await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_batch_in_flight_is_accepted_again_after_its_cycle_has_closed() {
    with_still_workers(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("closing-");
        let first = api.submit(&station, &id, &orders(2)).await;
        let sql = "UPDATE tbl_time_config SET enabled = 0 WHERE id = ?";
        let mut connection = api.database.connect().await;
        sqlx::query(sql)
            .bind(&station.cycle)
            .execute(&mut connection)
            .await
            .unwrap();
        let second = api.submit(&station, &id, &orders(2)).await;
        assert_eq!(second.data(), first.data());
    })
    .await;
}
