//! The table of limits in `docs/API.md`: what is exactly as large as may be is taken. That more is refused, with the
//! limit named, is among the [hostile](crate::hostile) calls.

use serde_json::{Value, json};

use crate::support::{Answer, Api, Station, order, unique, with_api};

fn nested(levels: usize) -> String {
    format!("{}1{}", "[".repeat(levels), "]".repeat(levels))
}

async fn get(api: &Api, id: &str) -> Value {
    api.get(&format!("/task/get?user_task_id={id}"))
        .await
        .data()
        .clone()
}

#[tokio::test]
async fn a_task_whose_every_parameter_is_as_long_as_may_be_is_kept_whole() {
    with_api(async |api| {
        for type_id in [i32::MIN, i32::MAX] {
            let mut id = unique("Aa0._:-");
            id.push_str(&"x".repeat(64 - id.len()));
            let input = nested(16);
            let body = format!(
                r#"{{"station_id": {}, "task_name": {}, "user_task_id": {}, "type_id": {type_id}, "input": {input}}}"#,
                json!("站".repeat(16)),
                json!("\u{1f34e}".repeat(64)),
                json!(id)
            );
            api.raw("/task/add", None, &body).await.data();
            let task = get(api, &id).await;
            assert_eq!((&task["task_name"], &task["station_id"]), (&json!("\u{1f34e}".repeat(64)), &json!("站".repeat(16))));
            assert_eq!((&task["type_id"], &task["input"]), (&json!(type_id), &json!(input)));
        }
    })
    .await;
}

#[tokio::test]
async fn a_body_of_6_mib_and_a_thousand_parameters_are_taken() {
    with_api(async |api| {
        let id = unique("large-");
        let head = format!(
            r#"{{"station_id": "T1", "task_name": "n", "user_task_id": "{id}", "unknown": ""#
        );
        let tail = r#"", "input": "i"}"#;
        let body = format!(
            "{head}{}{tail}",
            "x".repeat(6 * 1024 * 1024 - head.len() - tail.len())
        );
        api.raw("/task/add", None, &body).await.data();
        assert_eq!(get(api, &id).await["input"], "i");
        let unknown: Vec<_> = (0..999).map(|n| format!("n{n}=")).collect();
        let form = format!("{}&user_task_id={id}", unknown.join("&"));
        api.raw("/task/get", None, &form).await.data();
    })
    .await;
}

#[tokio::test]
async fn a_path_a_result_and_an_amount_may_be_as_large_as_the_limit() {
    with_api(async |api| {
        let id = unique("deep-");
        let task = json!({"station_id": "T1", "task_name": "n", "input": "i", "user_task_id": id});
        api.post("/task/add", &task).await.data();
        let update = async |path: &str, value: &str, op: &str| -> Answer {
            let pairs = [
                ("user_task_id", id.as_str()),
                ("postion", path),
                ("value", value),
                ("op", op),
            ];
            api.form("/task/update", &pairs).await
        };
        update("$", &nested(16), "set").await.data();
        let place = format!("${}", "[0]".repeat(16));
        update(&place, "2", "set").await.data();
        let msg = update(&place, "[2]", "set")
            .await
            .refusal("PARAM_INVALID")
            .to_owned();
        assert!(msg.contains("17") && msg.contains("16"), "{msg}");
        update("$", "{}", "set").await.data();
        update(&format!("$.{}", "k".repeat(1022)), "1", "set")
            .await
            .data();
        update("$.list", "[]", "set").await.data();
        update("$.list[2147483647]", "1", "set").await.data();
        update("$.n", "999999999999998", "increment").await.data();
        update("$.n", "1", "increment").await.data();
        let result = get(api, &id).await["result"].clone();
        assert_eq!(
            (&result["list"], &result["n"]),
            (&json!([1]), &json!(999_999_999_999_999_i64))
        );
    })
    .await;
}

#[tokio::test]
async fn a_page_may_be_as_large_and_as_deep_as_the_limit() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("page-");
        api.import(&station, &id, &[order(0)]).await;
        for path in ["/async_task/detail", "/station/order/batch/result"] {
            for page in [
                "limit=1000&offset=0",
                "limit=1&offset=100000",
                "limit=1000&page=100000",
            ] {
                api.get(&format!("{path}?task_id={id}&{page}")).await.data();
            }
        }
        for path in ["/task/list", "/async_task/list"] {
            for page in [
                "limit=100",
                "limit=1&offset=10000",
                "limit=100&page=100",
                "after_id=9223372036854775807",
            ] {
                api.get(&format!("{path}?station_id={}&{page}", station.id))
                    .await
                    .data();
            }
            for deeper in ["limit=1&offset=10001", "limit=100&page=101"] {
                let refused = api
                    .get(&format!("{path}?station_id={}&{deeper}", station.id))
                    .await;
                refused.refusal("PARAM_INVALID");
                assert!(refused.body["msg"].as_str().unwrap().contains("after_id"));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_order_whose_every_member_is_as_large_as_may_be_is_made() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("widest-");
        let mut widest = order(0);
        widest["out_order_no"] = json!("号".repeat(64));
        widest["uid"] = json!("u".repeat(64));
        widest["remark"] = json!("字".repeat(128));
        let line = json!({"sku_id": "D1", "amount": "99999999.99", "unit_price": "99999999.99", "spu_remark": "字".repeat(128)});
        widest["details"] = json!([line]);
        let mut longest = order(1);
        longest["details"] = json!(vec![order(1)["details"][1].clone(); 200]);
        let body = json!({"task_id": id, "time_config_id": station.cycle, "file_name": "表".repeat(128), "order_data": [widest, longest]});
        api.post("/station/order/batch/submit", &body).await.data();
        let task = api.finished(&id).await;
        assert_eq!(task["result"]["msg"], "批量导入(成功2)", "{task}");
        let sql = format!("SELECT COUNT(*) FROM tbl_order WHERE station_id = '{}' AND total = 9999999998000000.00", station.id);
        assert_eq!(api.database.number(&sql).await, 1);
    })
    .await;
}
