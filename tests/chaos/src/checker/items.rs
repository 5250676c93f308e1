//! What is promised of every order of a batch: exactly one outcome; what was made is exactly what was sent, once; what was
//! cancelled was not made; what is wrong with an order is what it says.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::Report;
use super::content::{difference, key};
use super::history::{BatchHistory, History, SentPayload};
use super::possible::Possible;
use super::promises::payload_of;
use super::rows::{Chunk, Item, Rows};
use crate::ledger::Mending;

/// How often an order is tried by itself before it is given up.
const TRIES: u32 = 2;
const BUSY: &str = "SYSTEM_BUSY";

pub(super) fn check(report: &mut Report<'_>, history: &History, batch: &BatchHistory, rows: &Rows) {
    let mut checker = Checker {
        report,
        history,
        batch,
        rows,
        made: HashSet::new(),
        of_run: HashSet::new(),
    };
    for run in 1..=rows.run {
        checker.run(run);
    }
    checker.every_order_has_its_item();
}

struct Checker<'r, 'c> {
    report: &'r mut Report<'c>,
    history: &'r History,
    batch: &'r BatchHistory,
    rows: &'r Rows,
    /// The orders that an item says it made.
    made: HashSet<i64>,
    /// The orders of the run's items.
    of_run: HashSet<i64>,
}

impl Checker<'_, '_> {
    fn run(&mut self, run: u32) {
        let rows = self.rows;
        self.of_run.clear();
        let settled = rows.items.iter().filter(|item| item.run == run);
        let settled: HashMap<u32, &Item> = settled.map(|item| (item.index, item)).collect();
        let sent = payload_of(rows, run);
        let mut payloads = self.batch.payloads.iter();
        let payload = payloads.find(|one| one.orders == sent);
        let own = rows
            .chunks
            .values()
            .filter(|chunk| chunk.run == run && !chunk.is_rework);
        let mut indexes = 0;
        for chunk in own {
            for index in chunk.first_index..chunk.first_index + chunk.item_count {
                indexes += 1;
                self.report.checked.outcomes += 1;
                match settled.get(&index) {
                    Some(item) => self.settled(item, payload),
                    None if chunk.state == 2 => self.cancelled(chunk, index),
                    None => self.fail("an order has no outcome", run, index),
                }
            }
        }
        if indexes != sent.len() || settled.keys().any(|index| *index as usize >= sent.len()) {
            self.report
                .violation("outcomes and orders do not match", format!("run {run}"));
        }
    }

    fn settled(&mut self, item: &Item, payload: Option<&SentPayload>) {
        let Some(chunk) = self.rows.chunks.get(&item.chunk_id) else {
            return self.fail("an outcome belongs to no chunk", item.run, item.index);
        };
        match item.status {
            1 => self.made(item, chunk, payload),
            2 => self.refused(item, chunk, payload),
            3 | 4 => self.by_hand(item),
            5 if chunk.state == 2 => self.cancelled(chunk, item.index),
            _ => self.fail("an order has no outcome", item.run, item.index),
        }
    }

    fn made(&mut self, item: &Item, chunk: &Chunk, payload: Option<&SentPayload>) {
        let Some(id) = item.made_id.filter(|id| self.rows.orders.contains_key(id)) else {
            return self.fail("an order that was made is not there", item.run, item.index);
        };
        let Some(sent) = sent(chunk, item.index) else {
            return self.fail("what was sent is gone", item.run, item.index);
        };
        if !self.of_run.insert(id) {
            self.fail("two orders of a run are one", item.run, item.index);
        }
        let order = &self.rows.orders[&id];
        if id / 1000 == item.chunk_id {
            if !self.made.insert(id) {
                self.fail("one order was made of two", item.run, item.index);
            }
            if sent_at(chunk, id) != Some(sent) {
                self.fail("an order was made of another one", item.run, item.index);
            }
            let (station, cycle) = (&self.batch.station, payload.map_or("", |sent| &sent.cycle));
            if let Some(told) = difference(sent, order, station, cycle) {
                self.report.violation("an order is not what was sent", told);
            }
            if let Some(told) = self.possible(payload).not_made(sent, order) {
                self.report
                    .violation("an order was made that could not be", told);
            }
            let is_wrong = payload.is_some_and(|sent| sent.expected.contains_key(&item.index));
            if is_wrong && !chunk.is_rework {
                self.fail("a wrong order was made", item.run, item.index);
            }
            if !chunk.is_rework && self.is_poison(sent) {
                self.fail("a poisonous order was made", item.run, item.index);
            }
            return;
        }
        let maker = self.rows.chunks.get(&(id / 1000));
        let is_earlier = maker.is_some_and(|maker| maker.run < item.run);
        if !is_earlier || Some(&order.key) != key(sent).as_ref() {
            self.fail("an order is taken for another one", item.run, item.index);
        }
    }

