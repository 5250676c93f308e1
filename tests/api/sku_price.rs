//! `POST /station/sku/batch/price`: the second kind of batch has the same life as the first.

use serde_json::{Value, json};

use crate::batch_in_flight::with_still_workers;
use crate::support::{Answer, Api, Station, order, unique, with_api};

const PRICE: &str = "/station/sku/batch/price";

fn change(sku: &str, price: &str) -> Value {
    json!({"sku_id": sku, "sale_price": price, "note": {"kept": 1}})
}

async fn submit(api: &Api, station: &Station, task: &str, items: &[Value]) -> Answer {
    let body = json!({"task_id": task, "station_id": station.id, "items": items});
    api.post(PRICE, &body).await
}

/// The price of a sku, in hundredths.
async fn price(api: &Api, station: &Station, sku: &str) -> i64 {
    let sql = format!(
        "SELECT sale_price * 100 FROM tbl_sku WHERE station_id = '{}' AND sku_id = '{sku}'",
        station.id
    );
    api.database.number(&sql).await
}

#[tokio::test]
async fn prices_are_changed_and_the_next_order_costs_what_they_say() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("price-");
        let answer = submit(
            api,
            &station,
            &id,
            &[change("D0", "3.10"), change("D2", "0")],
        )
        .await;
        let url = format!("/async_task/get?user_task_id={id}");
        assert_eq!(answer.data(), &json!({ "task_url": url }));
        let task = api.finished(&id).await;
        assert_eq!(
            (&task["task_name"], &task["progress"]),
            (&json!("批量改价"), &json!(100))
        );
        let result = &task["result"];
        assert_eq!(
            (&result["msg"], &result["target"]),
            (&json!("批量改价(成功2)"), &json!(""))
        );
        assert_eq!(price(api, &station, "D0").await, 310);
        assert_eq!(
            price(api, &station, "D2").await,
            0,
            "also of a sku that is off sale"
        );
        let orders = unique("priced-");
        api.import(&station, &orders, &[order(1)]).await;
        let total = "SELECT total * 100 FROM tbl_order WHERE station_id = ";
        let total = api
            .database
            .number(&format!("{total}'{}'", station.id))
            .await;
        assert_eq!(total, 475, "1.5 at 3.10, and 2 at a price of their own");
    })
    .await;
}

#[tokio::test]
async fn a_bad_change_fails_alone_and_is_read_back_as_it_was_sent() {
    with_api(async |api| {
        let (station, other) = (Station::fresh(api).await, Station::fresh(api).await);
        let id = unique("price-");
        let mut only_theirs = change("D9", "1");
        only_theirs["sku_id"] = json!("nobody's");
        let items = [
            change("D0", "3.10"),
            only_theirs,
            change("D1", "1.005"),
            change("D0", "9"),
            json!(7),
        ];
        submit(api, &station, &id, &items).await.data();
        let task = api.finished(&id).await;
        assert_eq!(task["result"]["msg"], "批量改价(成功1, 失败4)");
        assert_eq!(task["result"]["failed"][0]["sku_id"], "nobody's");
        assert_eq!(task["result"]["target"], "", "there is nothing to amend");
        let failed = api.details(&id, "failed").await;
        let codes: Vec<_> = failed.iter().map(|item| item["code"].clone()).collect();
        let expected = [
            "SKU_NOT_FOUND",
            "PRICE_DECIMALS",
            "DUPLICATE_IN_BATCH",
            "ITEM_FORMAT",
        ];
        assert_eq!(codes, expected.map(|code| json!(code)));
        assert_eq!(
            failed[0]["note"],
            json!({"kept": 1}),
            "what was sent comes back"
        );
        assert!(
            failed[0].get("order_id").is_none(),
            "no order is made of it"
        );
        assert_eq!(
            (
                price(api, &station, "D0").await,
                price(api, &station, "D1").await
            ),
            (310, 100)
        );
        assert_eq!(
            price(api, &other, "D0").await,
            250,
            "another station's sku of this name"
        );
    })
    .await;
}

