//! What the ledger tells of targets, callbacks and schedules, sorted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::ledger::{Entry, Push};

/// What was asked and seen.
#[derive(Debug, Default)]
pub(in crate::checker) struct Seen {
    /// The members of adds that were answered, by task.
    pub(in crate::checker) asked: BTreeMap<i64, Value>,
    /// Requests that targets got, by `webhook-id`.
    pub(in crate::checker) calls: BTreeMap<String, Vec<Call>>,
    /// Runs that a target finished by its answer, or may have by a call.
    pub(in crate::checker) finishing: BTreeSet<(i64, i64)>,
    /// From when to when, in milliseconds, schedules were set.
    pub(in crate::checker) schedules: BTreeMap<String, (i64, i64)>,
}

/// A request that a target got.
#[derive(Debug, Clone)]
pub(in crate::checker) struct Call {
    pub(in crate::checker) target: String,
    pub(in crate::checker) is_signed: bool,
    pub(in crate::checker) is_delivered: bool,
    pub(in crate::checker) body: Value,
}

/// Sorts what the ledger tells.
pub(in crate::checker) fn seen(entries: &[Entry]) -> Seen {
    let mut seen = Seen::default();
    for entry in entries {
        let Entry::Pushed(push) = entry else {
            continue;
        };
        match push {
            Push::Asked { id, new } => drop(seen.asked.insert(*id, new.clone())),
            Push::Finishing { id, run } => drop(seen.finishing.insert((*id, *run))),
            Push::Scheduled { name, from } => {
                seen.schedules.insert(name.clone(), (*from, i64::MIN));
            }
            Push::Unscheduled { name, to } => {
                seen.schedules.entry(name.clone()).or_default().1 = *to;
            }
            Push::Called {
                target,
                id,
                is_signed,
                is_delivered,
                body,
                ..
            } => {
                let data = &body["data"];
                if let (true, Some(task), Some(run)) = (
                    *is_delivered && body["type"] == "task.run",
                    data["task_id"].as_i64(),
                    data["run_count"].as_i64(),
                ) {
                    seen.finishing.insert((task, run));
                }
                seen.calls.entry(id.clone()).or_default().push(Call {
                    target: target.clone(),
                    is_signed: *is_signed,
                    is_delivered: *is_delivered,
                    body: body.clone(),
                });
            }
        }
    }
    seen
}
