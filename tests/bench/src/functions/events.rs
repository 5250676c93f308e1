//! The events of the HTTP functions, and beside each the statement it needs at least.

use super::queue;
use serde_json::json;
use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Executor as _};

/// A function, an event of it (`{no}` is the event's number, which is a task's key), and its least statement.
pub(crate) struct Case {
    pub(crate) function: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) query: &'static str,
    pub(crate) body: &'static str,
    pub(crate) statement: &'static str,
    pub(crate) target: Option<f64>,
}

const BY_KEY: &str = "SELECT * FROM tbl_async_task WHERE id = ?";
const PAGE: &str = "SELECT * FROM tbl_async_task WHERE station_id = 'B1' ORDER BY id DESC LIMIT 10";
/// The first orders of a batch that [`super::memory`] has left, as they were sent.
const SENT: &str = "SELECT UNCOMPRESS(p.items) FROM tbl_async_task t JOIN tbl_batch_chunk c ON c.task_id = t.id \
    JOIN tbl_batch_payload p ON p.chunk_id = c.id WHERE t.user_task_id = 'memory-0' AND c.chunk_no = 0";

/// Every function that answers HTTP requests.
pub(crate) const CASES: &[Case] = &[
    Case {
        function: "task-get",
        method: "GET",
        path: "/task/get",
        query: "task_id={no}",
        body: "",
        statement: BY_KEY,
        target: Some(1.4),
    },
    Case {
        function: "task-add",
        method: "POST",
        path: "/task/add",
        query: "",
        body: r#"{"task_name":"导出","station_id":"B1","user_task_id":"bench-{no}","input":"{}"}"#,
        statement: "INSERT INTO tbl_async_task (user_task_id, name, station_id, input) VALUES (CONCAT('bare-', ?), '导出', 'B1', '{}')",
        target: Some(1.3),
    },
    Case {
        function: "task-start",
        method: "POST",
        path: "/task/start",
        query: "",
        body: r#"{"task_id":{no}}"#,
        statement: "UPDATE tbl_async_task SET status = 2, run_count = run_count + 1, start_time = NOW(3) WHERE id = ?",
        target: None,
    },
    Case {
        function: "task-update",
        method: "POST",
        path: "/task/update",
        query: "",
        body: r#"{"task_id":{no},"field":"result","op":"set","path":"$.done","value":7}"#,
        statement: "UPDATE tbl_async_task SET result = JSON_SET(COALESCE(result, '{}'), '$.done', 7) WHERE id = ?",
        target: None,
    },
    Case {
        function: "task-finish",
        method: "POST",
        path: "/task/finish",
        query: "",
        body: r#"{"task_id":{no},"result":{"msg":"好"}}"#,
        statement: "UPDATE tbl_async_task SET status = 3, result = '{\"msg\":\"好\"}', end_time = NOW(3) WHERE id = ?",
        target: None,
    },
    Case {
        function: "task-list",
        method: "GET",
        path: "/task/list",
        query: "station_id=B1",
        body: "",
        statement: PAGE,
        target: None,
    },
    Case {
        function: "async-task-get",
        method: "GET",
        path: "/async_task/get",
        query: "station_id=B1&task_id={no}",
        body: "",
        statement: BY_KEY,
        target: None,
    },
    Case {
        function: "async-task-detail",
        method: "GET",
        path: "/async_task/detail",
        query: "station_id=B1&task_id={no}",
        body: "",
        statement: BY_KEY,
        target: None,
    },
    Case {
        function: "async-task-list",
        method: "GET",
        path: "/async_task/list",
        query: "station_id=B1",
        body: "",
        statement: PAGE,
        target: None,
    },
    Case {
        function: "async-task-close",
        method: "POST",
        path: "/async_task/close",
        query: "",
        body: r#"{"station_id":"B1","task_id":{no}}"#,
        statement: "UPDATE tbl_async_task SET message_show = 0 WHERE id = ?",
        target: None,
    },
    Case {
        function: "order-batch-result",
        method: "GET",
        path: "/station/order/batch/result",
        query: "station_id=B1&task_id=memory-0",
        body: "",
        statement: SENT,
        target: None,
    },
    Case {
        function: "order-batch-amend",
        method: "POST",
        path: "/station/order/batch/amend",
        query: "",
        body: r#"{"station_id":"B1","task_id":"failed-0","index":{no}}"#,
        statement: "UPDATE tbl_batch_item SET errors = NULL WHERE item_index = ? - 6000 \
            AND task_id = (SELECT id FROM tbl_async_task WHERE user_task_id = 'failed-0')",
        target: None,
    },
    Case {
        function: "order-batch-submit",
        method: "POST",
        path: "/station/order/batch/submit",
        query: "",
        body: r#"{"station_id":"B1","task_id":"warm-{no}","time_config_id":"BENCH","order_data":[{"address_id":"A000001"}]}"#,
        statement: "INSERT INTO tbl_async_task (user_task_id, name, station_id, input) VALUES (CONCAT('order-', ?), '导入', 'B1', '{}')",
        target: None,
    },
    Case {
        function: "sku-batch-price",
        method: "POST",
        path: "/station/sku/batch/price",
        query: "",
        body: r#"{"station_id":"B1","task_id":"price-{no}","items":[{"sku_id":"D001","sale_price":"3.50"}]}"#,
        statement: "INSERT INTO tbl_async_task (user_task_id, name, station_id, input) VALUES (CONCAT('change-', ?), '改价', 'B1', '{}')",
        target: None,
    },
];

