//! The prices of skus.

use task_store::testing::{TestDatabase, with_database};
use task_store::{TaskId, reference};

use crate::support::{a_batch, done, execute, read, station};

async fn load(fresh: &TestDatabase, of: &str) {
    let skus = r#"[{"sku_id": "D1", "name": "白菜", "sale_unit": "斤", "sale_price": "2.50", "sale_num_least": "1", "on_sale": 1}]"#;
    let station = station(of);
    done(&fresh.database, async |c| {
        reference::upsert_skus(c, &station, skus).await
    })
    .await;
}

async fn set(fresh: &TestDatabase, task: TaskId, sku: &str, price: &str) {
    let station = station("T1");
    let prices = [(sku.to_owned(), price.to_owned())];
    done(&fresh.database, async |c| {
        reference::set_prices(c, &station, task, &prices).await
    })
    .await;
}

async fn price(fresh: &TestDatabase, of: &str) -> String {
    let sql = format!("SELECT CAST(sale_price AS CHAR) FROM tbl_sku WHERE station_id = '{of}'");
    read(fresh, &sql).await.unwrap()
}

#[tokio::test]
async fn a_price_is_set_by_its_exact_sku_in_its_own_station() {
    with_database(async |fresh| {
        load(fresh, "T1").await;
        load(fresh, "T2").await;
        let task = a_batch(fresh, 1).await;
        for other in ["d1", "D1 ", "D2", ""] {
            set(fresh, task, other, "9").await;
        }
        assert_eq!(price(fresh, "T1").await, "2.50");
        set(fresh, task, "D1", "3.1").await;
        assert_eq!(
            (price(fresh, "T1").await, price(fresh, "T2").await),
            ("3.10".to_owned(), "2.50".to_owned())
        );
    })
    .await;
}

#[tokio::test]
async fn the_run_accepted_last_sets_the_price_the_later_task_where_both_were_accepted_at_once() {
    with_database(async |fresh| {
        load(fresh, "T1").await;
        execute(fresh, "UPDATE tbl_sku SET priced_at = '2026-01-01'").await;
        let (early, late) = (a_batch(fresh, 1).await, a_batch(fresh, 1).await);
        execute(fresh, "UPDATE tbl_batch SET accepted_at = '2026-01-02'").await;
        set(fresh, late, "D1", "4").await;
        set(fresh, early, "D1", "3").await;
        assert_eq!(price(fresh, "T1").await, "4.00");
        set(fresh, late, "D1", "5").await;
        assert_eq!(price(fresh, "T1").await, "5.00", "the same run again");
        execute(
            fresh,
            &format!("UPDATE tbl_batch SET accepted_at = '2026-01-03' WHERE task_id = {early}"),
        )
        .await;
        set(fresh, early, "D1", "6").await;
        assert_eq!(price(fresh, "T1").await, "6.00", "its next run");
        load(fresh, "T1").await;
        set(fresh, early, "D1", "7").await;
        assert_eq!(price(fresh, "T1").await, "2.50", "loaded later");
    })
    .await;
}
