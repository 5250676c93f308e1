//! Texts that nothing of queues and workers takes.

/// Texts that are no name of a queue.
pub(in super::super) const NO_QUEUES: [&str; 10] = [
    "Report",
    "7a",
    "a-b",
    "a_b",
    "a b",
    "a\r\n",
    "报表",
    "r\u{435}port",
    "../a",
    "' OR 1=1 --",
];

/// Texts that are no caller's id of a claim.
pub(in super::super) const NO_TOKENS: [&str; 5] = ["a b", "é", "a\r\n", "a/b", "' OR 1=1 --"];

/// Texts that are no time.
pub(in super::super) const NO_TIMES: [&str; 12] = [
    "x",
    "tomorrow",
    "2026-11-28",
    "2026-02-30 00:00:00",
    "0000-00-00 00:00:00",
    "0000-01-01 00:00:00",
    "-009999-01-01T00:00:00Z",
    "2026-11-28 25:00:00",
    "2026-11-28 00:00:00 x",
    "28.11.2026 00:00:00",
    "1764288000",
    "２026-11-28 00:00:00",
];

/// Texts that are no two waits.
pub(in super::super) const NO_BACKOFFS: [&str; 8] = [
    "x", "10", "10..", "..10", "10...20", "20..10", "-1..10", "1..86401",
];

/// JSON that is no list of tags.
pub(in super::super) const NO_JSON_TAGS: [&str; 8] = [
    "{}",
    "[[1]]",
    "[{}]",
    "[null]",
    "[\"\"]",
    "[\"\\ud800\"]",
    "[\"a\\u0000\"]",
    "[\"a\\u0001\"]",
];

/// Texts that are no name of a schedule.
pub(in super::super) const NO_SCHEDULES: [&str; 7] =
    ["a b", "é", "a:b", "a\r\n", "日报", "a/b", "' OR 1=1 --"];

/// Texts that are no cron expression, or never run.
pub(in super::super) const NO_CRONS: [&str; 13] = [
    "x",
    "* * * *",
    "* * * * * *",
    "@daily",
    "60 * * * *",
    "*/0 * * * *",
    "9-1 * * * *",
    "1,,2 * * * *",
    "0 0 30 2 *",
    "* * * * 8",
    "* * * * 一",
    "٣ * * * *",
    "99999999999999999999 * * * *",
];

/// Texts that are no time zone.
pub(in super::super) const NO_ZONES: [&str; 6] = [
    "Mars/Olympus",
    "+08:00",
    "CST-8",
    "../etc/passwd",
    "Asia/Shanghai ",
    "' OR 1=1 --",
];
