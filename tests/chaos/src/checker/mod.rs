//! The checker: compares the promises in the ledger with the rows, batch by batch and row by row.

mod content;
mod dispatched;
mod history;
mod items;
mod possible;
mod prices;
mod promises;
mod reference;
mod rows;
mod seen;
mod targets;
mod tasks;
#[cfg(test)]
mod tests;

use std::fmt;

use sqlx::Row as _;
use sqlx::mysql::MySqlConnection;

use crate::ledger::{Entry, Job};
pub(crate) use history::History;
use rows::Rows;

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) task: String,
    pub(crate) rule: &'static str,
    pub(crate) told: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.task, self.rule, self.told)
    }
}

/// The checks and their findings.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) batches: usize,
    /// Tasks that are no batches, and the calls about them.
    pub(crate) tasks: usize,
    pub(crate) acts: usize,
    /// Dispatched tasks, their ended runs, and those of which the lease ran out.
    pub(crate) dispatched: usize,
    pub(crate) dispatched_runs: usize,
    pub(crate) lost_runs: usize,
    /// Calls of targets, those of callbacks among them, deliveries, and those of them that were given up.
    pub(crate) calls: usize,
    pub(crate) told: usize,
    pub(crate) deliveries: usize,
    pub(crate) untold: usize,
    /// Instants of schedules.
    pub(crate) instants: usize,
    /// Price changes that were made.
    pub(crate) priced: u32,
    /// Versions of reference data that were loaded.
    pub(crate) loads: usize,
    pub(crate) runs: u32,
    pub(crate) outcomes: u32,
    pub(crate) made: u32,
    pub(crate) lines: u32,
    pub(crate) refused: u32,
    pub(crate) given_up: u32,
    /// Given up because they end or panic whatever works them: alone, whatever was beside them.
    pub(crate) poisoned: u32,
    /// Given up although nothing is wrong with them: their worker was killed at each of their tries.
    pub(crate) interrupted: u32,
    pub(crate) cancelled: u32,
    pub(crate) by_hand: u32,
    pub(crate) answered: u32,
    pub(crate) unanswered: u32,
    pub(crate) looks: u32,
    pub(crate) violations: Vec<Violation>,
}

/// Where the findings of one batch go.
pub(crate) struct Report<'c> {
    task: &'c str,
    checked: &'c mut Checked,
}

impl Report<'_> {
    fn violation(&mut self, rule: &'static str, told: impl Into<String>) {
        self.checked.violations.push(Violation {
            task: self.task.to_owned(),
            rule,
            told: told.into(),
        });
    }
}

impl Checked {
    /// Checks one batch.
    fn batch(&mut self, history: &History, task: &str, rows: Option<&Rows>) {
        let batch = &history.batches[task];
        let mut report = Report {
            task,
            checked: self,
        };
        let Some(rows) = rows else {
            promises::none_was_made(&mut report, batch);
            return;
        };
        promises::check(&mut report, batch, rows);
        reference::cycles(&mut report, history.loads.get(&batch.station), batch);
        match batch.job {
            Job::Orders => items::check(&mut report, history, batch, rows),
            Job::Prices => prices::check(&mut report, batch, rows),
        }
        seen::check(&mut report, batch, rows);
        self.runs += rows.run;
        self.made += u32::try_from(rows.orders.len()).expect("few orders");
        let lines: usize = rows.orders.values().map(|order| order.lines.len()).sum();
        self.lines += u32::try_from(lines).expect("few lines");
    }

    /// Checks one task that is no batch.
    fn task(&mut self, task: &str, asked: &tasks::TaskHistory, row: Option<&tasks::Row>) {
        let checked = self;
        tasks::check(&mut Report { task, checked }, asked, row);
    }

    /// Checks the prices of all skus.
    fn prices(&mut self, skus: &[prices::Sku], changes: &[prices::Change]) {
        self.priced += u32::try_from(changes.len()).expect("few changes");
        let (task, checked) = ("all", self);
        prices::check_skus(&mut Report { task, checked }, skus, changes);
    }

    /// Notes the number of all orders and lines.
    fn all_made(&mut self, orders: i64, lines: i64) {
        let found = (i64::from(self.made), i64::from(self.lines));
        if (orders, lines) == found {
            return;
        }
        let mut report = Report {
            task: "all",
            checked: self,
        };
        let told =
            format!("{orders} orders and {lines} lines, of which {found:?} belong to batches");
        report.violation("something was made that nobody sent", told);
    }
}

/// Checks every batch of the ledger, and that there is nothing else.
pub(crate) async fn check(connection: &mut MySqlConnection, entries: Vec<Entry>) -> Checked {
    let mut history = History::of(entries.clone());
    history.owners = rows::owners(connection).await.unwrap();
    let history = &history;
    let mut checked = Checked {
        batches: history.batches.len(),
        tasks: history.tasks.len(),
        acts: history.tasks.values().map(|task| task.calls.len()).sum(),
        loads: history.loads.values().map(reference::Loads::count).sum(),
        answered: history.answered,
        unanswered: history.unanswered,
        looks: history.looks,
        ..Checked::default()
    };
    let mut priced = Vec::new();
    for task in history.batches.keys() {
        let rows = Rows::read(connection, task).await.unwrap();
        checked.batch(history, task, rows.as_ref());
        priced.extend(rows.iter().flat_map(prices::of));
    }
    for (task, asked) in &history.tasks {
        let row = tasks::Row::read(connection, task).await.unwrap();
        checked.task(task, asked, row.as_ref());
    }
    let skus = prices::Sku::read(connection).await.unwrap();
    checked.prices(&skus, &priced);
    let dispatched = dispatched::check_all(connection, &mut checked, &entries).await;
    dispatched.unwrap();
    let targets = targets::check_all(connection, &mut checked, &entries).await;
    targets.unwrap();
    nothing_else(connection, &mut checked).await;
    checked
}

/// Every order and line belongs to a batch that was checked.
async fn nothing_else(connection: &mut MySqlConnection, checked: &mut Checked) {
    let sql = "SELECT (SELECT COUNT(*) FROM tbl_order), (SELECT COUNT(*) FROM tbl_order_detail)";
    let row = sqlx::query(sql).fetch_one(connection).await.unwrap();
    checked.all_made(row.get(0), row.get(1));
}
