//! Operators: which stations they name, and which calls are theirs alone.

use super::*;

/// The list that a call sees, as the answer's data: a station, all of them, or the refusal's word.
async fn seen(source: StationSource, claims: Value, body: Value) -> Value {
    let varied = json!({"body": body.to_string(), "requestContext": {"authorizer": {"jwt": {"claims": claims}}}});
    answer_of(source, &varied, async |call| {
        let all = || "all".to_owned();
        let station = call.station_or_all(&call.parameters()?)?;
        Reply::data(&station.map_or_else(all, |station| station.to_string()))
    })
    .await
}

async fn answer_of<F>(
    source: StationSource,
    varied: &Value,
    handler: impl FnOnce(Call) -> F,
) -> Value
where
    F: Future<Output = Result<Reply>>,
{
    let callers = Callers::of(source);
    let response = answer(event(varied), "request-1", &callers, &["POST"], handler).await;
    let body: Value = serde_json::from_str(&response.body).unwrap();
    match body["code"] == 0 {
        true => body["data"].clone(),
        false => body["error"].clone(),
    }
}

#[tokio::test]
async fn an_operator_names_any_station_or_sees_all() {
    for operator in [json!("true"), json!(true)] {
        let claims = json!({"operator": operator});
        let named = seen(
            StationSource::Claim,
            claims.clone(),
            json!({"station_id": "T7"}),
        )
        .await;
        assert_eq!(named, "T7");
        assert_eq!(seen(StationSource::Claim, claims, json!({})).await, "all");
    }
}

#[tokio::test]
async fn an_operator_of_a_station_sees_the_own_one_unless_all_are_asked_for() {
    let claims = json!({"operator": "true", "station_id": "T1"});
    let see = async |body| seen(StationSource::Claim, claims.clone(), body).await;
    assert_eq!(see(json!({})).await, "T1");
    assert_eq!(see(json!({"station_id": "T2"})).await, "T2");
    assert_eq!(see(json!({"all_stations": true})).await, "all");
}

#[tokio::test]
async fn a_person_of_a_station_sees_the_own_one_whatever_the_call_names() {
    for operator in [
        json!("false"),
        json!(false),
        json!(1),
        json!("TRUE"),
        json!(["true"]),
    ] {
        let claims = json!({"operator": operator, "station_id": "T1"});
        let see = async |body| seen(StationSource::Claim, claims.clone(), body).await;
        assert_eq!(see(json!({"station_id": "T2"})).await, "T1");
        assert_eq!(see(json!({"all_stations": true})).await, "FORBIDDEN");
    }
    assert_eq!(
        seen(StationSource::Claim, json!({}), json!({"station_id": "T2"})).await,
        "FORBIDDEN"
    );
}

#[tokio::test]
async fn a_trusted_caller_names_a_station_or_all() {
    let see = async |body| seen(StationSource::Trusted, json!({}), body).await;
    assert_eq!(see(json!({"station_id": "T2"})).await, "T2");
    assert_eq!(see(json!({"all_stations": "1"})).await, "all");
    assert_eq!(see(json!({})).await, "PARAM_MISSING");
}

#[tokio::test]
async fn only_operators_do_the_work_of_operators() {
    let operate = async |source, authorizer: Value| {
        let varied = json!({"requestContext": {"authorizer": authorizer}});
        answer_of(source, &varied, async |call| {
            call.operator()?;
            Reply::data(&"done")
        })
        .await
    };
    let (staff, operator) = (
        json!({"jwt": {"claims": {"station_id": "T1"}}}),
        json!({"jwt": {"claims": {"operator": "true"}}}),
    );
    for source in [StationSource::Claim, StationSource::Trusted] {
        assert_eq!(operate(source, staff.clone()).await, "FORBIDDEN");
        assert_eq!(operate(source, operator.clone()).await, "done");
    }
    assert_eq!(operate(StationSource::Claim, json!({})).await, "FORBIDDEN");
    assert_eq!(operate(StationSource::Trusted, json!({})).await, "done");
}
