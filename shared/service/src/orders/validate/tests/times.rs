//! Receive times.

use super::*;

fn received(begin: &str, end: &str) -> Sent {
    Sent::sound()
        .with("receive_begin_time", &format!("\"{begin}\""))
        .with("receive_end_time", &format!("\"{end}\""))
}

#[test]
fn each_receive_time_is_required() {
    for field in ["receive_begin_time", "receive_end_time"] {
        assert_eq!(
            Sent::sound().with(field, "null").fails(),
            fails(ItemErrorCode::ReceiveTimeRequired.as_str(), field)
        );
        assert_eq!(
            Sent::sound().with(field, "\"\"").fails(),
            fails(ItemErrorCode::ReceiveTimeRequired.as_str(), field)
        );
    }
}

#[test]
fn a_receive_time_is_a_real_date_and_a_minute_and_nothing_else() {
    let wrong = [
        "\"2026-07-02 20:00:00\"",
        "\"2026-7-2 20:00\"",
        "\"2026-07-02T20:00\"",
        "\"2026-07-02\"",
        "\"2026-02-30 20:00\"",
        "\"2026-07-02 24:00\"",
        "\"2026-07-02 20:60\"",
        "\"2026-13-01 20:00\"",
        "\" 2026-07-02 20:00\"",
        "\"2026-07-02 2 :00\"",
        "\"+026-07-02 20:00\"",
        "\"２026-07-02 20\"",
        "20260702",
        "true",
        "[]",
        "{}",
    ];
    for json in wrong {
        let sent = Sent::sound().with("receive_end_time", json);
        assert_eq!(
            sent.fails(),
            fails(
                ItemErrorCode::ReceiveTimeFormat.as_str(),
                "receive_end_time"
            ),
            "{json}"
        );
    }
}

#[test]
fn the_message_of_a_bad_receive_time_shows_what_was_sent_and_what_is_expected() {
    let error = Sent::sound()
        .with("receive_begin_time", r#""明天""#)
        .error();
    assert_eq!(error.value.as_deref(), Some("明天"));
    assert_eq!(
        error.msg,
        "收货开始时间 receive_begin_time 应为真实存在的 YYYY-MM-DD HH:MM，实际为 \"明天\""
    );
}

#[test]
fn the_receive_end_must_be_after_the_begin() {
    for (begin, end) in [
        ("2026-07-01 20:00", "2026-07-01 20:00"),
        ("2026-07-02 07:00", "2026-07-01 20:00"),
    ] {
        assert_eq!(
            received(begin, end).fails(),
            fails(ItemErrorCode::ReceiveTimeOrder.as_str(), "receive_end_time")
        );
    }
}

#[test]
fn a_receive_time_before_the_order_was_accepted_is_past() {
    let sent = received("2026-07-01 11:59", "2026-07-01 20:00");
    assert_eq!(
        sent.fails(),
        fails(
            ItemErrorCode::ReceiveTimePast.as_str(),
            "receive_begin_time"
        )
    );
    assert_eq!(
        sent.error().msg,
        "收货开始时间 2026-07-01 11:59 早于下单时间 2026-07-01 12:00"
    );
}

#[test]
fn the_minute_in_which_the_order_was_accepted_is_not_past() {
    assert!(
        received("2026-07-01 12:00", "2026-07-01 20:00")
            .checked()
            .is_ok()
    );
}

#[test]
fn the_window_is_counted_from_the_accepted_time_however_late_the_order_is_worked() {
    let sent = received("2026-06-24 20:00", "2026-06-25 07:00");
    assert!(
        sent.checked_by(|checks| checks.accepted_at = datetime(2026, 6, 24, 12, 0, 0, 0))
            .is_ok()
    );
}

#[test]
fn a_receive_time_outside_the_window_is_refused_by_field() {
    let late = received("2026-07-01 20:00", "2026-07-02 23:31");
    assert_eq!(
        late.fails(),
        fails(
            ItemErrorCode::ReceiveTimeOutOfWindow.as_str(),
            "receive_end_time"
        )
    );
    let night = received("2026-07-02 02:00", "2026-07-02 07:00");
    assert_eq!(
        night.fails(),
        fails(
            ItemErrorCode::ReceiveTimeOutOfWindow.as_str(),
            "receive_begin_time"
        )
    );
    let far = received("2026-07-03 08:00", "2026-07-03 09:00");
    assert_eq!(
        codes(far.checked()),
        [ItemErrorCode::ReceiveTimeOutOfWindow.as_str(); 2]
    );
}

#[test]
fn a_closed_weekday_is_out_of_the_window_and_the_message_names_the_open_ones() {
    let sunday = received("2026-07-04 20:00", "2026-07-05 08:00");
    let error =
        only(sunday.checked_by(|checks| checks.accepted_at = datetime(2026, 7, 4, 12, 0, 0, 0)));
    assert_eq!(
        (error.code, error.field.as_str()),
        (
            ItemErrorCode::ReceiveTimeOutOfWindow.as_str(),
            "receive_end_time"
        )
    );
    assert_eq!(
        error.msg,
        "收货结束时间 receive_end_time 应在运营周期 ST001 的收货时间内（2026-07-04 至 2026-07-05，每日 06:00 至 23:30，\
         仅限周一、周二、周三、周四、周五、周六），实际为 \"2026-07-05 08:00\""
    );
}

#[test]
fn a_receive_time_that_the_clock_skips_is_refused_and_one_that_it_repeats_is_not() {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let on = |date: &str, begin: &str, end: &str| {
        let time = |time: &str| format!("{date} {time}");
        let sent = received(&time(begin), &time(end));
        let noon_before = date.parse::<jiff::civil::Date>().unwrap().yesterday();
        let accepted_at = noon_before.unwrap().at(12, 0, 0, 0);
        let window = r#"{"id": "ST001", "type": 1, "order_time_limit": {"start": "00:00", "end": "23:59"},
            "receive_time_limit": {"start": "00:00", "end": "23:59", "e_span_time": 1}}"#;
        let cycle: Cycle = serde_json::from_str(window).unwrap();
        let reference = reference();
        let checks = Checks {
            accepted_at,
            zone: &berlin,
            ..checks(&reference, &cycle)
        };
        validate(&parse(&sent.json()).unwrap(), &checks)
    };
    let skipped = on("2027-03-28", "02:30", "03:15").unwrap_err();
    let found = (skipped.count(), skipped[0].code, &*skipped[0].field);
    let format = ItemErrorCode::ReceiveTimeFormat.as_str();
    assert_eq!(found, (1, format, "receive_begin_time"));
    assert_eq!(
        skipped[0].msg,
        "收货开始时间 receive_begin_time 应为当地真实存在的时间（时钟调快时会跳过这一段），实际为 \"2027-03-28 02:30\""
    );
    let both = on("2027-03-28", "02:00", "02:59");
    assert_eq!(codes(both), [format; 2]);
    assert!(on("2027-03-28", "01:59", "03:00").is_ok());
    assert!(on("2026-10-25", "02:30", "03:15").is_ok(), "shown twice");
}
