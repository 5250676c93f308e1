//! Who calls, and from where.

use super::*;

/// The station a call is bound to, as the answer's data.
async fn who(source: StationSource, varied: &Value) -> Value {
    let handler = async |call: Call| match call.caller(&call.parameters()?)? {
        Caller::Station(station) => Reply::data(&station),
        Caller::Unbound => Reply::data(&"unbound"),
    };
    let response = answer(
        event(varied),
        "request-1",
        &Callers::of(source),
        &["POST"],
        handler,
    )
    .await;
    let body: Value = serde_json::from_str(&response.body).unwrap();
    if body["code"] == 0 {
        body["data"].clone()
    } else {
        body["error"].clone()
    }
}

#[tokio::test]
async fn the_claim_decides_in_every_deployment() {
    let jwt = json!({
        "headers": {"X-Station-Id": "T2"},
        "body": "{\"station_id\":\"T3\"}",
        "requestContext": {"authorizer": {"jwt": {"claims": {"station_id": "T1", "iss": "x"}, "scopes": null}}}
    });
    let lambda =
        json!({"requestContext": {"authorizer": {"lambda": {"station_id": "7", "other": [1]}}}});
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

#[tokio::test]
async fn a_claim_that_is_no_string_is_forbidden() {
    let claims = [
        json!(null),
        json!(7),
        json!(1.5),
        json!(true),
        json!(["T1"]),
        json!({"id": "T1"}),
        json!(""),
    ];
    for claim in claims {
        for authorizer in [
            json!({"jwt": {"claims": {"station_id": claim}}}),
            json!({"lambda": {"station_id": claim}}),
        ] {
            let call = json!({"body": "{\"station_id\":\"T1\"}", "requestContext": {"authorizer": authorizer}});
            for source in [StationSource::Claim, StationSource::Trusted] {
                assert_eq!(
                    who(source, &call).await,
                    "FORBIDDEN",
                    "{source:?} {authorizer}"
                );
            }
        }
    }
}

#[tokio::test]
async fn an_authorizer_of_any_shape_is_answered_with_the_envelope() {
    for authorizer in [
        json!(null),
        json!([]),
        json!("x"),
        json!({}),
        json!({"jwt": null}),
        json!({"jwt": []}),
        json!({"jwt": {}}),
        json!({"jwt": {"claims": null, "scopes": 7}}),
        json!({"jwt": {"claims": [1]}}),
        json!({"lambda": "x"}),
        json!({"iam": 7}),
    ] {
        let call = json!({"requestContext": {"authorizer": authorizer, "authentication": [], "timeEpoch": "x"}});
        assert_eq!(
            who(StationSource::Claim, &call).await,
            "FORBIDDEN",
            "{authorizer}"
        );
    }
}

#[tokio::test]
async fn only_an_identity_that_the_gateway_has_found_counts_as_signed() {
    let system = async |call: Call| Reply::data(&(call.system()? == Caller::Unbound));
    let user = "arn:aws:iam::123456789012:user/x";
    for (authorizer, is_signed) in [
        (json!({"iam": {"userArn": user, "accessKey": "AKIA"}}), true),
        (json!({"iam": {}}), false),
        (json!({"iam": null}), false),
        (json!({"iam": {"userArn": ""}}), false),
        (json!({"iam": {"userArn": null, "accountId": "1"}}), false),
        (json!({"iam": {"userArn": ["x"]}}), false),
        (
            json!({"iam": {"userArn": user}, "jwt": {"claims": {"station_id": "T1"}}}),
            false,
        ),
        (
            json!({"iam": {"userArn": user}, "lambda": {"station_id": "T1"}}),
            false,
        ),
        (
            json!({"jwt": {"claims": {"iam": {"userArn": user}}}}),
            false,
        ),
        (json!({"lambda": {"iam": {"userArn": user}}}), false),
        (json!({}), false),
    ] {
        let call = event(&json!({"requestContext": {"authorizer": authorizer}}));
        let callers = Callers::of(StationSource::Claim);
        let answer = answer(call, "request-1", &callers, &["POST"], system).await;
        assert_eq!(
            answer.body.contains(r#""code":0"#),
            is_signed,
            "{authorizer}: {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn the_name_of_a_person_is_the_tokens_cut_to_what_is_kept() {
    let named = async |name: Value| {
        let jwt = json!({"requestContext": {"authorizer": {"jwt": {"claims": {"station_id": "T1", "name": name}}}}});
        let handler = async |call: Call| Reply::data(&call.user_name());
        let callers = Callers::of(StationSource::Claim);
        let response = answer(event(&jwt), "request-1", &callers, &["POST"], handler).await;
        let body: Value = serde_json::from_str(&response.body).unwrap();
        body["data"].clone()
    };
    assert_eq!(named(json!(" 王芳 ")).await, "王芳");
    assert_eq!(named(json!("x".repeat(70))).await, "x".repeat(64));
    for none in [json!(""), json!(7), json!(null)] {
        assert_eq!(named(none).await, Value::Null);
    }
}
