//! What operators do: find dead letters with their cause, try again, pause queues; and one order or cycle for the page.

use serde_json::{Value, json};
use task_service::async_tasks::{self, dead_letters, overview};
use task_service::orders::{self, OrderName};
use task_service::tasks::TaskReference;
use task_service::tasks::queues::{self, SqsNames};
use task_service::{Caller, ErrorCode};
use task_store::StationId;
use task_store::task_queues::{PolicyChange, QueueName};
use task_store::testing::{TestDatabase, with_database};

use crate::support::*;

const UTC: jiff::tz::TimeZone = jiff::tz::TimeZone::UTC;

fn named(name: &str) -> TaskReference {
    TaskReference {
        user_task_id: Some(id(name)),
        ..TaskReference::default()
    }
}

async fn retry(
    fresh: &TestDatabase,
    queue: &MemoryQueue,
    caller: &Caller,
    name: &str,
) -> task_service::Result<usize> {
    let dispatcher = dispatcher(fresh, queue);
    let retried = async_tasks::retry(&dispatcher, caller, &[named(name)], &UTC).await?;
    Ok(retried.retried)
}

/// A batch of 20 orders in two chunks, of which the first stalled its workers and was given up, and the second was worked.
async fn dead_letter(fresh: &TestDatabase) -> MemoryQueue {
    let queue = submitted_batch(fresh, 20).await;
    let keys = queue.take();
    run(
        fresh,
        "UPDATE tbl_work SET stalls = 5, attempt = 5, worker = 'request-5', lease_until = NOW(3) - INTERVAL 1 SECOND WHERE part = 0",
    )
    .await;
    task_engine::handle_dead_letter(
        &fresh.database,
        &settings(),
        KINDS,
        keys[0],
        "dead letter m1",
    )
    .await
    .unwrap();
    work_one(fresh, keys[1]).await.unwrap();
    queue
}

async fn seen(fresh: &TestDatabase, station: Option<&str>) -> Value {
    let station = station.map(|id| StationId::parse(id).unwrap());
    let overview = overview(&fresh.database, KINDS, station.as_ref(), &UTC).await;
    json!(overview.unwrap())
}

#[tokio::test]
async fn the_overview_leads_to_the_chunk_task_station_and_cause_of_a_dead_letter_and_a_retry_settles_it()
 {
    with_database(async |fresh| {
        let queue = dead_letter(fresh).await;
        let seen_before = seen(fresh, None).await;
        let letter = &seen_before["dead_letters"][0];
        let task = task(fresh, "b1").await;
        assert_eq!(letter["task_id"], json!(task.id.to_string()));
        for (member, value) in [
            ("kind", json!("chunk")),
            ("station_id", json!("T1")),
            ("queue", json!("order_import")),
            ("user_task_id", json!("b1")),
            ("chunk_no", json!(0)),
            ("first_index", json!(0)),
            ("item_count", json!(10)),
            ("failed_items", json!(10)),
            ("worker", json!("request-5")),
            ("settled", json!(false)),
        ] {
            assert_eq!(letter[member], value, "{member}: {letter}");
        }
        let cause = letter["cause"].as_str().unwrap();
        assert!(
            cause.contains("dead letter m1")
                && cause.contains("its process ended or its time was up"),
            "{cause}"
        );
        assert_eq!(seen(fresh, Some("T2")).await["dead_letters"], json!([]));
        assert_eq!(
            retry(fresh, &queue, &Caller::Unbound, "b1").await.unwrap(),
            1
        );
        assert_eq!(queue.sent.lock().unwrap().len(), 1);
        work_all(fresh, &queue).await;
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功20)");
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 20);
        assert_eq!(seen(fresh, None).await["dead_letters"], json!([]));
        let page = first(10);
        let all = dead_letters(&fresh.database, None, page, &UTC)
            .await
            .unwrap();
        assert_eq!(json!(all)["dead_letters"][0]["settled"], true);
    })
    .await;
}

#[tokio::test]
async fn a_batch_is_tried_again_only_where_something_failed_and_only_by_its_station() {
    with_database(async |fresh| {
        let queue = submitted_batch(fresh, 5).await;
        assert_eq!(retry(fresh, &queue, &caller(), "b1").await.unwrap(), 0);
        work_all(fresh, &queue).await;
        assert_eq!(retry(fresh, &queue, &caller(), "b1").await.unwrap(), 0);
        let faulty = [
            order(0),
            faulty(7, |order| order["details"][0]["amount"] = json!(-1)),
        ];
        submit_orders(fresh, &queue, "b2", &faulty).await.unwrap();
        work_all(fresh, &queue).await;
        let other = Caller::Station(StationId::parse("T2").unwrap());
        assert_eq!(
            code(retry(fresh, &queue, &other, "b2").await),
            ErrorCode::TaskNotFound
        );
        assert_eq!(retry(fresh, &queue, &caller(), "b2").await.unwrap(), 1);
        work_all(fresh, &queue).await;
        assert_eq!(result(fresh, "b2").await["msg"], "批量导入(成功1, 失败1)");
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 6);
        run(fresh, "UPDATE tbl_time_config SET enabled = 0").await;
        assert_eq!(
            code(retry(fresh, &queue, &caller(), "b2").await),
            ErrorCode::CycleClosed
        );
        let nothing = retry(fresh, &queue, &caller(), "b1").await;
        assert_eq!(nothing.unwrap(), 0, "its cycle is not asked for");
        run(fresh, "DELETE FROM tbl_time_config").await;
        assert_eq!(
            code(retry(fresh, &queue, &caller(), "b2").await),
            ErrorCode::CycleNotFound
        );
    })
    .await;
}

