use super::*;
use crate::targets::Refusal;
use task_store::Moment;
use task_store::call_places::Place;
use task_store::callbacks::Callback;

fn tried(attempt: u32, age: u64) -> Try {
    Try {
        task: TaskId::parse("7").unwrap(),
        no: 2,
        attempt,
        age,
        callback: Callback {
            name: "erp".to_owned(),
            url: "https://erp.example/".to_owned(),
            secret: "erp".to_owned(),
            events: "task.finished".to_owned(),
            disabled_at: None,
            disabled_reason: None,
        },
        event: "batch.finished".to_owned(),
        happened_at: Moment::from_seconds(1_700_000_000).unwrap(),
        outcome: "partial".to_owned(),
        run_count: 3,
        counts: Some(r#"{"total":5,"failed":1}"#.to_owned()),
        user_task_id: Some("b-1".to_owned()),
        station: StationId::parse("T1").unwrap(),
        task_name: "订单".to_owned(),
        type_id: 7,
        place: Place { no: 1, calls: 1 },
    }
}

fn answered(status: u16, retry_after: Option<u32>) -> Outcome {
    Outcome::Answered(Answer {
        status,
        retry_after,
        body: String::new(),
        is_whole: true,
    })
}

#[test]
fn a_callback_is_told_the_type_the_time_and_a_thin_task() {
    let expected = concat!(
        r#"{"type":"batch.finished","timestamp":"2023-11-14T22:13:20Z","data":{"task_id":7,"user_task_id":"b-1","#,
        r#""station_id":"T1","task_name":"订单","type_id":7,"outcome":"partial","run_count":3,"counts":{"total":5,"failed":1}}}"#
    );
    let body = |tried: &Try| serde_json::to_string(&envelope(tried)).unwrap();
    assert_eq!(body(&tried(1, 0)), expected);
    let plain = Try {
        counts: None,
        user_task_id: None,
        ..tried(1, 0)
    };
    let body = body(&plain);
    assert!(
        !body.contains("counts") && body.contains(r#""user_task_id":"","#),
        "{body}"
    );
}

#[test]
fn every_2xx_delivers_and_410_disables() {
    for status in [200, 202, 204, 299] {
        assert_eq!(
            judge(&tried(1, 0), answered(status, None)),
            (Settled::Delivered, Some(status), None)
        );
    }
    let (settled, status, _) = judge(&tried(1, 0), answered(410, None));
    assert!(matches!(settled, Settled::Disabled(_)));
    assert_eq!(status, Some(410));
}

#[test]
fn everything_else_is_tried_again_with_a_growing_wait_ten_times_in_all() {
    let outcomes = || {
        [
            answered(302, None),
            answered(400, None),
            answered(404, None),
            answered(413, None),
            answered(500, None),
            Outcome::Silent,
            Outcome::NotReached("no connection could be made"),
            Outcome::Refused(Refusal {
                reason: "blocked",
                cause: "10.0.0.1".to_owned(),
                passes: false,
            }),
        ]
    };
    for (attempt, usual) in (1..).zip(WAITS) {
        for outcome in outcomes() {
            let Settled::PutOff(wait) = judge(&tried(attempt, 0), outcome).0 else {
                panic!("{attempt}")
            };
            assert!(
                (usual * 800..=usual * 1_200).contains(&wait),
                "{attempt}: {wait}"
            );
        }
    }
    assert_eq!(judge(&tried(10, 0), Outcome::Silent).0, Settled::GivenUp);
    let total: u64 = WAITS.iter().sum();
    assert!(
        (LONGEST * 9 / 10..=LONGEST * 11 / 10).contains(&total),
        "{total}"
    );
}

#[test]
fn a_target_may_ask_for_a_longer_wait_but_not_beyond_three_days() {
    assert_eq!(
        judge(&tried(1, 0), answered(429, Some(600))).0,
        Settled::PutOff(600_000)
    );
    let Settled::PutOff(wait) = judge(&tried(2, 0), answered(503, Some(1))).0 else {
        panic!()
    };
    assert!(wait >= 240_000, "the usual wait is longer: {wait}");
    assert_eq!(
        judge(&tried(5, LONGEST - 60), answered(503, None)).0,
        Settled::PutOff(60_000)
    );
    assert_eq!(
        judge(&tried(5, LONGEST), Outcome::Silent).0,
        Settled::GivenUp
    );
}
