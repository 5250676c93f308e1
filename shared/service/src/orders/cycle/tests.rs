//! Windows around midnight, spans of days and weekday masks.

use jiff::civil::{date, datetime};
use proptest::prelude::*;

use super::*;

fn cycle(order: (&str, &str, u8), receive: (&str, &str, u8, u8), weekdays: u8) -> Cycle {
    let json = format!(
        r#"{{"id": "ST001", "name": "早市", "type": 1, "enabled": true,
            "order_time_limit": {{"start": "{}", "end": "{}", "e_span_time": {}}},
            "receive_time_limit": {{"start": "{}", "end": "{}", "s_span_time": {}, "e_span_time": {},
                                    "receiveTimeSpan": 30, "weekdays": {weekdays}}}}}"#,
        order.0, order.1, order.2, receive.0, receive.1, receive.2, receive.3
    );
    serde_json::from_str(&json).unwrap()
}

/// 2026-07-01 is a Wednesday.
fn at(day: i8, hour: i8, minute: i8) -> DateTime {
    datetime(2026, 7, day, hour, minute, 0, 0)
}

fn any_time() -> impl Strategy<Value = DateTime> {
    (0..4000_i64, 0..86_400_i64).prop_map(|(day, second)| {
        date(2024, 1, 1)
            .at(0, 0, 0, 0)
            .saturating_add(day.days())
            .saturating_add(second.seconds())
    })
}

#[test]
fn the_reference_json_is_read() {
    let cycle = cycle(("00:00", "23:59", 0), ("06:00", "23:30", 0, 1), 127);
    assert_eq!(cycle.kind, CycleKind::Normal);
    assert_eq!(cycle.receive_window.slot_minutes, Some(30));
    assert_eq!(cycle.receive_window.e_span_time, 1);
}

#[test]
fn what_the_reference_json_leaves_out_has_a_plain_default() {
    let json = r#"{"id": "P", "type": 2, "order_time_limit": {"start": "08:00", "end": "24:00"},
                   "receive_time_limit": {"start": "06:00", "end": "10:00"}}"#;
    let cycle: Cycle = serde_json::from_str(json).unwrap();
    assert!(cycle.enabled);
    assert_eq!(cycle.kind, CycleKind::Presale);
    assert_eq!(
        (
            cycle.order_window.e_span_time,
            cycle.receive_window.weekdays
        ),
        (0, 127)
    );
}

#[test]
fn a_cycle_of_another_type_is_refused() {
    assert!(
        serde_json::from_str::<CycleKind>("3")
            .unwrap_err()
            .to_string()
            .contains("not 3")
    );
}

#[test]
fn a_disabled_cycle_is_never_open() {
    let mut cycle = cycle(("00:00", "24:00", 0), ("06:00", "23:30", 0, 1), 127);
    assert!(cycle.is_open_at(at(1, 12, 0)));
    cycle.enabled = false;
    assert!(!cycle.is_open_at(at(1, 12, 0)));
}

#[test]
fn the_first_and_the_last_minute_belong_to_the_order_window() {
    let window = cycle(("06:00", "23:30", 0), ("06:00", "23:30", 0, 1), 127).order_window;
    assert!(!window.contains(datetime(2026, 7, 1, 5, 59, 59, 0)));
    assert!(window.contains(at(1, 6, 0)));
    assert!(window.contains(datetime(2026, 7, 1, 23, 30, 59, 0)));
    assert!(!window.contains(at(1, 23, 31)));
}

#[test]
fn before_the_start_of_an_overnight_window_it_is_still_yesterdays_cycle() {
    let window = cycle(("18:00", "02:00", 1), ("06:00", "23:30", 1, 1), 127).order_window;
    assert_eq!(window.order_date(at(1, 18, 0)), date(2026, 7, 1));
    assert_eq!(window.order_date(at(2, 1, 0)), date(2026, 7, 1));
    assert!(
        window.contains(at(1, 23, 59))
            && window.contains(at(2, 0, 0))
            && window.contains(at(2, 2, 0))
    );
    assert!(!window.contains(at(2, 2, 1)) && !window.contains(at(2, 17, 59)));
}

#[test]
fn a_window_that_ends_the_same_day_is_always_todays_cycle() {
    let window = cycle(("18:00", "23:00", 0), ("06:00", "23:30", 1, 1), 127).order_window;
    assert_eq!(window.order_date(at(2, 1, 0)), date(2026, 7, 2));
    assert_eq!(window.order_date(at(2, 23, 30)), date(2026, 7, 2));
}

#[test]
fn an_overnight_order_is_received_days_after_its_order_date_not_after_midnight() {
    let cycle = cycle(("18:00", "02:00", 1), ("06:00", "10:00", 1, 1), 127);
    for accepted in [at(1, 20, 0), at(2, 1, 0)] {
        assert_eq!(
            cycle.receive_dates(accepted),
            date(2026, 7, 2)..=date(2026, 7, 2)
        );
        assert!(cycle.receives_at(accepted, at(2, 7, 0)));
        assert!(!cycle.receives_at(accepted, at(3, 7, 0)));
    }
}

