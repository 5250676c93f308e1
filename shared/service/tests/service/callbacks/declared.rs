//! Declaring a callback: what is refused, what it is told, and when it is told nothing.

use serde_json::json;
use task_service::callbacks::{Resend, resend};
use task_store::callbacks::DeliveryState;
use task_store::testing::with_database;

use super::*;

#[tokio::test]
async fn a_callback_must_be_declared_and_its_host_allowed() {
    with_database(async |fresh| {
        let (code, message) = refusal(add(fresh, &request(None)).await);
        assert_eq!(code, ErrorCode::ParamInvalid);
        assert!(
            message.contains("callback") && message.contains("/task/callback/set"),
            "{message}"
        );
        let many = tasks::add_many(&fresh.database, vec![Ok(request(None))], IdScope::Station)
            .await
            .unwrap();
        assert!(
            many[0]
                .as_ref()
                .is_err_and(|refusal| refusal.to_string().contains("/task/callback/set"))
        );
        let alone = CallbackRequest {
            secret: SecretName::parse("erp"),
            ..CallbackRequest::default()
        };
        let (code, message) = refusal(set(&fresh.database, &hosts(), &erp(), &alone).await);
        assert_eq!(code, ErrorCode::ParamMissing);
        assert!(message.contains("url"), "{message}");
        let elsewhere = CallbackRequest {
            url: Some("https://evil.example/".to_owned()),
            ..alone
        };
        let (code, message) = refusal(set(&fresh.database, &hosts(), &erp(), &elsewhere).await);
        assert_eq!(code, ErrorCode::ParamInvalid);
        assert!(message.contains("TARGET_HOSTS"), "{message}");
    })
    .await;
}

#[tokio::test]
async fn a_disabled_callback_holds_back_what_it_would_be_told_until_it_is_sent_again() {
    with_database(async |fresh| {
        declare(fresh, NOWHERE).await;
        let enable = |enabled| CallbackRequest {
            enabled: Some(enabled),
            ..CallbackRequest::default()
        };
        set(&fresh.database, &hosts(), &erp(), &enable(false))
            .await
            .unwrap();
        let id = add(fresh, &request(None)).await.unwrap();
        finish(fresh, id).await;
        assert_eq!(of(fresh, id).await[0].state, DeliveryState::HeldBack);
        assert_eq!(open_units(fresh).await, 0);
        let again = Resend::Of(erp(), DeliveryState::HeldBack);
        let (code, message) = refusal(resend(&fresh.database, &again, None).await);
        assert_eq!(code, ErrorCode::ParamInvalid);
        assert!(message.contains("disabled"), "{message}");
        set(&fresh.database, &hosts(), &erp(), &enable(true))
            .await
            .unwrap();
        assert_eq!(
            json!(resend(&fresh.database, &again, None).await.unwrap()),
            json!({"resent": 1})
        );
        assert_eq!(of(fresh, id).await[0].state, DeliveryState::Open);
        assert_eq!(open_units(fresh).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_callback_is_told_the_events_that_it_names() {
    with_database(async |fresh| {
        declare(fresh, NOWHERE).await;
        let only = CallbackRequest {
            events: Some(vec!["batch.finished"]),
            ..CallbackRequest::default()
        };
        set(&fresh.database, &hosts(), &erp(), &only).await.unwrap();
        let id = add(fresh, &request(None)).await.unwrap();
        finish(fresh, id).await;
        assert_eq!(told(fresh, id).await, []);
    })
    .await;
}
