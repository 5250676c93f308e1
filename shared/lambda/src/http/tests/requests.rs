//! Reading an event: its method, its query and its body.

use super::*;

#[test]
fn an_event_of_another_kind_is_no_call() {
    assert!(serde_json::from_str::<Event>(r#"{"Records":[]}"#).is_err());
}

#[tokio::test]
async fn a_form_arrives_base64_encoded_and_is_decoded() {
    let form = json!({
        "headers": {"content-type": "application/x-www-form-urlencoded"},
        "body": "bmFtZT0lRTYlODklQjk=",
        "isBase64Encoded": true
    });
    assert_eq!(answered(&form, echo).await.1["data"], "批");
}

#[tokio::test]
async fn a_body_that_is_not_the_base64_or_the_text_it_says_is_refused() {
    for (body, wrong) in [
        ("%%%", "base64"),
        ("bmFtZT", "base64"),
        ("eyJuYW1lIjoi//4ifQ==", "not UTF-8 at byte 9"),
    ] {
        let (response, answer) =
            answered(&json!({"body": body, "isBase64Encoded": true}), echo).await;
        assert_eq!(
            (response.status_code, &answer["error"]),
            (200, &json!("PARAM_INVALID"))
        );
        assert!(answer["msg"].as_str().unwrap().contains(wrong), "{answer}");
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_and_the_limit_named() {
    let (_, body) = answered(&json!({"body": " ".repeat(6 * 1024 * 1024 + 1)}), echo).await;
    assert!(
        body["msg"].as_str().unwrap().contains("at most 6291456"),
        "{body}"
    );
}

#[tokio::test]
async fn an_event_without_body_headers_and_query_reads_as_a_call_without_parameters() {
    let bare =
        json!({"body": null, "headers": null, "rawQueryString": null, "isBase64Encoded": false});
    assert_eq!(answered(&bare, echo).await.1["error"], "PARAM_MISSING");
}

#[tokio::test]
async fn the_query_string_is_read_as_it_came() {
    let query = json!({"body": null, "rawQueryString": "name=a%2Bb+c"});
    assert_eq!(answered(&query, echo).await.1["data"], "a+b c");
}
