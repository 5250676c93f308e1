//! Whatever is accepted stays small enough to be worked, read and mended.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy};
use proptest::prop_oneof;
use proptest::test_runner::{Config, TestRunner};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use task_engine::ItemRequest;
use task_service::ErrorCode;
use task_service::async_tasks::{close, detail};
use task_service::batches::BatchReport;
use task_service::orders::{Mending, Which, amend};
use task_service::tasks::TaskReference;
use task_store::items::ItemStatus;
use task_store::testing::{TestDatabase, with_database};
use tokio::runtime::Handle;

use crate::support::*;

fn named(name: &str) -> TaskReference {
    TaskReference {
        user_task_id: Some(id(name)),
        ..TaskReference::default()
    }
}

async fn report(fresh: &TestDatabase, page: &ItemRequest) -> Value {
    let report: BatchReport = task_service::batches::result(
        &fresh.database,
        KINDS,
        &caller(),
        &named("b1"),
        page,
        &job().zone,
    )
    .await
    .unwrap();
    let text = serde_json::to_string(&report).unwrap();
    assert!(text.len() <= 2_800_000, "{} bytes", text.len());
    serde_json::from_str(&text).unwrap()
}

/// Reads every item, a page after the other.
async fn all(fresh: &TestDatabase, page: &ItemRequest) -> Vec<Value> {
    let mut items = Vec::new();
    let mut page = page.clone();
    loop {
        let answer = report(fresh, &page).await;
        let details = answer["details"].as_array().unwrap();
        assert!(!details.is_empty(), "a page has at least one item");
        items.extend(details.iter().cloned());
        match answer["pagination"]["next_after_index"].as_u64() {
            Some(index) => page.page.after = Some(i64::try_from(index).unwrap()),
            None => return items,
        }
    }
}

#[tokio::test]
async fn orders_of_nothing_but_junk_leave_a_task_that_can_be_read() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let junk = json!({"sku_id": "x", "amount": "y", "unit_price": "z", "is_price_timing": "w"});
        let order = json!({"details": vec![junk; 200]});
        let list = vec![order; 50];
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        work_all(fresh, &queue).await;
        let result = result(fresh, "b1").await;
        let failed = serde_json::to_string(&result["failed"]).unwrap();
        assert!(failed.len() <= 64 * 1024, "{} bytes", failed.len());
        assert_eq!(result["failed_truncated"], true);
        assert_eq!(result["failure_count"], 50);
        let items = all(fresh, &ItemRequest::default()).await;
        assert_eq!(items.len(), 50);
        let errors = items[0]["errors"].as_array().unwrap().len();
        assert_eq!((errors, &items[0]["error_count"]), (20, &json!(803)));
        let stored = "SELECT COALESCE(MAX(OCTET_LENGTH(errors)), 0) FROM tbl_batch_item";
        assert!(number(fresh, stored).await < 20_000);
    })
    .await;
}

#[tokio::test]
async fn a_page_is_cut_by_bytes_and_says_where_to_go_on() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let list: Vec<Value> = (0..20)
            .map(|n| faulty(n, |order| order["unknown"] = json!("x".repeat(250_000))))
            .collect();
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        work_all(fresh, &queue).await;
        let first = report(fresh, &ItemRequest::default()).await;
        let pagination = &first["pagination"];
        assert_eq!(first["details"].as_array().unwrap().len(), 10);
        assert_eq!(
            (&pagination["total"], &pagination["next_after_index"]),
            (&json!(20), &json!(9))
        );
        let items = all(fresh, &ItemRequest::default()).await;
        let indexes: Vec<_> = items.iter().map(|item| item["index"].as_u64()).collect();
        assert_eq!(indexes, (0..20).map(Some).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn an_order_of_more_than_256_kib_fails_alone_and_is_not_kept() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let mut list = orders(3);
        list[1]["unknown"] = json!("x".repeat(300_000));
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        submit_orders(fresh, &queue, "b1", &list)
            .await
            .expect("the same batch");
        work_all(fresh, &queue).await;
        assert_eq!(result(fresh, "b1").await["msg"], "批量导入(成功2, 失败1)");
        let failed = items(fresh, "b1", Some(ItemStatus::Failed)).await;
        assert_eq!(
            (&failed[0]["index"], &failed[0]["code"]),
            (&json!(1), &json!("ORDER_FORMAT"))
        );
        assert!(
            failed[0]["msg"].as_str().unwrap().contains("262144"),
            "{}",
            failed[0]
        );
        assert_eq!(failed[0]["address_id"], "S1");
        let longest = "SELECT MAX(UNCOMPRESSED_LENGTH(items)) FROM tbl_batch_payload";
        assert!(number(fresh, longest).await < 10_000);
        let corrected: Box<RawValue> = to_raw_value(&list[1]).unwrap();
        let desk = dispatcher(fresh, &queue);
        let which = Which {
            index: Some(1),
            ..Which::default()
        };
        let mending = Mending::Corrected(&corrected);
        let refused = amend(&desk, &caller(), &named("b1"), &which, mending).await;
        assert_eq!(code(refused), ErrorCode::ParamInvalid);
    })
    .await;
}

