//! The check: every accepted batch has ended, every order has its one outcome, every made order its rows, and nobody made
//! anything else.

mod rows;

use std::collections::HashMap;

use sqlx::mysql::MySqlConnection;

use crate::ledger::{Answer, Batch};
use rows::Rows;

/// What was checked, and what was wrong.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checked {
    pub(crate) accepted: usize,
    pub(crate) refused: usize,
    /// Submits without a clear answer, and the accepted submits among them.
    pub(crate) unknown: usize,
    pub(crate) unknown_accepted: usize,
    pub(crate) made: i64,
    pub(crate) failed: i64,
    pub(crate) lines: i64,
    pub(crate) violations: Vec<String>,
}

/// Compares the ledger with the rows.
pub(crate) async fn check(connection: &mut MySqlConnection, batches: &[Batch]) -> Checked {
    let rows = rows::read(connection).await;
    let mut checked = compare(batches, &rows);
    for (what, sql, expected) in [
        ("orders", "SELECT COUNT(*) FROM tbl_order", checked.made),
        (
            "lines",
            "SELECT COUNT(*) FROM tbl_order_detail",
            checked.lines,
        ),
        ("units of work", "SELECT COUNT(*) FROM tbl_work", 0),
        ("dead letters", "SELECT COUNT(*) FROM tbl_dead_letter", 0),
    ] {
        let found = rows::sum(connection, sql).await;
        if found != expected {
            let violation = format!("{found} {what} in all, expected are {expected}");
            checked.violations.push(violation);
        }
    }
    checked
}

/// Compares each batch with its rows.
fn compare(batches: &[Batch], rows: &HashMap<String, Rows>) -> Checked {
    let mut checked = Checked::default();
    for batch in batches {
        let rows = rows.get(&batch.task);
        match &batch.answer {
            Some((_, Answer::Accepted)) => checked.accepted += 1,
            Some((_, Answer::Refused(_))) => checked.refused += 1,
            Some((_, Answer::Unknown(_))) | None => {
                checked.unknown += 1;
                checked.unknown_accepted += usize::from(rows.is_some());
            }
        }
        for wrong in wrongs(batch, rows) {
            checked
                .violations
                .push(format!("batch {}: {wrong}", batch.task));
        }
        let found = rows.map(|rows| rows.found).unwrap_or_default();
        checked.made += found.made;
        checked.failed += found.failed;
        checked.lines += found.lines;
    }
    let sent = batches
        .iter()
        .filter(|batch| rows.contains_key(&batch.task));
    if sent.count() != rows.len() {
        checked
            .violations
            .push("there are batches that nobody sent".to_owned());
    }
    checked
}

/// Lists what is wrong with a batch.
fn wrongs(batch: &Batch, rows: Option<&Rows>) -> Vec<String> {
    let answer = batch.answer.as_ref().map(|(_, answer)| answer);
    let rows = match (answer, rows) {
        (Some(Answer::Accepted), None) => return vec!["accepted, and lost".to_owned()],
        (Some(Answer::Refused(_)), Some(_)) => return vec!["refused, and stored".to_owned()],
        (_, None) => return Vec::new(),
        (_, Some(rows)) => rows,
    };
    let expected = batch.expected;
    let facts = [
        ("status", rows.status, 3),
        ("items", rows.items, batch.orders()),
        ("chunks that are not done", rows.not_done, 0),
        ("made, by its chunks", rows.counted.0, expected.made),
        ("failed, by its chunks", rows.counted.1, expected.failed),
        ("items neither made nor failed", rows.others, 0),
        ("orders", rows.found.made, expected.made),
        ("sum of order numbers", rows.found.numbers, expected.numbers),
        ("lines", rows.found.lines, expected.lines),
        ("sum of quantities", rows.found.quantity, expected.quantity),
        ("failed items", rows.found.failed, expected.failed),
        (
            "sum of failed items and their codes",
            rows.found.faults,
            expected.faults,
        ),
    ];
    let wrong = facts
        .into_iter()
        .filter(|(_, found, expected)| found != expected);
    wrong
        .map(|(fact, found, expected)| format!("{fact}: {found}, expected is {expected}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::load::Outcomes;

    const EXPECTED: Outcomes = Outcomes {
        made: 8,
        failed: 2,
        lines: 40,
        quantity: 9_000,
        numbers: 123,
        faults: 456,
    };

    fn batch(answer: Option<Answer>) -> Batch {
        Batch {
            task: "b1".to_owned(),
            at: Duration::ZERO,
            expected: EXPECTED,
            answer: answer.map(|answer| (Duration::from_millis(5), answer)),
            end: None,
        }
    }

    fn rows() -> Rows {
        Rows {
            status: 3,
            items: 10,
            counted: (8, 2),
            found: EXPECTED,
            ..Rows::default()
        }
    }

    fn violations(batch: Batch, rows: Option<Rows>) -> Vec<String> {
        let rows = rows.into_iter().map(|rows| ("b1".to_owned(), rows));
        compare(&[batch], &rows.collect()).violations
    }

    fn unknown() -> Answer {
        Answer::Unknown("HTTP 503".to_owned())
    }

    #[test]
    fn a_batch_whose_rows_are_those_that_were_sent_is_right() {
        assert!(violations(batch(Some(Answer::Accepted)), Some(rows())).is_empty());
    }

    #[test]
    fn an_accepted_batch_without_rows_is_lost() {
        let found = violations(batch(Some(Answer::Accepted)), None);
        assert_eq!(found, ["batch b1: accepted, and lost"]);
    }

    #[test]
    fn a_refused_batch_must_not_be_stored() {
        let refused = Answer::Refused("BATCH_EMPTY".to_owned());
        assert!(violations(batch(Some(refused.clone())), None).is_empty());
        let found = violations(batch(Some(refused)), Some(rows()));
        assert_eq!(found, ["batch b1: refused, and stored"]);
    }

    #[test]
    fn a_batch_without_a_clear_answer_is_not_there_or_whole() {
        assert!(violations(batch(Some(unknown())), None).is_empty());
        assert!(violations(batch(None), Some(rows())).is_empty());
        let open = Rows {
            status: 2,
            ..rows()
        };
        assert_eq!(
            violations(batch(Some(unknown())), Some(open)),
            ["batch b1: status: 2, expected is 3"]
        );
    }

    #[test]
    fn every_fact_is_compared() {
        let change: [fn(&mut Rows); 12] = [
            |rows| rows.status = 2,
            |rows| rows.items = 11,
            |rows| rows.not_done = 1,
            |rows| rows.counted.0 = 9,
            |rows| rows.counted.1 = 1,
            |rows| rows.others = 1,
            |rows| rows.found.made = 9,
            |rows| rows.found.numbers += 1,
            |rows| rows.found.lines = 41,
            |rows| rows.found.quantity += 1,
            |rows| rows.found.failed = 1,
            |rows| rows.found.faults += 1,
        ];
        for change in change {
            let mut wrong = rows();
            change(&mut wrong);
            assert_eq!(
                violations(batch(Some(Answer::Accepted)), Some(wrong)).len(),
                1
            );
        }
    }

    #[test]
    fn a_batch_that_nobody_sent_is_a_violation() {
        let stranger = HashMap::from([("b9".to_owned(), rows())]);
        assert_eq!(compare(&[], &stranger).violations.len(), 1);
    }
}
