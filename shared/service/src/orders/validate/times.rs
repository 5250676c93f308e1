//! The receive times: format, order, and the window of the operating cycle.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use task_engine::ItemErrors;

use super::Checks;
use crate::items::{ItemErrorCode, Place, Scalar};
use crate::orders::parse::RawOrder;

const BEGIN: Place = Place::order("receive_begin_time", "收货开始时间");
const END: Place = Place::order("receive_end_time", "收货结束时间");

/// Returns the receive begin and end of an order. `None` unless both can be read.
pub(super) fn receive(
    raw: &RawOrder<'_>,
    checks: &Checks<'_>,
    errors: &mut ItemErrors,
) -> Option<(DateTime, DateTime)> {
    let begin = read(BEGIN, &raw.receive_begin_time, checks.zone, errors);
    let end = read(END, &raw.receive_end_time, checks.zone, errors);
    if let (Some(begin), Some(end)) = (begin, end)
        && begin >= end
    {
        let msg = format!(
            "收货结束时间 {} 必须晚于收货开始时间 {}",
            minute(end),
            minute(begin)
        );
        errors.push(END.error(ItemErrorCode::ReceiveTimeOrder, &minute(end), &msg));
    }
    if let Some(begin) = begin {
        not_past(begin, checks, errors);
        in_window(BEGIN, begin, checks, errors);
    }
    if let Some(end) = end {
        in_window(END, end, checks, errors);
    }
    begin.zip(end)
}

fn read(
    place: Place,
    sent: &Scalar<'_>,
    zone: &TimeZone,
    errors: &mut ItemErrors,
) -> Option<DateTime> {
    if sent.is_absent() {
        errors.push(place.missing(ItemErrorCode::ReceiveTimeRequired));
        return None;
    }
    let time = sent.text().and_then(civil);
    let rule = match time {
        None => "应为真实存在的 YYYY-MM-DD HH:MM",
        Some(time) if is_skipped(time, zone) => "应为当地真实存在的时间（时钟调快时会跳过这一段）",
        Some(_) => return time,
    };
    errors.push(place.breaks(ItemErrorCode::ReceiveTimeFormat, sent.as_sent(), rule));
    None
}

/// Tells whether the clock of the zone never shows a time, because it is put forward over it. A time that it shows twice stands
/// for the first of the two.
fn is_skipped(time: DateTime, zone: &TimeZone) -> bool {
    let offset = zone.to_ambiguous_timestamp(time).offset();
    matches!(offset, AmbiguousOffset::Gap { .. })
}

/// Reads exactly `YYYY-MM-DD HH:MM`, with a date of the calendar.
fn civil(text: &str) -> Option<DateTime> {
    let shape = text
        .bytes()
        .zip(*b"0000-00-00 00:00")
        .all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            separator => byte == separator,
        });
    if !shape || text.len() != 16 {
        return None;
    }
    let (year, month, day) = (
        text[..4].parse().ok()?,
        text[5..7].parse().ok()?,
        text[8..10].parse().ok()?,
    );
    let (hour, minute) = (text[11..13].parse().ok()?, text[14..].parse().ok()?);
    DateTime::new(year, month, day, hour, minute, 0, 0).ok()
}

/// Refuses a time that is past. Receive times know no seconds: the minute in which the order was accepted is not past yet.
fn not_past(begin: DateTime, checks: &Checks<'_>, errors: &mut ItemErrors) {
    let accepted = checks.accepted_at;
    if begin < accepted.date().at(accepted.hour(), accepted.minute(), 0, 0) {
        let sentence = format!(
            "收货开始时间 {} 早于下单时间 {}",
            minute(begin),
            minute(accepted)
        );
        errors.push(BEGIN.error(ItemErrorCode::ReceiveTimePast, &minute(begin), &sentence));
    }
}

fn in_window(place: Place, time: DateTime, checks: &Checks<'_>, errors: &mut ItemErrors) {
    if checks.cycle.receives_at(checks.accepted_at, time) {
        return;
    }
    let dates = checks.cycle.receive_dates(checks.accepted_at);
    let window = &checks.cycle.receive_window;
    let rule = format!(
        "应在运营周期 {} 的收货时间内（{} 至 {}，每日 {} 至 {}{}）",
        checks.cycle.id,
        dates.start(),
        dates.end(),
        window.start,
        window.end,
        weekdays(window.weekdays),
    );
    errors.push(place.breaks(ItemErrorCode::ReceiveTimeOutOfWindow, &minute(time), &rule));
}

/// Returns the weekdays of a mask, unless it is all of them.
fn weekdays(mask: u8) -> String {
    const NAMES: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
    if mask & 0b111_1111 == 0b111_1111 {
        return String::new();
    }
    let named: Vec<_> = (0..7)
        .filter(|day| mask & (1 << day) != 0)
        .map(|day| NAMES[day])
        .collect();
    if named.is_empty() {
        "，当前没有可收货的日子".to_owned()
    } else {
        format!("，仅限{}", named.join("、"))
    }
}

fn minute(time: DateTime) -> String {
    time.strftime("%Y-%m-%d %H:%M").to_string()
}
