//! `GET|POST /station/order/batch/result`

use serde_json::{Value, json};

use crate::support::{Api, Station, numbered, orders, unique, with_api};

const RESULT: &str = "/station/order/batch/result";

/// A finished batch of 10 orders, of which 2, 5 and 8 failed.
async fn finished(api: &Api, id: &str) -> Station {
    let station = Station::fresh(api).await;
    let mut list = orders(10);
    for order in list.iter_mut().skip(2).step_by(3) {
        order["details"][1]["sku_id"] = json!("nothing");
    }
    api.import(&station, id, &list).await;
    station
}

fn indexes(data: &Value) -> Vec<u64> {
    let details = data["details"].as_array().unwrap();
    details
        .iter()
        .map(|order| order["index"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn it_tells_by_default_the_failed_orders_in_input_order() {
    with_api(async |api| {
        let id = unique("failed-");
        let station = finished(api, &id).await;
        let answer = api.get(&format!("{RESULT}?task_id={id}")).await;
        let data = answer.data();
        assert_eq!(indexes(data), [2, 5, 8]);
        assert_eq!((&data["task_id"], &data["file_name"]), (&json!(id), &json!("周一.xlsx")));
        assert_eq!(data["time_config"]["time_config_id"], station.cycle);
        let counts = json!({"total": 10, "pending": 0, "success": 7, "failed": 3, "amended": 0, "dropped": 0, "cancelled": 0});
        assert_eq!(data["counts"], counts);
        assert_eq!(data["pagination"], json!({"total": 3, "limit": 100, "offset": 0, "next_after_index": null}));
    })
    .await;
}

#[tokio::test]
async fn a_failed_order_tells_what_is_wrong_and_comes_back_as_it_was_sent() {
    with_api(async |api| {
        let id = unique("wrong-");
        finished(api, &id).await;
        let order = api.details(&id, "failed").await.swap_remove(1);
        let expected = (
            &json!(5),
            &json!("failed"),
            &json!("SKU_NOT_FOUND"),
            &Value::Null,
            &Value::Null,
        );
        assert_eq!(
            (
                &order["index"],
                &order["status"],
                &order["code"],
                &order["order_id"],
                &order["order_no"]
            ),
            expected
        );
        let error = &order["errors"][0];
        let expected = (
            &json!("SKU_NOT_FOUND"),
            &json!("details[1].sku_id"),
            &json!("nothing"),
            &order["msg"],
        );
        assert_eq!(
            (
                &error["code"],
                &error["field"],
                &error["value"],
                &error["msg"]
            ),
            expected
        );
        assert!(
            order["msg"].as_str().unwrap().contains("nothing"),
            "{order}"
        );
        let mut sent = orders(6).swap_remove(5);
        sent["details"][1]["sku_id"] = json!("nothing");
        for (name, value) in sent.as_object().unwrap() {
            assert_eq!(&order[name], value, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_made_order_tells_its_id_and_number() {
    with_api(async |api| {
        let id = unique("made-");
        finished(api, &id).await;
        let made = api.details(&id, "success").await;
        assert_eq!(made.len(), 7);
        for order in made {
            let key = order["order_id"].as_str().unwrap();
            assert_eq!(order["order_no"], format!("PL{key}"));
            assert_eq!(
                (&order["code"], &order["msg"], &order["errors"]),
                (&json!(""), &json!(""), &json!([]))
            );
            let sql = format!(
                "SELECT COUNT(*) FROM tbl_order WHERE id = {key} AND address_id = {}",
                order["address_id"].to_string().replace('"', "'")
            );
            assert_eq!(api.database.number(&sql).await, 1);
        }
    })
    .await;
}

#[tokio::test]
async fn orders_are_selected_by_status_and_paged() {
    with_api(async |api| {
        let id = unique("paged-");
        finished(api, &id).await;
        for (query, expected, total) in [
            ("status=all", vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 10),
            ("status=success&limit=3&offset=1", vec![4, 6, 7], 7),
            ("status=all&limit=4&offset=2", vec![8, 9], 10),
            ("status=all&limit=4&page=1", vec![4, 5, 6, 7], 10),
            ("status=failed&limit=2", vec![2, 5], 3),
            ("status=pending", vec![], 0),
            ("status=amended", vec![], 0),
            ("status=dropped", vec![], 0),
            ("status=cancelled", vec![], 0),
            ("offset=9", vec![], 3),
        ] {
            let data = api
                .get(&format!("{RESULT}?task_id={id}&{query}"))
                .await
                .data()
                .clone();
            assert_eq!(indexes(&data), expected, "{query}");
            assert_eq!(data["pagination"]["total"], total, "{query}");
        }
        let posted = api
            .post(
                RESULT,
                &json!({"task_id": id, "status": "all", "limit": "1", "offset": 3}),
            )
            .await;
        assert_eq!(indexes(posted.data()), [3]);
    })
    .await;
}

#[tokio::test]
async fn a_page_out_of_bounds_or_an_unknown_status_is_refused() {
    with_api(async |api| {
        for query in [
            "limit=1001",
            "limit=0",
            "limit=x",
            "offset=-1",
            "status=open",
        ] {
            let answer = api.get(&format!("{RESULT}?task_id=x&{query}")).await;
            answer.refusal("PARAM_INVALID");
        }
        api.get(&format!("{RESULT}?status=all"))
            .await
            .refusal("PARAM_MISSING");
    })
    .await;
}

#[tokio::test]
async fn a_task_that_is_no_batch_is_not_found() {
    with_api(async |api| {
        let id = unique("plain-");
        let task = json!({"station_id": "T1", "task_name": "n", "input": "i", "user_task_id": id});
        api.post("/task/add", &task).await.data();
        for id in [id.as_str(), "nobody", "9223372036854775807"] {
            api.get(&format!("{RESULT}?task_id={id}"))
                .await
                .refusal("TASK_NOT_FOUND");
        }
    })
    .await;
}

#[tokio::test]
async fn a_batch_is_also_found_by_its_key_and_a_long_page_is_complete() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("long-");
        let key = api.import(&station, &id, &numbered(&id, 1000)).await["task_id"].clone();
        let body = json!({"task_id": key, "status": "all", "limit": 1000});
        let data = api.post(RESULT, &body).await.data().clone();
        assert_eq!(indexes(&data), (0..1000).collect::<Vec<u64>>());
        assert_eq!(data["task_id"], id);
    })
    .await;
}

#[tokio::test]
async fn it_can_be_had_as_lines_of_json_or_as_a_table() {
    with_api(async |api| {
        let id = unique("formats-");
        finished(api, &id).await;
        let as_format = async |format: &str| {
            let answer = api
                .get(&format!("{RESULT}?task_id={id}&format={format}"))
                .await;
            assert_eq!(answer.status, 200);
            answer
        };
        let lines = as_format("ndjson").await;
        assert!(
            lines.content_type.contains("ndjson"),
            "{}",
            lines.content_type
        );
        let orders: Vec<Value> = lines
            .text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(orders, api.details(&id, "failed").await);
        let table = as_format("csv").await;
        assert_eq!(table.content_type, "text/csv; charset=utf-8");
        assert_eq!(table.text.lines().count(), 1 + 3);
        assert!(table.text.lines().nth(2).unwrap().contains("SKU_NOT_FOUND"));
        api.get(&format!("{RESULT}?task_id={id}&format=xml"))
            .await
            .refusal("PARAM_INVALID");
    })
    .await;
}