    fn refused(&mut self, item: &Item, chunk: &Chunk, payload: Option<&SentPayload>) {
        if self.rows.orders.contains_key(&reserved(item, chunk)) {
            self.fail("a refused order was made", item.run, item.index);
        }
        let busy = item.codes == [BUSY];
        if busy {
            self.report.checked.given_up += 1;
            let name = (self.rows.task_id, chunk.run, chunk.number);
            let buried = chunk.cause.is_some() && self.history.dead_letters.contains(&name);
            let is_poison = sent(chunk, item.index).is_some_and(|sent| self.is_poison(sent));
            match (is_poison, buried) {
                (true, _) => self.report.checked.poisoned += 1,
                (false, false) => self.report.checked.interrupted += 1,
                (false, true) => {}
            }
            if !buried && item.attempts < TRIES {
                self.fail("an order was given up for no reason", item.run, item.index);
            }
            return;
        }
        self.report.checked.refused += 1;
        let expected = payload.and_then(|sent| sent.expected.get(&item.index));
        let is_expected = expected.is_some_and(|code| item.codes.contains(code));
        let sent = sent(chunk, item.index);
        let is_possible =
            sent.is_some_and(|sent| self.possible(payload).refused(sent, &item.codes));
        if chunk.is_rework || !(is_expected || is_possible) {
            let told = format!(
                "run {}, {}: {:?}, not {expected:?}",
                item.run, item.index, item.codes
            );
            self.report
                .violation("an order was refused for a wrong reason", told);
        }
    }

    fn by_hand(&mut self, item: &Item) {
        self.report.checked.by_hand += 1;
        let mut asked = self
            .batch
            .amends
            .iter()
            .map(|amend| (&amend.mending, amend.index));
        let was_asked = match (item.status, item.made_id) {
            (4, _) => asked.any(|asked| asked == (&Mending::Dropped, item.index)),
            (_, Some(id)) => asked.any(|(mending, _)| *mending == Mending::Made(id)),
            _ => false,
        };
        if !was_asked {
            self.fail("an order was mended by nobody", item.run, item.index);
        }
    }

    /// Somebody closed the batch, or submitted it again while an order of it was being mended; and it was not made.
    fn cancelled(&mut self, chunk: &Chunk, index: u32) {
        self.report.checked.cancelled += 1;
        let run_again = chunk.is_rework && self.rows.run > chunk.run;
        if self.batch.closes.is_empty() && !run_again {
            self.fail("an order was cancelled by nobody", chunk.run, index);
        }
        let id = self
            .id_of(chunk)
            .map(|id| id * 1000 + i64::from(index - chunk.first_index));
        if id.is_some_and(|id| self.rows.orders.contains_key(&id)) {
            self.fail("a cancelled order was made", chunk.run, index);
        }
    }

    /// Nothing was made twice, and nothing without an outcome that says so.
    fn every_order_has_its_item(&mut self) {
        for id in self.rows.orders.keys().filter(|id| !self.made.contains(id)) {
            let told = format!("order {id}: {:?}", self.rows.orders[id].key);
            self.report
                .violation("an order belongs to no outcome", told);
        }
    }

    fn possible<'p>(&'p self, payload: Option<&SentPayload>) -> Possible<'p> {
        let station = self.batch.station.as_str();
        Possible {
            loads: self.history.loads.get(station),
            owners: &self.history.owners,
            station,
            task_id: self.rows.task_id,
            from_ms: payload.map_or(0, |sent| sent.at_ms),
        }
    }

    fn id_of(&self, chunk: &Chunk) -> Option<i64> {
        let mut chunks = self.rows.chunks.iter();
        let found = chunks.find(|(_, one)| (one.run, one.number) == (chunk.run, chunk.number));
        found.map(|(id, _)| *id)
    }

    fn is_poison(&self, sent: &Value) -> bool {
        let number = sent["out_order_no"].as_str();
        number.is_some_and(|number| self.history.poisons.contains(number))
    }

    fn fail(&mut self, rule: &'static str, run: u32, index: u32) {
        self.report
            .violation(rule, format!("run {run}, index {index}"));
    }
}

/// What was sent as an item.
fn sent(chunk: &Chunk, index: u32) -> Option<&Value> {
    let at = index.checked_sub(chunk.first_index)?;
    chunk.payload.get(at as usize)
}

/// What was sent at the place that an order's id stands for.
fn sent_at(chunk: &Chunk, id: i64) -> Option<&Value> {
    chunk.payload.get(usize::try_from(id % 1000).ok()?)
}

/// The id that was kept for what would be made of an item.
fn reserved(item: &Item, chunk: &Chunk) -> i64 {
    item.chunk_id * 1000 + i64::from(item.index.saturating_sub(chunk.first_index))
}