#[test]
fn a_receive_window_of_two_days_is_open_on_both_between_its_times() {
    let cycle = cycle(("00:00", "23:59", 0), ("06:00", "23:30", 0, 1), 127);
    let accepted = at(1, 12, 0);
    for inside in [at(1, 20, 0), at(1, 23, 30), at(2, 6, 0), at(2, 7, 0)] {
        assert!(cycle.receives_at(accepted, inside), "{inside}");
    }
    for outside in [
        at(1, 23, 31),
        at(2, 2, 0),
        at(2, 5, 59),
        at(2, 23, 31),
        at(3, 7, 0),
        at(1, 5, 0),
    ] {
        assert!(!cycle.receives_at(accepted, outside), "{outside}");
    }
}

#[test]
fn a_receive_window_may_run_over_midnight() {
    let cycle = cycle(("00:00", "23:59", 0), ("20:00", "08:00", 0, 1), 127);
    let accepted = at(1, 12, 0);
    for inside in [at(1, 20, 0), at(2, 0, 0), at(2, 8, 0)] {
        assert!(cycle.receives_at(accepted, inside), "{inside}");
    }
    for outside in [at(1, 7, 0), at(1, 19, 59), at(2, 8, 1), at(2, 21, 0)] {
        assert!(!cycle.receives_at(accepted, outside), "{outside}");
    }
}

#[test]
fn a_weekday_outside_the_mask_is_closed() {
    let sundays = cycle(("00:00", "23:59", 0), ("06:00", "23:30", 0, 6), 64);
    assert!(sundays.receives_at(at(1, 12, 0), at(5, 12, 0)));
    assert!(!sundays.receives_at(at(1, 12, 0), at(6, 12, 0)));
    let mondays = cycle(("00:00", "23:59", 0), ("06:00", "23:30", 0, 6), 1);
    assert!(mondays.receives_at(at(1, 12, 0), at(6, 12, 0)));
}

#[test]
fn spans_the_wrong_way_round_leave_no_receive_time() {
    let cycle = cycle(("00:00", "23:59", 0), ("06:00", "23:30", 2, 1), 127);
    assert!(!cycle.receives_at(at(1, 12, 0), at(2, 12, 0)));
    assert!(!cycle.receives_at(at(1, 12, 0), at(3, 12, 0)));
}

proptest! {
    #[test]
    fn an_overnight_window_is_open_exactly_from_its_start_to_its_end_a_day_later(
        now in any_time(), start in 0..1440_i64, end in 0..1440_i64,
    ) {
        let text = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let window = cycle((&text(start), &text(end), 1), ("06:00", "23:30", 0, 1), 127).order_window;
        let midnight = now.date().at(0, 0, 0, 0);
        // Open when any cycle of the last two days covers the moment, counted in plain seconds.
        let open = [-1_i64, 0].iter().any(|day| {
            let from = midnight.saturating_add((day * 1440 + start).minutes());
            let until = midnight.saturating_add(((day + 1) * 1440 + end + 1).minutes());
            from <= now && now < until
        });
        prop_assert_eq!(window.contains(now), open);
    }

    #[test]
    fn the_order_date_of_an_overnight_window_changes_at_its_start_and_not_at_midnight(
        now in any_time(), start in 1..1440_i64,
    ) {
        let start_text = format!("{:02}:{:02}", start / 60, start % 60);
        let window = cycle((&start_text, "00:00", 1), ("06:00", "23:30", 0, 1), 127).order_window;
        prop_assert_eq!(window.order_date(now), now.saturating_sub(start.minutes()).date());
    }

    #[test]
    fn a_receive_time_inside_lies_on_one_of_the_receive_dates(
        accepted in any_time(), ahead in 0..10_000_i64, s_span in 0..4_u8, more in 0..4_u8, weekdays in 0..128_u8,
    ) {
        let cycle = cycle(("18:00", "12:00", 1), ("06:00", "23:30", s_span, s_span + more), weekdays);
        let time = accepted.saturating_add(ahead.minutes());
        let clock = time.time();
        let inside = cycle.receive_dates(accepted).contains(&time.date())
            && cycle.receive_window.is_open_on(time.weekday())
            && clock >= jiff::civil::time(6, 0, 0, 0)
            && clock < jiff::civil::time(23, 31, 0, 0);
        prop_assert_eq!(cycle.receives_at(accepted, time), inside);
    }

    #[test]
    fn no_moment_and_no_span_makes_a_window_panic(
        year in -9999..=9999_i16, month in 1..=12_i8, day in 1..=28_i8, spans: (u8, u8, u8), weekdays: u8,
    ) {
        let cycle = cycle(("18:00", "02:00", spans.0), ("20:00", "08:00", spans.1, spans.2), weekdays);
        let now = datetime(year, month, day, 1, 0, 0, 0);
        let _ = (cycle.is_open_at(now), cycle.receives_at(now, now), cycle.receives_at(DateTime::MIN, DateTime::MAX));
    }
}