#[tokio::test]
async fn items_are_found_by_the_code_of_their_first_error() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let queue = MemoryQueue::default();
        let mut list = orders(6);
        list[1]["address_id"] = json!("nobody");
        list[2]["details"][0]["amount"] = json!("0");
        list[4]["details"][0]["amount"] = json!("-1");
        submit_orders(fresh, &queue, "b1", &list).await.unwrap();
        work_all(fresh, &queue).await;
        let page = |code: &str| ItemRequest {
            code: Some(code.to_owned()),
            ..ItemRequest::default()
        };
        let answer = report(fresh, &page("QUANTITY_NOT_POSITIVE")).await;
        let counts = json!({"ADDRESS_NOT_FOUND": 1, "QUANTITY_NOT_POSITIVE": 2});
        assert_eq!(answer["code_counts"], counts);
        assert_eq!(answer["pagination"]["total"], 2);
        let indexes = answer["details"].as_array().unwrap().iter();
        assert_eq!(
            indexes
                .map(|item| item["index"].clone())
                .collect::<Vec<_>>(),
            [2, 4]
        );
        let none = report(fresh, &page("CANCELLED")).await;
        assert_eq!(none["details"], json!([]));
    })
    .await;
}

/// An item that a caller may send, sound or not, and how many of it.
fn any_item() -> impl Strategy<Value = Vec<Value>> {
    let text = prop_oneof![
        "\\PC{0,200}",
        "(?s:.{0,200})",
        "[\"\\\\\u{1}\u{1F9C5}]{0,3000}"
    ];
    let line = (text.clone(), "\\PC{0,9}").prop_map(|(sku, amount)| {
        json!({"sku_id": sku, "amount": amount, "unit_price": [1], "is_price_timing": "w", "spu_remark": sku})
    });
    let junk = (text.clone(), line, 0..250_usize).prop_map(|(id, line, lines)| {
        json!({"address_id": id, "uid": [id], "remark": id, "status": id, "details": vec![line; lines]})
    });
    let large = (1..300_000_usize)
        .prop_map(|size| json!({"address_id": "S1", "x": "\u{1}".repeat(size / 6)}));
    let other = prop_oneof![
        text.prop_map(Value::from),
        Just(json!([[[[]]]])),
        Just(json!({}))
    ];
    let item = prop_oneof![3 => junk, 2 => large, 1 => other, 1 => (0..99_u32).prop_map(order)];
    (item, 1..12_usize).prop_map(|(item, count)| vec![item; count])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn whatever_is_accepted_can_be_read_mended_and_closed_within_the_limits() {
    with_database(async |fresh| {
        load_station(fresh).await;
        let config = Config {
            cases: 12,
            failure_persistence: None,
            max_shrink_iters: 20,
            ..Config::default()
        };
        let end = TestRunner::new(config).run(&vec(any_item(), 1..6), |lists| {
            let list = lists.concat();
            tokio::task::block_in_place(|| Handle::current().block_on(lives(fresh, &list)));
            Ok(())
        });
        end.unwrap();
    })
    .await;
}

async fn lives(fresh: &TestDatabase, list: &[Value]) {
    run(
        fresh,
        "UPDATE tbl_async_task SET user_task_id = CONCAT('old', id)",
    )
    .await;
    let queue = MemoryQueue::default();
    submit_orders(fresh, &queue, "b1", list).await.unwrap();
    work_all(fresh, &queue).await;
    let text = task(fresh, "b1").await.result.unwrap();
    assert!(text.len() <= 70_000, "a result of {} bytes", text.len());
    assert_eq!(all(fresh, &ItemRequest::default()).await.len(), list.len());
    let page = ItemRequest::default();
    let whole = detail(
        &fresh.database,
        KINDS,
        &caller(),
        &named("b1"),
        page,
        &job().zone,
    )
    .await;
    let whole = serde_json::to_string(&whole.unwrap()).unwrap();
    assert!(
        whole.len() <= 2_800_000,
        "a detail of {} bytes",
        whole.len()
    );
    let desk = dispatcher(fresh, &queue);
    let failed = items(fresh, "b1", Some(ItemStatus::Failed)).await;
    for item in failed.iter().take(3) {
        let index = u32::try_from(item["index"].as_u64().unwrap()).unwrap();
        let which = Which {
            index: Some(index),
            ..Which::default()
        };
        let large: Box<RawValue> = to_raw_value(&json!({"x": "y".repeat(200_000)})).unwrap();
        let mending = Mending::Corrected(&large);
        amend(&desk, &caller(), &named("b1"), &which, mending)
            .await
            .unwrap();
    }
    work_all(fresh, &queue).await;
    assert_eq!(all(fresh, &ItemRequest::default()).await.len(), list.len());
    let closed = close(&fresh.database, KINDS, &caller(), &[named("b1")]).await;
    assert_eq!(closed.unwrap(), 1);
}
