//! `/task/update`.

mod operations;

use futures_util::future::join_all;
use task_store::testing::{TestDatabase, with_database};

use super::*;

async fn result(fresh: &TestDatabase) -> Value {
    get(fresh, "a").await["result"].clone()
}

/// A task `a` with this result.
async fn with_result(fresh: &TestDatabase, document: &Value) {
    add(fresh, "a", "1", false).await.unwrap();
    set(fresh, "a", "$", document.clone()).await.unwrap();
}

#[tokio::test]
async fn a_task_without_a_result_starts_from_the_container_the_path_needs() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        for (position, expected) in [
            ("$.a", json!({"a": 1})),
            ("$[0]", json!([1])),
            ("$[7]", json!([1])),
            ("$[last]", json!([1])),
            ("$", json!(1)),
        ] {
            run(fresh, "UPDATE tbl_async_task SET result = NULL").await;
            set(fresh, "a", position, json!(1)).await.unwrap();
            assert_eq!(result(fresh).await, expected, "{position}");
        }
    })
    .await;
}

#[tokio::test]
async fn null_as_the_whole_result_is_no_result() {
    with_database(async |fresh| {
        with_result(fresh, &json!({"a": 1})).await;
        set(fresh, "a", "$", Value::Null).await.unwrap();
        assert_eq!(result(fresh).await, Value::Null);
        set(fresh, "a", "$.n", Value::Null).await.unwrap();
        assert_eq!(result(fresh).await, json!({"n": null}));
    })
    .await;
}

#[tokio::test]
async fn a_path_that_leads_nowhere_is_refused_and_changes_nothing() {
    with_database(async |fresh| {
        let document = json!({"o": {"x": 1}, "l": [1, {"y": 2}], "s": "text", "n": null});
        with_result(fresh, &document).await;
        for position in [
            "$.missing.a",
            "$.l.a",
            "$.o[0]",
            "$.o[last]",
            "$.s.a",
            "$.s[0]",
            "$.s[last]",
            "$.n.a",
            "$.n[0]",
            "$[0]",
            "$[last]",
            "$[0].o",
            "$.o[0].x",
            "$.o[last].x",
            "$.l[5].y",
            "$.l[0].y",
            "$.l[0][0]",
        ] {
            for op in ["set", "append", "increment", "remove"] {
                let end = update(fresh, "a", op, position, json!(1)).await;
                assert_eq!(code(end), ErrorCode::PathNotFound, "{op} {position}");
            }
        }
        assert_eq!(result(fresh).await, document);
    })
    .await;
}

#[tokio::test]
async fn an_index_at_or_past_the_end_appends() {
    with_database(async |fresh| {
        with_result(fresh, &json!({"l": [1]})).await;
        for (position, value) in [("$.l[1]", 2), ("$.l[9]", 3), ("$.l[2147483647]", 4)] {
            set(fresh, "a", position, json!(value)).await.unwrap();
        }
        assert_eq!(result(fresh).await, json!({"l": [1, 2, 3, 4]}));
        set(fresh, "a", "$.l[last]", json!({"x": [null]}))
            .await
            .unwrap();
        set(fresh, "a", "$.l[0]", json!(false)).await.unwrap();
        assert_eq!(
            result(fresh).await,
            json!({"l": [false, 2, 3, {"x": [null]}]})
        );
        set(fresh, "a", "$.l[last].x[last]", json!("in"))
            .await
            .unwrap();
        assert_eq!(result(fresh).await["l"][3], json!({"x": ["in"]}));
    })
    .await;
}

