//! `/station/order/get` and `/station/time_config/list`: what a page shows beside tasks.

use serde_json::{Value, json};

use crate::support::{Station, numbered, tomorrow, unique, with_api};

#[tokio::test]
async fn an_order_is_read_with_its_lines_and_the_task_that_made_it() {
    with_api(async |api| {
        let (station, task) = (Station::fresh(api).await, unique("read-"));
        api.import(&station, &task, &numbered(&task, 1)).await;
        let made = &api.details(&task, "success").await[0];
        let (id, number) = (made["order_id"].as_str().unwrap(), made["order_no"].as_str().unwrap());
        let order = api.get(&format!("/station/order/get?order_id={id}")).await.data().clone();
        let day = tomorrow();
        let expected = json!({"order_id": id, "order_no": number, "out_order_no": format!("{task}-0"), "station_id": station.id,
            "time_config_id": station.cycle, "address_id": "S0", "uid": null, "remark": null,
            "receive_begin_time": format!("{day} 08:00"), "receive_end_time": format!("{day} 09:00"), "total": "3.85",
            "create_time": order["create_time"], "run": 1,
            "details": [
                {"line_no": 1, "sku_id": "D0", "quantity": "1.50", "unit_price": "2.50", "line_amount": "3.75", "is_price_timing": false, "spu_remark": null},
                {"line_no": 2, "sku_id": "D1", "quantity": "2.00", "unit_price": "0.05", "line_amount": "0.10", "is_price_timing": false, "spu_remark": null}],
            "task": {"task_id": order["task"]["task_id"], "user_task_id": task, "task_name": "批量导入", "status": 3, "outcome": "success"}});
        assert_eq!(order, expected);
        let of_station = format!("station_id={}", station.id);
        for name in [format!("order_no={number}"), format!("order_id={number}"), format!("out_order_no={task}-0&{of_station}"), format!("order_id={id}&{of_station}")] {
            assert_eq!(api.get(&format!("/station/order/get?{name}")).await.data(), &order, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn another_stations_order_looks_like_a_missing_one_and_a_contradiction_is_refused() {
    with_api(async |api| {
        let (station, task) = (Station::fresh(api).await, unique("foreign-"));
        api.import(&station, &task, &numbered(&task, 1)).await;
        let id = api.details(&task, "success").await[0]["order_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let get = async |query: &str| api.get(&format!("/station/order/get?{query}")).await;
        let foreign = get(&format!("order_id={id}&station_id=other")).await;
        let missing = get("order_id=9&station_id=other").await;
        assert_eq!(
            foreign.refusal("ORDER_NOT_FOUND").replace(&id, "9"),
            missing.refusal("ORDER_NOT_FOUND")
        );
        get(&format!("out_order_no={task}-0&station_id=other"))
            .await
            .refusal("ORDER_NOT_FOUND");
        get(&format!("out_order_no={task}-0"))
            .await
            .refusal("PARAM_MISSING");
        get("").await.refusal("PARAM_MISSING");
        assert!(
            get(&format!("order_id={id}&order_no=PL9"))
                .await
                .refusal("PARAM_INVALID")
                .contains("order_no")
        );
        assert!(
            get(&format!("order_id={id}&out_order_no=x"))
                .await
                .refusal("PARAM_INVALID")
                .contains("out_order_no")
        );
    })
    .await;
}

#[tokio::test]
async fn the_cycles_of_a_station_say_whether_they_take_orders_and_for_which_days() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let list = api
            .get(&format!(
                "/station/time_config/list?station_id={}",
                station.id
            ))
            .await;
        let cycles = list.data()["time_configs"].as_array().unwrap().clone();
        let told: Vec<_> = cycles
            .iter()
            .map(|cycle| {
                (
                    cycle["time_config_id"].as_str().unwrap(),
                    &cycle["takes_orders"],
                )
            })
            .collect();
        let (open, closed) = (json!(true), json!(false));
        assert_eq!(
            told,
            [
                (station.closed_cycle.as_str(), &closed),
                (&station.cycle, &open),
                (&station.other_cycle, &open)
            ]
        );
        let end = tomorrow().checked_add(jiff::ToSpan::days(8)).unwrap();
        assert_eq!(cycles[1]["receive_to"], json!(end.to_string()));
        assert_eq!(
            (&cycles[0]["receive_to"], &cycles[0]["enabled"]),
            (&Value::Null, &json!(false))
        );
        assert_eq!(
            cycles[1]["order_time_limit"],
            json!({"start": "00:00", "end": "23:59", "e_span_time": 0})
        );
        api.get("/station/time_config/list")
            .await
            .refusal("PARAM_MISSING");
    })
    .await;
}
