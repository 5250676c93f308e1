use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn rule(expression: &str, name: &str) -> Rule {
    Rule::parse(expression, zone(name)).unwrap()
}

fn utc(text: &str) -> Moment {
    let instant: jiff::Timestamp = text.parse().unwrap();
    Moment::from_seconds(instant.as_second()).unwrap()
}

/// The first instants after a moment, in UTC.
fn upcoming(expression: &str, name: &str, after: &str, count: usize) -> Vec<String> {
    let instants = rule(expression, name).upcoming(utc(after), count);
    let printed = instants.iter().map(|at| at.in_zone(&TimeZone::UTC));
    printed.collect()
}

fn refusal(expression: &str) -> String {
    Rule::parse(expression, TimeZone::UTC)
        .unwrap_err()
        .to_string()
}

#[test]
fn an_expression_runs_by_the_wall_clock_of_its_zone() {
    let nine = upcoming(
        "0 9 * * MON-FRI",
        "Asia/Shanghai",
        "2026-11-27T00:00:00Z",
        3,
    );
    assert_eq!(
        nine,
        [
            "2026-11-27 01:00:00",
            "2026-11-30 01:00:00",
            "2026-12-01 01:00:00"
        ]
    );
}

#[test]
fn a_time_that_spring_skips_runs_at_the_next_that_exists() {
    let skipped = upcoming("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2);
    assert_eq!(skipped, ["2026-03-29 01:00:00", "2026-03-30 00:30:00"]);
}

#[test]
fn times_that_are_skipped_together_run_once() {
    let skipped = upcoming("*/20 2,3 * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", 3);
    let expected = [
        "2026-03-29 01:00:00",
        "2026-03-29 01:20:00",
        "2026-03-29 01:40:00",
    ];
    assert_eq!(skipped, expected);
}

#[test]
fn a_time_that_autumn_repeats_runs_once() {
    let repeated = upcoming("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2);
    assert_eq!(repeated, ["2026-10-25 00:30:00", "2026-10-26 01:30:00"]);
    let within = upcoming("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:40:00Z", 1);
    assert_eq!(within, ["2026-10-25 02:00:00"]);
}

#[test]
fn a_day_that_a_zone_leaves_out_runs_at_its_end() {
    let left_out = upcoming("0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", 1);
    assert_eq!(left_out, ["2011-12-30 10:00:00"]);
}

#[test]
fn day_of_month_and_day_of_week_are_joined_as_cron_joins_them() {
    let either = upcoming("0 0 13 * FRI", "UTC", "2026-11-01T00:00:00Z", 3);
    let expected = [
        "2026-11-06 00:00:00",
        "2026-11-13 00:00:00",
        "2026-11-20 00:00:00",
    ];
    assert_eq!(either, expected);
    let last = upcoming("0 0 L * *", "UTC", "2026-11-28T00:00:00Z", 2);
    assert_eq!(last, ["2026-11-30 00:00:00", "2026-12-31 00:00:00"]);
}

#[test]
fn a_bad_field_is_named_with_the_values_it_may_have() {
    for (expression, named) in [
        ("60 * * * *", "\"60\" as its minute"),
        ("* 24 * * *", "\"24\" as its hour"),
        ("* * 0 * *", "\"0\" as its day of month"),
        ("* * * 13 *", "\"13\" as its month"),
        ("* * * * 8", "\"8\" as its day of week"),
        ("*/0 * * * *", "minute"),
        ("5-1 * * * *", "minute"),
        ("1,,2 * * * *", "minute"),
        ("0/10 * * * *", "minute"),
        ("? * * * *", "minute"),
        ("* * +1 * *", "day of month"),
        ("* * * FOO *", "month"),
        ("* * * * 一", "day of week"),
        ("99999999999999999999 * * * *", "minute"),
    ] {
        let refusal = refusal(expression);
        assert!(refusal.contains("parameter cron has"), "{refusal}");
        assert!(refusal.contains(named), "{expression}: {refusal}");
    }
}

#[test]
fn an_expression_has_five_fields_and_a_bounded_length() {
    for (expression, count) in [("", 0), ("* * * *", 4), ("* * * * * *", 6), ("@daily", 1)] {
        let expected = format!("has {count} fields, must have 5");
        assert!(refusal(expression).contains(&expected), "{expression}");
    }
    let long = format!("{} * * * *", ["0"; 65].join(","));
    assert!(refusal(&long).contains("137 characters, at most 128"));
}

#[test]
fn a_schedule_that_never_runs_has_no_next_instant() {
    for expression in ["0 0 30 2 *", "0 0 31 4,6 *", "0 0 * * L"] {
        assert_eq!(rule(expression, "UTC").next(Moment::EPOCH), None);
    }
}

#[test]
fn the_last_instant_of_a_long_time_is_found_whether_instants_are_dense_or_rare() {
    let (from, to) = (utc("2016-01-01T00:00:00Z"), utc("2026-11-28T12:34:56Z"));
    for (expression, expected) in [
        ("* * * * *", "2026-11-28 12:34:00"),
        ("0 3 * * *", "2026-11-28 03:00:00"),
        ("0 0 29 2 *", "2024-02-29 00:00:00"),
    ] {
        let last = rule(expression, "UTC").last(from, to).unwrap();
        assert_eq!(last.in_zone(&TimeZone::UTC), expected);
    }
    let none = rule("0 0 29 2 *", "UTC").last(utc("2026-01-01T00:00:00Z"), to);
    assert_eq!(none, None);
    assert_eq!(rule("34 12 * * *", "UTC").last(to, to), None);
}

/// Zones whose clocks change by an hour, by half an hour, at midnight, not at all, and by a whole day once.
const ZONES: [&str; 7] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Shanghai",
    "Africa/Cairo",
    "Pacific/Apia",
];

/// Every instant of some days, found minute by minute: the first at which the clock shows a wall time of the list, or, where it
/// never does, the first at which it shows a later one.
fn by_the_clock(zone: &TimeZone, walls: &BTreeSet<DateTime>, begin: Moment) -> BTreeSet<i64> {
    let mut shown: Option<DateTime> = None;
    let mut found = BTreeSet::new();
    for minute in 0..4 * 24 * 60 {
        let instant = begin.seconds() + minute * 60;
        let wall = Moment::from_seconds(instant).unwrap().local(zone);
        let is_new = shown.is_none_or(|shown| wall > shown);
        if is_new {
            let passed = walls.range(..=wall).next_back();
            if passed.is_some_and(|passed| shown.is_none_or(|shown| *passed > shown)) {
                found.insert(instant);
            }
            shown = Some(wall);
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn instants_are_those_that_a_look_at_the_clock_every_minute_finds(
        name in proptest::sample::select(&ZONES[..]),
        change in 0_usize..40,
        hours in proptest::collection::btree_set(0_i8..24, 1..6),
        minutes in proptest::collection::btree_set(0_i8..60, 1..6),
    ) {
        let zone = zone(name);
        // Days around a change of the clock, where the zone has any.
        let of_old = utc("2005-01-01T00:00:00Z").seconds();
        let from = jiff::Timestamp::from_second(of_old).unwrap();
        let middle = zone.following(from).nth(change).map_or(of_old, |change| change.timestamp().as_second());
        let begin = Moment::from_seconds(middle / 60 * 60 - 2 * 86_400).unwrap();
        let text = |values: &BTreeSet<i8>| values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let rule = Rule::parse(&format!("{} {} * * *", text(&minutes), text(&hours)), zone.clone()).unwrap();
        let first = begin.local(&zone).date().yesterday().unwrap();
        let mut walls = BTreeSet::new();
        for day in 0..8 {
            let day = first.checked_add(day.days()).unwrap();
            for hour in &hours {
                walls.extend(minutes.iter().map(|minute| day.at(*hour, *minute, 0, 0)));
            }
        }
        let seen = by_the_clock(&zone, &walls, begin);
        let before = Moment::from_seconds(begin.seconds() - 1).unwrap();
        let end = begin.seconds() + 4 * 86_400;
        let mut told = Vec::new();
        let mut at = before;
        while let Some(next) = rule.next(at).filter(|next| next.seconds() < end) {
            told.push(next.seconds());
            at = next;
        }
        // What was shown before the first minute looked at is not known to the look.
        let known = |at: &&i64| **at > begin.seconds() + 86_400;
        prop_assert_eq!(
            told.iter().filter(known).collect::<Vec<_>>(),
            seen.iter().filter(known).collect::<Vec<_>>()
        );
        for pair in told.windows(2) {
            prop_assert!(pair[0] < pair[1]);
        }
        let last = rule.last(before, Moment::from_seconds(end - 1).unwrap());
        prop_assert_eq!(last.map(Moment::seconds), told.last().copied());
    }
}

#[test]
fn every_wall_time_of_a_year_is_an_instant_but_for_those_skipped_together() {
    let rule = rule("0 * * * *", "Europe/Berlin");
    let mut count = 0;
    let mut at = utc("2025-12-31T22:59:59Z");
    while let Some(next) = rule
        .next(at)
        .filter(|next| *next < utc("2026-12-31T23:00:00Z"))
    {
        count += 1;
        at = next;
    }
    // The hour that spring skips runs together with the next; the one that autumn repeats runs once.
    assert_eq!(count, 365 * 24 - 1);
    let day = date(2026, 10, 25);
    assert_eq!(day.weekday(), jiff::civil::Weekday::Sunday);
}