#[tokio::test]
async fn any_text_but_nul_is_a_key() {
    with_database(async |fresh| {
        with_result(fresh, &json!({})).await;
        let keys = [
            "",
            "a b",
            "a.b",
            "a[0]",
            "*",
            "$",
            "\"",
            "\\",
            "\\\"",
            "\n\t\u{1}",
            "é",
            "e\u{301}",
            "A",
            "a",
            "😀",
            "'; --",
            "a/b",
            "\u{feff}",
            "null",
            " a",
            "a ",
        ];
        for (n, key) in keys.iter().enumerate() {
            let position = format!("$.{}", json!(key));
            set(fresh, "a", &position, json!({"n": 0})).await.unwrap();
            update(fresh, "a", "increment", &format!("{position}.n"), json!(n))
                .await
                .unwrap();
        }
        let expected = keys
            .iter()
            .enumerate()
            .map(|(n, key)| ((*key).to_owned(), json!({"n": n})));
        assert_eq!(result(fresh).await, Value::Object(expected.collect()));
    })
    .await;
}

#[tokio::test]
async fn of_a_key_given_twice_the_last_counts_and_can_be_changed() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        let twice = document("value", r#"{"k": 1, "k": 2}"#.into()).unwrap();
        let mut changes = change("remove", "$.d", &Value::Null).unwrap();
        changes.result.as_mut().unwrap().operation = Operation::Set(twice);
        tasks::update(&fresh.database, &named("a"), &changes, &TimeZone::UTC)
            .await
            .unwrap();
        update(fresh, "a", "increment", "$.d.k", json!(1))
            .await
            .unwrap();
        assert_eq!(result(fresh).await, json!({"d": {"k": 3}}));
    })
    .await;
}

#[tokio::test]
async fn a_document_never_nests_more_than_16_levels() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        set(fresh, "a", "$.a", json!([])).await.unwrap();
        let path = |steps| format!("$.a{}", "[0]".repeat(steps));
        for steps in 1..15 {
            set(fresh, "a", &path(steps), json!([])).await.unwrap();
        }
        assert_eq!(
            code(set(fresh, "a", &path(15), json!([])).await),
            ErrorCode::ParamInvalid
        );
        set(fresh, "a", &path(15), json!("deepest")).await.unwrap();
        assert_eq!(
            code(update(fresh, "a", "append", &path(15), json!(1)).await),
            ErrorCode::ParamInvalid
        );
    })
    .await;
}

#[tokio::test]
async fn the_other_fields_are_changed_also_after_the_finish() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        finish(fresh, "a", &Changes::default()).await.unwrap();
        let changes = Changes {
            name: Some("新".into()),
            input: Some("{}".into()),
            type_id: Some(-1),
            repeat: Some(true),
            message_show: Some(false),
            result: change("set", "$.late", &json!(true)).unwrap().result,
            ..Changes::default()
        };
        tasks::update(&fresh.database, &named("a"), &changes, &TimeZone::UTC)
            .await
            .unwrap();
        let task = get(fresh, "a").await;
        assert_eq!(
            (&task["name"], &task["input"]),
            (&json!("新"), &json!("{}"))
        );
        assert_eq!((&task["type"], &task["repeat"]), (&json!(-1), &json!(true)));
        assert_eq!(
            (&task["message_show"], &task["status"]),
            (&json!(false), &json!(3))
        );
        assert_eq!(task["result"], json!({"late": true}));
    })
    .await;
}

#[tokio::test]
async fn thirty_two_writers_at_once_on_thirty_two_paths_lose_nothing() {
    with_database(async |fresh| {
        add(fresh, "a", "1", false).await.unwrap();
        let write = async |n: u32| {
            set(fresh, "a", &format!("$.k{n}"), json!(n)).await.unwrap();
            for _ in 0..4 {
                update(fresh, "a", "append", &format!("$.l{n}"), json!(n))
                    .await
                    .unwrap();
                update(fresh, "a", "increment", "$.count", json!(1))
                    .await
                    .unwrap();
                update(fresh, "a", "append", "$.all", json!(n))
                    .await
                    .unwrap();
            }
        };
        join_all((0..32).map(write)).await;
        let result = result(fresh).await;
        for n in 0..32 {
            assert_eq!(result[format!("k{n}")], n);
            assert_eq!(result[format!("l{n}")], json!([n, n, n, n]));
        }
        assert_eq!(result["count"], 128);
        assert_eq!(result["all"].as_array().unwrap().len(), 128);
    })
    .await;
}
