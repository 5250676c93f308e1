//! `/reference/load` and `/health`: what is around the service.

use serde_json::{Value, json};

use crate::support::{unique, with_api, with_own_api};

fn file(station: &str, price: &str) -> Value {
    json!({"stations": [{"station_id": station,
        "addresses": [{"address_id": "S1", "name": "客户"}, {"address_id": "S2", "name": "客户"}],
        "skus": [{"sku_id": "D1", "name": "白菜", "sale_unit": "斤", "sale_price": price, "sale_num_least": "0.5"}]}],
        "queues": [{"queue": "loaded", "timeout": 60}]})
}

#[tokio::test]
async fn a_reference_file_is_loaded_and_loaded_again() {
    with_api(async |api| {
        let station = unique("L");
        for price in ["2.50", "2.60"] {
            let loaded = api.post("/reference/load", &file(&station, price)).await;
            let expected =
                json!({"stations": 1, "time_configs": 0, "addresses": 2, "skus": 1, "queues": 1});
            assert_eq!(loaded.data(), &expected);
        }
        let sql = format!("SELECT sale_price * 100 FROM tbl_sku WHERE station_id = '{station}'");
        assert_eq!(api.database.number(&sql).await, 260);
    })
    .await;
}

#[tokio::test]
async fn every_bad_record_is_named_by_kind_id_and_field_and_nothing_is_loaded() {
    with_api(async |api| {
        let station = unique("L");
        let mut bad = file(&station, "2.505");
        bad["stations"][0]["addresses"][1]["can_order"] = json!("yes");
        let refused = api.post("/reference/load", &bad).await;
        let sentence = refused.refusal("PARAM_INVALID");
        for part in ["sku D1", "sale_price 2.505", "address S2", "can_order yes"] {
            assert!(sentence.contains(part), "{part}: {sentence}");
        }
        assert_eq!(
            api.database
                .number(&format!(
                    "SELECT COUNT(*) FROM tbl_sku WHERE station_id = '{station}'"
                ))
                .await,
            0
        );
        api.raw("/reference/load", None, "")
            .await
            .refusal("PARAM_MISSING");
        api.raw(
            "/reference/load",
            Some("application/json"),
            "{\"stations\": [",
        )
        .await
        .refusal("PARAM_INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_reference_file_of_nearly_6_mib_is_loaded_and_a_larger_one_refused() {
    with_api(async |api| {
        let address = |n: usize| json!({"address_id": format!("S{n:06}"), "name": "客".repeat(60)});
        let file = |count: usize| json!({"stations": [{"station_id": unique("L"), "addresses": (0..count).map(address).collect::<Vec<_>>()}]});
        let large = file(26_500);
        assert!(large.to_string().len() > 5_500_000);
        assert_eq!(api.post("/reference/load", &large).await.data()["addresses"], 26_500);
        let larger = api.post("/reference/load", &file(30_000)).await;
        assert!(larger.refusal("PARAM_INVALID").contains("bytes"), "{}", larger.text);
    })
    .await;
}

#[tokio::test]
async fn health_has_the_version_while_the_database_answers_and_is_503_without_its_tables() {
    with_own_api(
        |config| config,
        async |api| {
            let healthy = api.get("/health").await;
            assert_eq!(
                healthy.data(),
                &json!({"version": env!("CARGO_PKG_VERSION")})
            );
            api.database
                .execute("RENAME TABLE tbl_async_task TO away")
                .await;
            let sick = api.get("/health").await;
            assert_eq!(
                (sick.status, &sick.body["error"]),
                (503, &json!("SYSTEM_BUSY"))
            );
            api.database
                .execute("RENAME TABLE away TO tbl_async_task")
                .await;
            assert_eq!(api.get("/health").await.status, 200);
        },
    )
    .await;
}
