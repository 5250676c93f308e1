//! `op`: append, increment and remove.

use super::*;

#[tokio::test]
async fn append_adds_to_a_list_and_makes_one_where_nothing_is() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        for (position, value) in [
            ("$.l", json!(1)),
            ("$.l", json!([2])),
            ("$.m", json!({"x": 3})),
        ] {
            update(fresh, "a", "append", position, value).await.unwrap();
        }
        assert_eq!(result(fresh).await, json!({"l": [1, [2]], "m": [{"x": 3}]}));
        update(fresh, "a", "append", "$.l[9]", json!(4))
            .await
            .unwrap();
        assert_eq!(result(fresh).await["l"], json!([1, [2], [4]]));
        run(fresh, "UPDATE tbl_async_task SET result = NULL").await;
        update(fresh, "a", "append", "$", json!(1)).await.unwrap();
        assert_eq!(result(fresh).await, json!([1]));
    })
    .await;
}

#[tokio::test]
async fn increment_adds_decimals_exactly_and_starts_from_zero() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        for (position, by, expected) in [
            ("$.n", "1", "1"),
            ("$.n", "-3", "-2"),
            ("$.n", "2.00", "0"),
            ("$.d", "0.1", "0.1"),
            ("$.d", "0.2", "0.3"),
            ("$.d", "-0.30", "0"),
            ("$.big", "999999999999998", "999999999999998"),
            ("$.big", "1", "999999999999999"),
            ("$.tiny", "0.0000001", "1e-7"),
            ("$.tiny", "0.0000002", "3e-7"),
        ] {
            let mut changes = change("remove", position, &Value::Null).unwrap();
            changes.result.as_mut().unwrap().operation =
                Operation::Increment(amount("value", by).unwrap());
            tasks::update(&fresh.database, &named("a"), &changes, &TimeZone::UTC)
                .await
                .unwrap();
            let found = get(fresh, "a").await["result"][position.trim_start_matches("$.")].clone();
            assert_eq!(found.as_f64(), expected.parse().ok(), "{position} {by}");
        }
        assert_eq!(
            result(fresh).await["n"],
            json!(0),
            "a whole sum is a whole number"
        );
        run(fresh, "UPDATE tbl_async_task SET result = NULL").await;
        update(fresh, "a", "increment", "$", json!(5))
            .await
            .unwrap();
        update(fresh, "a", "increment", "$", json!(5))
            .await
            .unwrap();
        assert_eq!(result(fresh).await, json!(10));
    })
    .await;
}

#[tokio::test]
async fn what_does_not_fit_the_operation_is_refused_and_changes_nothing() {
    with_database(async |fresh| {
        let document = json!({"s": "5", "b": true, "o": {}, "l": [], "z": null, "big": 999_999_999_999_999_i64,
            "huge": 1e300, "long": 0.123_456_789_012_345_67});
        with_result(fresh, &document).await;
        for position in ["$.s", "$.b", "$.o", "$.l", "$.z", "$.big", "$.huge", "$.long", "$"] {
            let end = update(fresh, "a", "increment", position, json!(1)).await;
            assert_eq!(code(end), ErrorCode::ParamInvalid, "increment {position}");
        }
        for position in ["$.s", "$.b", "$.o", "$.z", "$.big", "$"] {
            let end = update(fresh, "a", "append", position, json!(1)).await;
            assert_eq!(code(end), ErrorCode::ParamInvalid, "append {position}");
        }
        assert_eq!(result(fresh).await, document);
    })
    .await;
}

#[tokio::test]
async fn remove_takes_away_what_is_there_and_refuses_what_is_not() {
    with_database(async |fresh| {
        with_result(fresh, &json!({"a": 1, "b": null, "l": [1, 2, 3]})).await;
        for position in ["$.a", "$.b", "$.l[0]", "$.l[last]"] {
            update(fresh, "a", "remove", position, Value::Null)
                .await
                .unwrap();
        }
        assert_eq!(result(fresh).await, json!({"l": [2]}));
        for position in ["$.a", "$.l[1]"] {
            let end = update(fresh, "a", "remove", position, Value::Null).await;
            assert_eq!(code(end), ErrorCode::PathNotFound, "{position}");
        }
        update(fresh, "a", "remove", "$", Value::Null)
            .await
            .unwrap();
        assert_eq!(result(fresh).await, Value::Null);
    })
    .await;
}
