//! Hostile looks that are none of our business: text that a field may hold is stored and answered as it was sent.

use serde_json::{Value, json};

use crate::support::{Api, Station, order, unique, with_api};

/// Pieces of SQL, templates, markup, paths, line ends, look-alikes, direction marks, astral characters. At most 64 each.
const TEXTS: [&str; 22] = [
    "Robert'); DROP TABLE tbl_async_task; --",
    "' OR '1'='1",
    "1; DELETE FROM tbl_order",
    "\\",
    "\\'",
    "\"",
    "`name`",
    "%_%",
    "?",
    "$1",
    ":a",
    "/*",
    "${jndi:ldap://127.0.0.1/a}",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "a\r\nSet-Cookie: b=c\r\n\r\nd",
    "\u{202e}\u{200b}\u{feff}а１",
    "e\u{301}é",
    "𝔘\u{1f469}\u{200d}\u{1f33e}",
    "null",
    "=1+1",
];

async fn read(api: &Api, id: &str) -> Value {
    api.post("/task/get", &json!({"user_task_id": id}))
        .await
        .data()
        .clone()
}

#[tokio::test]
async fn any_text_is_kept_as_name_input_and_result_whether_it_came_as_json_or_as_a_form() {
    with_api(async |api| {
            for text in TEXTS {
                let (by_json, by_form) = (unique("kept-"), unique("kept-"));
                let task = json!({"station_id": "T1", "task_name": text, "input": text, "user_task_id": by_json});
                api.post("/task/add", &task).await.data();
                let task = [("station_id", "T1"), ("task_name", text), ("input", text), ("user_task_id", &by_form)];
                api.form("/task/add", &task).await.data();
                for id in [&by_json, &by_form] {
                    let task = read(api, id).await;
                    assert_eq!((&task["task_name"], &task["input"], &task["result"]), (&json!(text), &json!(text), &Value::Null));
                }
                let change = json!({"user_task_id": by_json, "value": {"text": [text]}});
                api.post("/task/update", &change).await.data();
                let change = [("user_task_id", by_form.as_str()), ("value", text), ("value_type", "str"), ("postion", "$.text[0]")];
                api.form("/task/update", &[("user_task_id", by_form.as_str()), ("value", "{\"text\":[]}")]).await.data();
                api.form("/task/update", &change).await.data();
                for id in [&by_json, &by_form] {
                    assert_eq!(read(api, id).await["result"], json!({"text": [text]}), "{text:?}");
                }
            }
        })
        .await;
}

#[tokio::test]
async fn any_text_is_a_key_of_a_result_and_reaches_no_other() {
    with_api(async |api| {
        let id = unique("keys-");
        let task = json!({"station_id": "T1", "task_name": "n", "input": "i", "user_task_id": id});
        api.post("/task/add", &task).await.data();
        let mut expected = serde_json::Map::new();
        for text in TEXTS {
            let path = format!("$.{}", json!(text));
            let change =
                json!({"user_task_id": id, "postion": path, "value": text, "value_type": "str"});
            api.post("/task/update", &change).await.data();
            expected.insert(text.to_owned(), json!(text));
            assert_eq!(
                read(api, &id).await["result"],
                Value::from(expected.clone()),
                "{path}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn any_text_in_an_order_is_answered_as_it_was_sent_and_made_into_an_order() {
    with_api(async |api| {
            let station = Station::fresh(api).await;
            let id = unique("orders-");
            let hostile = |(n, text): (usize, &&str)| {
                let mut order = order(n);
                order["remark"] = json!(text);
                order["out_order_no"] = json!(text);
                order["details"][0]["spu_remark"] = json!(text);
                order[*text] = json!({ *text: [text] });
                order
            };
            let sent: Vec<Value> = TEXTS.iter().enumerate().map(hostile).collect();
            let task = api.import(&station, &id, &sent).await;
            assert_eq!(task["result"]["success_count"], TEXTS.len(), "{task}");
            for (sent, told) in sent.iter().zip(api.details(&id, "all").await) {
                for (name, value) in sent.as_object().unwrap() {
                    assert_eq!(&told[name], value);
                }
            }
            let mut connection = api.database.connect().await;
            let sql = "SELECT CAST(remark AS CHAR), CAST(out_order_no AS CHAR) FROM tbl_order WHERE station_id = ? ORDER BY id";
            let stored: Vec<(String, String)> = sqlx::query_as(sql)
                .bind(&station.id)
                .fetch_all(&mut connection)
                .await
                .unwrap();
            let expected: Vec<_> = TEXTS
                .iter()
                .map(|text| ((*text).to_owned(), (*text).to_owned()))
                .collect();
            assert_eq!(stored, expected);
        })
        .await;
}

#[tokio::test]
async fn an_order_that_is_hostile_fails_alone_and_its_answer_is_still_json() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("alone-");
        let hostile = [
            "7",
            "null",
            "[]",
            "\"' OR 1=1 --\"",
            r#"{"address_id": "S1", "address_id": "S2"}"#,
            r#"{"address_id": "\ud800"}"#,
            r#"{"address_id": "S0\u0000"}"#,
            r#"{"address_id": {"$ne": null}}"#,
            r#"{"details": {"length": 1e400}}"#,
            "{\"details\": [[[]]]}",
        ];
        let list = format!("[{},{}]", hostile.join(","), order(3));
        let body = format!(
            r#"{{"task_id": {}, "time_config_id": {}, "order_data": {list}}}"#,
            json!(id),
            json!(station.cycle)
        );
        api.raw("/station/order/batch/submit", None, &body)
            .await
            .data();
        let result = api.finished(&id).await["result"].clone();
        assert_eq!(
            (&result["success_count"], &result["failure_count"]),
            (&json!(1), &json!(hostile.len())),
            "{result}"
        );
        for format in ["json", "ndjson", "csv"] {
            let path = format!("/station/order/batch/result?task_id={id}&format={format}");
            let answer = api.get(&path).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert!(
                !answer.text.contains("tbl_") && !answer.text.contains('\0'),
                "{}",
                answer.text
            );
        }
    })
    .await;
}
