//! The report of a run: the faults that happened and how often, the checks, the findings.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::checker::Checked;
use crate::faults;
use crate::load::Calm;
use crate::options::Options;

/// How often each kind of fault happened.
#[derive(Debug)]
pub(crate) struct Tally {
    counts: Mutex<BTreeMap<String, u32>>,
    started: Instant,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            counts: Mutex::default(),
            started: Instant::now(),
        }
    }

    /// One more of a kind.
    pub(crate) fn count(&self, kind: &str) {
        let seconds = self.started.elapsed().as_secs_f64();
        eprintln!("{seconds:8.2} s  {kind}");
        *self
            .counts
            .lock()
            .unwrap()
            .entry(kind.to_owned())
            .or_default() += 1;
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u32> {
        self.counts.lock().unwrap().clone()
    }
}

/// Prints the report of a run.
pub(crate) fn print(
    options: &Options,
    faults: &BTreeMap<String, u32>,
    checked: &Checked,
    took: Duration,
) {
    print_faults(faults);
    println!(
        "\n{}, seed {}, {:.1} minutes of faults, {:.0} s in all",
        options.flavor,
        options.seed,
        options.duration.as_secs_f64() / 60.0,
        took.as_secs_f64()
    );
    print_checked(checked, options.duration);
    print_violations(checked);
}

fn print_faults(faults: &BTreeMap<String, u32>) {
    println!("\nfaults by kind");
    for (kind, count) in faults {
        println!("  {count:>6}  {kind}");
    }
    let total: u32 = faults.values().sum();
    let all = faults::kinds();
    println!("  {total:>6}  of {} of {} kinds", faults.len(), all.len());
    let unmet = unmet(faults);
    println!("{} kinds did not happen", unmet.len());
    for kind in unmet {
        println!("       -  {kind}");
    }
}

fn print_checked(checked: &Checked, duration: Duration) {
    println!(
        "{} batches in {} runs, {} calls answered, {} unanswered, {} looks",
        checked.batches, checked.runs, checked.answered, checked.unanswered, checked.looks
    );
    println!(
        "{} price changes made; {} tasks that are no batches, {} calls about them; {} loads of reference data",
        checked.priced, checked.tasks, checked.acts, checked.loads
    );
    println!(
        "{} dispatched tasks, {} runs of them, {} of these lost",
        checked.dispatched, checked.dispatched_runs, checked.lost_runs
    );
    println!(
        "{} calls of targets, {} of them told callbacks; {} deliveries, {} given up; {} instants of schedules",
        checked.calls, checked.told, checked.deliveries, checked.untold, checked.instants
    );
    let per_second = f64::from(checked.made) / duration.as_secs_f64();
    println!(
        "{} outcomes checked row by row: {} orders made with {} lines, {} refused, {} given up ({} of them poisonous, {} because their worker was killed at each try), {} cancelled, {} mended or dropped; {per_second:.0} orders/s",
        checked.outcomes,
        checked.made,
        checked.lines,
        checked.refused,
        checked.given_up,
        checked.poisoned,
        checked.interrupted,
        checked.cancelled,
        checked.by_hand
    );
}

/// Prints the times from the add of a task to the call of a quick target.
pub(crate) fn print_waits(calm: &Calm, among_faults: &[Duration]) {
    println!("added to called, quick targets");
    for (name, waits) in [
        ("alone", &*calm.alone),
        ("beside 3 targets that hang", &*calm.beside),
        ("beside 3 that misbehave, among all faults", among_faults),
    ] {
        let longest = waits.last().copied().unwrap_or_default();
        let at = |part: usize| waits.get(waits.len() * part / 100).unwrap_or(&longest);
        let [p50, p90, p99, longest] = [at(50), at(90), at(99), &longest].map(Duration::as_millis);
        let count = waits.len();
        println!("  {name}: p50 {p50}, p90 {p90}, p99 {p99}, longest {longest} ms of {count}");
    }
}

fn print_violations(checked: &Checked) {
    let mut rules = BTreeMap::<_, u32>::new();
    for violation in &checked.violations {
        let count = rules.entry(violation.rule).or_default();
        *count += 1;
        if *count <= 10 {
            println!("VIOLATION {violation}");
        }
    }
    println!("{} violations", checked.violations.len());
    for (rule, count) in rules {
        println!("  {count:>6}  {rule}");
    }
}

/// The kinds of faults, each failpoint with each action among them, that did not happen.
pub(crate) fn unmet(faults: &BTreeMap<String, u32>) -> Vec<String> {
    let all = faults::kinds().into_iter();
    all.filter(|kind| !faults.contains_key(kind)).collect()
}

/// The errors in the functions' logs, by their words.
pub(crate) fn met(folder: &Path) -> BTreeMap<String, u32> {
    let mut met = BTreeMap::new();
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    for file in files.filter(|file| file.path().extension().is_some_and(|end| end == "log")) {
        let text = fs::read(file.path()).unwrap_or_default();
        for line in String::from_utf8_lossy(&text).lines() {
            if let Some((_, rest)) = line.split_once("\"error\":\"database")
                && let Some((error, _)) = rest.split_once('"')
            {
                *met.entry(format!("database{error}")).or_default() += 1;
            }
        }
    }
    met
}
