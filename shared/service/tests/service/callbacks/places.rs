//! Places for calls: a target that hangs takes its own, and a function that dies loses neither its delivery nor its place for good.

use task_service::callbacks::next;
use task_store::call_places::PLACES;
use task_store::callbacks::{DeliveryState, Settled, Try, begin, due, settle};
use task_store::testing::with_database;

use super::told::{ended, hasten, state, target, tell};
use super::*;

async fn begun(fresh: &TestDatabase, task: TaskId) -> Option<Try> {
    let begin = async |c: &mut _| begin(c, task, 1).await;
    fresh.database.transaction(begin).await.unwrap()
}

async fn settled(fresh: &TestDatabase, tried: &Try) -> bool {
    let settle = async |c: &mut _| settle(c, tried, &Settled::Delivered, Some(204), None).await;
    fresh.database.transaction(settle).await.unwrap()
}

/// Lets all leases of tries and places run out.
async fn age(fresh: &TestDatabase) {
    hasten(fresh).await;
    run(fresh, "UPDATE tbl_call_place SET until = NOW(3)").await;
}

#[tokio::test]
async fn a_target_that_hangs_takes_its_own_places_and_no_more_and_what_waits_comes_next() {
    with_database(async |fresh| {
        let mut slow = Vec::new();
        for _ in 0..=PLACES {
            slow.push(ended(fresh, NOWHERE).await);
        }
        let last = slow.pop().unwrap();
        let mut hanging = Vec::new();
        for task in slow {
            hanging.push(begun(fresh, task).await.unwrap());
        }
        assert_eq!(begun(fresh, last).await, None, "no place is free");
        assert_eq!(next(&fresh.database).await.unwrap(), None);

        let quick = CallbackName::parse("quick").unwrap();
        let declared = CallbackRequest {
            url: Some(NOWHERE.to_owned()),
            secret: SecretName::parse("erp"),
            ..CallbackRequest::default()
        };
        let declared = set(&fresh.database, &hosts(), &quick, &declared).await;
        declared.unwrap();
        let mut request = request(None);
        request.callback = Some(quick);
        let other = add(fresh, &request).await.unwrap();
        finish(fresh, other).await;
        let found = next(&fresh.database).await.unwrap().unwrap();
        assert_eq!((found.task, found.attempt), (other, 1));

        assert!(settled(fresh, &hanging[3]).await);
        let found = next(&fresh.database).await.unwrap().unwrap();
        assert_eq!(found.task, last);
        assert_eq!(next(&fresh.database).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_delivery_whose_function_dies_between_claim_and_answer_is_told_again_after_its_lease() {
    with_database(async |fresh| {
        let (url, seen) = target(&[204]).await;
        let task = ended(fresh, &url).await;
        let died = begun(fresh, task).await.unwrap();
        let due = async || {
            let due = async |c: &mut _| due(c, 10).await;
            fresh.database.transaction(due).await.unwrap().len()
        };
        tell(fresh, task).await;
        assert_eq!((due().await, seen.lock().unwrap().len()), (0, 0));
        age(fresh).await;
        assert_eq!(due().await, 1, "the sweeper announces it again");
        tell(fresh, task).await;
        assert_eq!(
            state(fresh, task).await,
            (DeliveryState::Delivered, 2, Some(204))
        );
        assert!(!settled(fresh, &died).await, "its answer comes too late");
        assert_eq!(
            state(fresh, task).await,
            (DeliveryState::Delivered, 2, Some(204))
        );
    })
    .await;
}

#[tokio::test]
async fn a_place_whose_function_died_is_free_again_and_its_late_end_takes_nobody_elses() {
    with_database(async |fresh| {
        let mut tasks = Vec::new();
        for _ in 0..=PLACES {
            tasks.push(ended(fresh, NOWHERE).await);
        }
        let died = begun(fresh, tasks[0]).await.unwrap();
        age(fresh).await;
        for task in &tasks[1..] {
            assert!(begun(fresh, *task).await.is_some());
        }
        assert!(settled(fresh, &died).await);
        let free = "SELECT COUNT(*) FROM tbl_call_place WHERE until <= NOW(3)";
        assert_eq!(number(fresh, free).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_delivery_whose_functions_always_die_is_given_up_without_a_call() {
    with_database(async |fresh| {
        let (url, seen) = target(&[204]).await;
        let task = ended(fresh, &url).await;
        for _ in 0..10 {
            assert!(begun(fresh, task).await.is_some());
            age(fresh).await;
        }
        tell(fresh, task).await;
        assert_eq!(state(fresh, task).await, (DeliveryState::GivenUp, 11, None));
        assert_eq!(seen.lock().unwrap().len(), 0);
    })
    .await;
}