#[tokio::test]
async fn a_mended_order_is_not_undone_when_its_batch_is_tried_again() {
    with_database(async |fresh| {
        let queue = dead_letter(fresh).await;
        run(
            fresh,
            "UPDATE tbl_batch_item SET status = 4 WHERE item_index = 3",
        )
        .await;
        run(
            fresh,
            "UPDATE tbl_batch_item SET status = 3, made_id = 1 WHERE item_index = 4",
        )
        .await;
        assert_eq!(retry(fresh, &queue, &caller(), "b1").await.unwrap(), 1);
        work_all(fresh, &queue).await;
        let status = |items: &[Value], index: usize| items[index]["status"].clone();
        let items = items(fresh, "b1", None).await;
        assert_eq!(
            [3, 4, 5].map(|index| status(&items, index)),
            ["dropped", "amended", "success"]
        );
        assert_eq!(number(fresh, "SELECT COUNT(*) FROM tbl_order").await, 18);
    })
    .await;
}

#[tokio::test]
async fn only_a_declared_queue_is_paused_and_it_goes_on() {
    with_database(async |fresh| {
        let queue = QueueName::parse("report").unwrap();
        let unknown = queues::pause(&fresh.database, &queue, true).await;
        assert_eq!(code(unknown), ErrorCode::ParamInvalid);
        let policy = PolicyChange {
            timeout: Some(60),
            ..PolicyChange::default()
        };
        queues::set(&fresh.database, &SqsNames::default(), &queue, &policy)
            .await
            .unwrap();
        for paused in [true, true, false] {
            let policy = queues::pause(&fresh.database, &queue, paused)
                .await
                .unwrap();
            let policy = json!(policy);
            assert_eq!(
                (&policy["paused"], &policy["timeout"]),
                (&json!(paused), &json!(60))
            );
        }
    })
    .await;
}

#[tokio::test]
async fn an_order_is_read_by_its_id_or_the_callers_number_by_its_station_only() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let mut sent = order(3);
        sent["out_order_no"] = json!("A-1");
        submit_orders(fresh, &queue, "b1", &[sent]).await.unwrap();
        work_all(fresh, &queue).await;
        let key = number(fresh, "SELECT id FROM tbl_order").await;
        let other = Caller::Station(StationId::parse("T2").unwrap());
        let read =
            async |caller: &Caller, name| orders::get(&fresh.database, caller, &name, &UTC).await;
        let by_number = || OrderName::OutOrderNo("A-1".to_owned());
        let order = json!(read(&caller(), by_number()).await.unwrap());
        assert_eq!(
            json!(read(&Caller::Unbound, OrderName::Id(key)).await.unwrap()),
            order
        );
        assert_eq!(
            (&order["order_id"], &order["order_no"]),
            (&json!(key.to_string()), &json!(format!("PL{key}")))
        );
        assert_eq!(
            (&order["total"], &order["run"]),
            (&json!("3.85"), &json!(1))
        );
        assert_eq!(order["details"][1]["line_amount"], "0.10");
        assert_eq!(order["task"]["user_task_id"], "b1");
        for (caller, name) in [
            (&other, OrderName::Id(key)),
            (&other, by_number()),
            (&caller(), OrderName::Id(key + 1)),
        ] {
            assert_eq!(code(read(caller, name).await), ErrorCode::OrderNotFound);
        }
        assert_eq!(
            code(read(&Caller::Unbound, by_number()).await),
            ErrorCode::ParamMissing
        );
    })
    .await;
}

#[tokio::test]
async fn a_station_sees_its_own_cycles_and_which_take_orders() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let station = StationId::parse(STATION).unwrap();
        let list = json!(
            orders::cycles(&fresh.database, &station, &UTC)
                .await
                .unwrap()
        );
        let cycles = list["time_configs"].as_array().unwrap();
        let told: Vec<_> = cycles
            .iter()
            .map(|cycle| (&cycle["time_config_id"], &cycle["takes_orders"]))
            .collect();
        assert_eq!(
            told,
            [(&json!("C0"), &json!(false)), (&json!("C1"), &json!(true))]
        );
        assert_eq!(
            (
                &cycles[0]["receive_from"],
                &cycles[1]["receive_time_limit"]["weekdays"]
            ),
            (&Value::Null, &json!(127))
        );
        let today = jiff::Timestamp::now().to_zoned(UTC).date();
        assert_eq!(cycles[1]["receive_from"], json!(today.to_string()));
    })
    .await;
}
