//! What of an event is read: its body in every encoding, and who calls.

use super::*;

/// The station a call is bound to, as the answer's data.
async fn who(source: StationSource, varied: &Value) -> Value {
    let handler = async |call: Call| match call.caller(&call.parameters()?)? {
        Caller::Station(station) => Reply::data(&station),
        Caller::Unbound => Reply::data(&"unbound"),
    };
    let response = answer(event(varied), "request-1", source, &["POST"], handler).await;
    let body: Value = serde_json::from_str(&response.body).unwrap();
    if body["code"] == 0 {
        body["data"].clone()
    } else {
        body["error"].clone()
    }
}

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

#[tokio::test]
async fn the_claim_decides_in_every_deployment() {
    let jwt = json!({
        "headers": {"X-Station-Id": "T2"},
        "body": "{\"station_id\":\"T3\"}",
        "requestContext": {"authorizer": {"jwt": {"claims": {"station_id": "T1", "iss": "x"}, "scopes": null}}}
    });
    let lambda =
        json!({"requestContext": {"authorizer": {"lambda": {"station_id": 7, "other": [1]}}}});
    for source in [StationSource::Claim, StationSource::Trusted] {
        assert_eq!(who(source, &jwt).await, "T1");
        assert_eq!(who(source, &lambda).await, "7");
    }
}

#[tokio::test]
async fn without_a_claim_only_a_trusting_deployment_believes_the_caller() {
    let header = json!({"headers": {"X-Station-Id": "T2"}});
    let parameter = json!({"body": "{\"station_id\":\"T2\"}"});
    let iam =
        json!({"requestContext": {"authorizer": {"iam": {"userArn": "arn:aws:iam::1:user/x"}}}});
    for call in [&header, &parameter] {
        assert_eq!(who(StationSource::Trusted, call).await, "T2");
        assert_eq!(who(StationSource::Claim, call).await, "FORBIDDEN");
    }
    assert_eq!(who(StationSource::Trusted, &iam).await, "unbound");
    assert_eq!(who(StationSource::Claim, &iam).await, "FORBIDDEN");
    let two = json!({"headers": {"X-Station-Id": "T1"}, "body": "{\"station_id\":\"T2\"}"});
    assert_eq!(who(StationSource::Trusted, &two).await, "PARAM_INVALID");
}

#[tokio::test]
async fn a_header_beyond_ascii_is_read_and_never_taken_for_absent() {
    let header = json!({"headers": {"x-station-id": "站点一"}});
    assert_eq!(who(StationSource::Trusted, &header).await, "站点一");
    let none = json!({"headers": {"x-station-id": "站 点"}});
    assert_eq!(who(StationSource::Trusted, &none).await, "PARAM_INVALID");
}