#[tokio::test]
async fn the_result_is_a_table_of_skus_and_prices() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("price-");
        submit(
            api,
            &station,
            &id,
            &[change("D0", "2.50"), change("D1", "-1")],
        )
        .await
        .data();
        api.finished(&id).await;
        let path = format!("/station/order/batch/result?task_id={id}&status=all&format=csv");
        let table = api.get(&path).await.text;
        let mut lines = table.lines();
        assert_eq!(
            lines.next(),
            Some(
                "\u{feff}\"index\",\"status\",\"code\",\"msg\",\"sku_id\",\"sale_price\",\"errors\""
            )
        );
        assert_eq!(
            lines.next(),
            Some("\"0\",\"success\",\"\",\"\",\"D0\",\"2.50\",\"\"")
        );
        assert!(
            lines
                .next()
                .is_some_and(|line| line.starts_with("\"1\",\"failed\",\"PRICE_NEGATIVE\","))
        );
        let detail = api.get(&format!("/async_task/detail?task_id={id}")).await;
        assert_eq!(detail.data()["items"][0]["sku_id"], "D0");
    })
    .await;
}

#[tokio::test]
async fn another_stations_skus_and_batches_are_out_of_reach() {
    with_api(async |api| {
        let (mine, other) = (Station::fresh(api).await, Station::fresh(api).await);
        let id = unique("price-");
        submit(api, &mine, &id, &[change("D0", "3.10")])
            .await
            .data();
        api.finished(&id).await;
        submit(api, &other, &id, &[change("D0", "3.10")])
            .await
            .refusal("TASK_CONFLICT");
        let question = json!({"task_id": id, "station_id": other.id});
        for path in [
            "/station/order/batch/result",
            "/async_task/get",
            "/async_task/close",
        ] {
            api.post(path, &question).await.refusal("TASK_NOT_FOUND");
        }
        let unbound = json!({"task_id": unique("price-"), "items": [change("D0", "1")]});
        api.post(PRICE, &unbound).await.refusal("PARAM_MISSING");
    })
    .await;
}

#[tokio::test]
async fn a_batch_of_prices_is_a_form_too_and_its_parameters_are_checked() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("price-");
        let items = json!([change("D0", "3.10")]).to_string();
        let pairs = [
            ("task_id", id.as_str()),
            ("station_id", &station.id),
            ("items", &items),
        ];
        api.form(PRICE, &pairs).await.data();
        api.finished(&id).await;
        assert_eq!(price(api, &station, "D0").await, 310);
        submit(api, &station, &unique("price-"), &[])
            .await
            .refusal("BATCH_EMPTY");
        for (body, word) in [
            (json!({"task_id": "a"}), "PARAM_MISSING"),
            (json!({"items": []}), "PARAM_MISSING"),
            (json!({"task_id": "a b", "items": []}), "PARAM_INVALID"),
            (json!({"task_id": "a", "items": 7}), "PARAM_INVALID"),
        ] {
            let mut body = body;
            body["station_id"] = json!(station.id);
            api.post(PRICE, &body).await.refusal(word);
        }
    })
    .await;
}

#[tokio::test]
async fn in_flight_the_same_changes_are_the_same_batch_others_a_conflict_and_a_close_cancels() {
    with_still_workers(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("price-");
        let items = [change("D0", "3.10"), change("D1", "4")];
        let first = submit(api, &station, &id, &items).await;
        let rows = api.database.rows(&station.id).await;
        assert_eq!(
            submit(api, &station, &id, &items).await.data(),
            first.data()
        );
        assert_eq!(api.database.rows(&station.id).await, rows);
        submit(api, &station, &id, &items[..1])
            .await
            .refusal("TASK_CONFLICT");
        api.submit(&station, &id, &[order(1)])
            .await
            .refusal("TASK_CONFLICT");
        api.post("/async_task/close", &json!({"task_id": id}))
            .await
            .data();
        let closed = api.task(&id).await;
        assert_eq!(
            (&closed["status"], &closed["result"]["msg"]),
            (&json!(3), &json!("批量改价(成功0, 取消2)"))
        );
        api.resume_workers();
        api.drained().await;
        assert_eq!(price(api, &station, "D0").await, 250, "nothing was changed");
        assert_eq!(api.task(&id).await["result"], closed["result"]);
    })
    .await;
}

#[tokio::test]
async fn nothing_of_a_price_batch_can_be_amended() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("price-");
        submit(api, &station, &id, &[change("D0", "-1")])
            .await
            .data();
        api.finished(&id).await;
        let amend = json!({"task_id": id, "index": 0});
        api.post("/station/order/batch/amend", &amend)
            .await
            .refusal("TASK_NOT_FOUND");
    })
    .await;
}
