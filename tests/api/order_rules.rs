//! `POST /station/order/batch/submit`: what holds between the orders of a batch, and how amounts are reckoned.

use serde_json::json;

use crate::support::{Station, order, unique, with_api};

#[tokio::test]
async fn a_later_duplicate_fails_and_names_the_first() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("duplicates-");
        let number = |n: usize, number: &str| {
            let mut order = order(n);
            order["out_order_no"] = json!(number);
            order
        };
        let list = [
            order(0),
            number(0, "B1"),
            order(1),
            order(0),
            number(2, "B1"),
            number(0, "B2"),
        ];
        let task = api.import(&station, &id, &list).await;
        assert_eq!(task["result"]["msg"], "批量导入(成功4, 失败2)");
        let failed = api.details(&id, "failed").await;
        let told: Vec<_> = failed
            .iter()
            .map(|order| {
                (
                    order["index"].clone(),
                    order["code"].clone(),
                    order["errors"][0]["field"].clone(),
                    order["errors"][0]["value"].clone(),
                )
            })
            .collect();
        let expected =
            [(3, "address_id", "0"), (4, "out_order_no", "1")].map(|(index, field, first)| {
                (
                    json!(index),
                    json!("DUPLICATE_IN_BATCH"),
                    json!(field),
                    json!(first),
                )
            });
        assert_eq!(told, expected);
    })
    .await;
}

#[tokio::test]
async fn decimals_are_exact_and_time_priced_lines_add_nothing_to_the_total() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("decimals-");
        let mut order = order(0);
        order["details"] = json!([
            {"sku_id": "D1", "amount": "0.35", "unit_price": "0.10"}, {"sku_id": "D1", "quantity": "1.1", "sale_price": "1.1"},
            {"sku_id": "D1", "amount": 10, "is_price_timing": "1"}, {"sku_id": "D1", "amount": "1.00", "unit_price": "0"}]);
        api.import(&station, &id, &[order]).await;
        let sql = |what: &str| format!("SELECT COUNT(*) FROM tbl_order o JOIN tbl_order_detail d ON d.order_id = o.id WHERE o.station_id = '{}' AND {what}", station.id);
        assert_eq!(api.database.number(&sql("o.total = 1.25")).await, 4, "0.035 is 0.04, and 1.21");
        assert_eq!(api.database.number(&sql("d.is_price_timing = 1 AND d.amount = 10.00")).await, 1);
    })
    .await;
}
