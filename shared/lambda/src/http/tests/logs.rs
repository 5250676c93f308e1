//! The log lines of a call.

use super::*;

use crate::{
    Parameter,
    telemetry::tests::{context, logged},
};

#[test]
fn a_call_is_logged_in_one_line_without_its_values() {
    let handler = async |call: Call| {
        let parameters = call.parameters()?;
        call.caller(&parameters)?;
        parameters.required("task_id", Parameter::task_id)?;
        Reply::data(&parameters.required("secret", Parameter::flag)?)
    };
    let call = json!({"body": "{\"task_id\":\"42\",\"station_id\":\"T1\",\"secret\":\"hunter2\"}"});
    let lines = logged(async {
        answered(&call, handler)
            .instrument(telemetry::span(&context("request-1")))
            .await
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = &lines[0];
    assert_eq!(
        (&line["level"], &line["code"], &line["error"]),
        (&json!("INFO"), &json!(1), &json!("PARAM_INVALID"))
    );
    assert_eq!(
        (&line["path"], &line["span"]["task.id"]),
        (&json!("/task/add"), &json!(42))
    );
    assert_eq!(
        (&line["span"]["station.id"], &line["span"]["request.id"]),
        (&json!("T1"), &json!("request-1"))
    );
    assert!(line["duration_ms"].is_number());
    assert!(!line.to_string().contains("hunter2"), "{line}");
}

#[test]
fn a_fault_is_logged_at_error_with_its_inner_text() {
    let handler = async |_: Call| Err(StoreError::Unreadable("tbl_async_task.status").into());
    let lines = logged(answered(&json!({}), handler));
    assert_eq!((lines.len(), &lines[0]["level"]), (1, &json!("ERROR")));
    assert!(
        lines[0]["fault"]
            .as_str()
            .unwrap()
            .contains("tbl_async_task.status"),
        "{lines:?}"
    );
}

#[test]
fn a_claim_that_is_no_string_is_logged_with_the_request_id() {
    let handler = async |call: Call| {
        call.caller(&call.parameters()?)?;
        Reply::data(&0)
    };
    let claims = json!({"jwt": {"claims": {"station_id": ["T1"]}}});
    let call = json!({"requestContext": {"authorizer": claims}});
    let lines = logged(async {
        answered(&call, handler)
            .instrument(telemetry::span(&context("request-1")))
            .await
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(
        (&lines[0]["error"], &lines[0]["span"]["request.id"]),
        (&json!("FORBIDDEN"), &json!("request-1"))
    );
}