/// An event as an HTTP API sends it.
pub(crate) fn event(method: &str, path: &str, query: &str, body: &str, no: i64) -> String {
    let filled = |text: &str| text.replace("{no}", &no.to_string());
    let event = json!({
        "version": "2.0", "routeKey": format!("{method} {path}"), "rawPath": path, "rawQueryString": filled(query),
        "headers": {"accept": "*/*", "content-type": "application/json", "host": "api.example.com"},
        "requestContext": {
            "accountId": "123456789012", "apiId": "abc", "domainName": "api.example.com", "domainPrefix": "abc",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "bench"},
            "requestId": "r", "routeKey": "$default", "stage": "$default", "time": "22/Nov/2026:10:00:00 +0000", "timeEpoch": 1
        },
        "body": (!body.is_empty()).then(|| filled(body)), "isBase64Encoded": false
    });
    event.to_string()
}

/// The environment every function gets.
pub(crate) fn environment(url: &str) -> Vec<(&'static str, String)> {
    let queue = queue::endpoint();
    [
        ("DATABASE_URL", url),
        ("GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=131072"),
        ("STATION_SOURCE", "trusted"),
        ("GM_TASK_QUEUE", &format!("{queue}/000000000000/orders")),
        ("AWS_ENDPOINT_URL", queue),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

/// Open tasks with the keys 1 to `count`.
pub(crate) async fn insert_tasks(url: &str, count: i64) {
    let mut connection = MySqlConnection::connect(url).await.expect("a server");
    let sql = format!(
        "INSERT INTO tbl_async_task (id, name, station_id, input) \
         SELECT n, '导出', 'B1', '{{}}' FROM {} WHERE n <= {count}",
        numbers(4)
    );
    connection
        .execute(sql.as_str())
        .await
        .expect("tasks are inserted");
}

/// A table of the numbers `n` from 1 to ten to the power of `digits`, for any server.
pub(crate) fn numbers(digits: u32) -> String {
    let digit = "(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL \
                 SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)";
    let powers: Vec<_> = (0..digits)
        .map(|power| format!("{} * d{power}.d", 10_u64.pow(power)))
        .collect();
    let from: Vec<_> = (0..digits)
        .map(|power| format!("{digit} d{power}"))
        .collect();
    format!(
        "(SELECT 1 + {} AS n FROM {}) numbers",
        powers.join(" + "),
        from.join(", ")
    )
}
