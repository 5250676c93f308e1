//! What a queue's policy means to its announcements: pauses, caps, another mode.

use super::*;
use task_store::task_queues;
use task_store::work::{self, TurnPlace};

#[tokio::test]
async fn a_paused_queue_announces_nothing_and_a_capped_one_no_more_than_may_run() {
    with_database(async |fresh| {
        let paused = |paused| PolicyChange {
            paused: Some(paused),
            concurrency: Some(2),
            ..PolicyChange::default()
        };
        declare_announced(fresh, paused(true)).await;
        let consumers = Consumers::default();
        for _ in 0..3 {
            add_announced(fresh, &consumers, Start::Now).await;
        }
        lose_messages(fresh).await;
        assert_eq!(
            (consumers.told(), consumers.sweep(fresh).await),
            (vec![], 0)
        );
        declare_announced(fresh, paused(false)).await;
        assert_eq!(consumers.sweep(fresh).await, 2);
        let told = consumers.told();
        start_run(fresh, told[0].0, 1).await.unwrap();
        assert_eq!(
            consumers.sweep(fresh).await,
            0,
            "the second is told already, and has the only room"
        );
        start_run(fresh, told[1].0, 1).await.unwrap();
        finish(fresh, told[0].0, Some(1)).await.unwrap();
        assert_eq!(consumers.sweep(fresh).await, 1);
        start_run(fresh, consumers.told()[0].0, 1).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_waits_when_a_queue_gets_another_mode_is_announced_or_no_longer() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let (first, second) = (add(fresh, "T1").await, add(fresh, "T2").await);
        let consumers = Consumers::default();
        declare_announced(fresh, PolicyChange::default()).await;
        assert_eq!(consumers.sweep(fresh).await, 2);
        let told: BTreeSet<_> = consumers.told().into_iter().map(|(id, ..)| id).collect();
        assert_eq!(told, BTreeSet::from([first, second]));
        let pull = PolicyChange {
            mode: Some(Mode::Pull),
            ..PolicyChange::default()
        };
        declare(fresh, pull).await;
        assert_eq!(consumers.sweep(fresh).await, 0);
        assert_eq!(claim(fresh, 5).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_queue_without_an_sqs_queue_cannot_get_the_mode() {
    with_database(async |fresh| {
        let change = PolicyChange {
            mode: Some(Mode::Sqs),
            ..PolicyChange::default()
        };
        for (names, known) in [
            ("", "no task queue has one"),
            ("other,more", "only more, other have one"),
        ] {
            let names = SqsNames::parse(names).unwrap();
            let set = queues::set(&fresh.database, &names, &queue(QUEUE), &change).await;
            let error = set.unwrap_err();
            assert_eq!(error.code(), ErrorCode::ParamInvalid);
            assert!(error.to_string().contains(known), "{error}");
        }
        assert!(SqsNames::parse("report,No").unwrap_err().contains("\"No\""));
    })
    .await;
}

#[tokio::test]
async fn a_task_that_falls_due_while_its_queue_is_paused_is_announced_before_it_expires() {
    with_database(async |fresh| {
        let paused = |paused| PolicyChange {
            paused: Some(paused),
            ..PolicyChange::default()
        };
        declare_announced(fresh, paused(true)).await;
        let tomorrow = jiff::Timestamp::now().as_second() + 86_400;
        let new = New {
            start: Start::In(4_000),
            expire_at: task_store::Moment::from_seconds(tomorrow),
            ..New::of("T1")
        };
        let id = new.add(fresh).await.unwrap();
        hasten(fresh).await;
        assert_eq!(sweep(fresh).await.promoted, 1);
        declare_announced(fresh, paused(false)).await;
        let consumers = Consumers::default();
        assert_eq!(consumers.sweep(fresh).await, 1);
        assert_eq!(consumers.told(), [(id, 1, 0)]);
        assert_eq!(consumers.sweep(fresh).await, 0, "it was just announced");
    })
    .await;
}

#[tokio::test]
async fn tasks_that_wait_when_their_queue_gets_another_mode_are_announced_before_they_expire() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let tomorrow = jiff::Timestamp::now().as_second() + 86_400;
        let new = New {
            expire_at: task_store::Moment::from_seconds(tomorrow),
            ..New::of("T1")
        };
        let ids = [new.add(fresh).await.unwrap(), add(fresh, "T2").await];
        declare_announced(fresh, PolicyChange::default()).await;
        let consumers = Consumers::default();
        assert_eq!(consumers.sweep(fresh).await, 2);
        let told = consumers.told();
        assert!(ids.iter().all(|id| told.contains(&(*id, 1, 0))), "{told:?}");
        declare_announced(fresh, PolicyChange::default()).await;
        assert_eq!(consumers.sweep(fresh).await, 0, "they are announced already");
        let pull = PolicyChange {
            mode: Some(Mode::Pull),
            ..PolicyChange::default()
        };
        declare(fresh, pull).await;
        let looked_at = "SELECT COUNT(*) FROM tbl_work WHERE due_at = COALESCE(expire_at, TIMESTAMP('9999-12-31')) AND announcements = 0";
        assert_eq!(count(fresh, looked_at).await, 2);
    })
    .await;
}

#[tokio::test]
async fn the_waiting_tasks_of_a_queue_follow_its_mode_page_by_page() {
    with_database(async |fresh| {
        declare(fresh, PolicyChange::default()).await;
        let requests: Vec<_> = ["T1", "T2", "T3"].map(New::of).into();
        let many = requests.iter().flat_map(|new| std::iter::repeat_n(new, 5));
        let many = many.map(|new| Ok(new.request())).collect();
        tasks::add_many(&fresh.database, many, IdScope::Station)
            .await
            .unwrap();
        execute(fresh, "UPDATE tbl_task_queue SET mode = 'sqs'").await;
        let (mut after, mut pages) = (Some(TurnPlace::default()), 0);
        while let Some(place) = after {
            let follow = async |c: &mut _| {
                let policy = task_queues::find(c, QUEUE).await?.unwrap();
                work::follow_mode(c, &policy, place, 4).await
            };
            after = fresh.database.transaction(follow).await.unwrap();
            pages += 1;
        }
        assert_eq!(pages, 5, "four, four, four, three, none");
        assert_eq!(
            count(
                fresh,
                "SELECT COUNT(*) FROM tbl_work WHERE due_at <= NOW(3)"
            )
            .await,
            15
        );
    })
    .await;
}
