//! Whatever is sent, none of it is ever logged: not an order, an input, a result or a token.

use std::fs;
use std::path::Path;

use serde_json::json;
use task_local::project_root;

use crate::support::{Station, order, unique, with_own_api};

/// Texts that must not be found in any log.
const CANARY: &str = "CANARY7f3a91";

/// Every log of a stack, as one text.
fn logs(folder: &Path) -> String {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let texts = files.filter_map(|file| fs::read(file).ok());
    texts
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .collect()
}

#[tokio::test]
async fn nothing_that_is_sent_is_ever_logged() {
    let name = format!("stack-canary-{}", std::process::id());
    let folder = project_root().join(".local/log").join(&name);
    let configure = |config: task_local::StackConfig| task_local::StackConfig {
        name: name.clone(),
        ..config.with("LOG_LEVEL", "trace")
    };
    with_own_api(configure, async |api| {
        let station = Station::fresh(api).await;
        let mut orders = vec![order(0), order(1), json!(CANARY)];
        orders[0]["remark"] = json!(CANARY);
        orders[0]["unknown"] = json!({ CANARY: CANARY });
        orders[1]["address_id"] = json!(CANARY);
        orders[1]["details"][0]["amount"] = json!(CANARY);
        let id = unique("canary-");
        api.import(&station, &id, &orders).await;
        let broken = format!("{{\"task_id\": \"{CANARY}\" {CANARY}");
        api.raw("/station/order/batch/submit", None, &broken).await;
        let task = json!({"station_id": "T1", "task_name": CANARY, "input": CANARY});
        let added = api.post("/task/add", &task).await;
        let change = json!({"task_id": added.data()["task_id"], "value": {"secret": CANARY}});
        api.post("/task/update", &change).await;
        api.post(
            "/task/update",
            &json!({"task_id": "1", "field": CANARY, "value": 1}),
        )
        .await;
        let logs = logs(&folder);
        assert!(logs.contains("answered"), "the logs are read");
        let leak = logs.lines().find(|line| line.contains(CANARY));
        assert_eq!(leak, None);
    })
    .await;
}
