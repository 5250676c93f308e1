//! The report of a run: its latencies against the goals, the minutes, what was checked. Printed, and saved as JSON and as a
//! chart below `.local/bench`.

mod chart;
mod flat;
mod goals;
mod halves;
mod table;

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use crate::check::Checked;
use crate::latency::{Latencies, PERCENTILES};
use crate::ledger::Batch;
use crate::options::Options;
use crate::watch::{Minute, Stop, WATCHED, Watched};
use chart::short;
use flat::Course;
use goals::Goal;
pub(crate) use halves::Halves;
pub(crate) use table::print_minute;
use table::{heading, row};

/// Violations that are printed; the others are counted.
const SHOWN: usize = 20;

/// Everything about a run.
#[derive(Debug)]
pub(crate) struct Report {
    options: Options,
    watched: Watched,
    pub(crate) checked: Checked,
    kills: usize,
    batches: usize,
    /// Of measured batches, as all that follow.
    submit: Latencies,
    /// From the intended send to the end: batches that no kill touched, and batches whose chunk a killed worker held.
    untouched: Latencies,
    touched: Latencies,
    halves: Option<Halves>,
}

/// What a run is, in a line.
pub(crate) fn head(options: &Options) -> String {
    let Options {
        minutes,
        rate,
        workers,
        seed,
        kills,
        purge,
    } = options;
    let kills = if *kills {
        ", a worker killed every minute"
    } else {
        ""
    };
    let purge = match purge {
        0 => String::new(),
        tasks => format!(", {tasks} old tasks purged beside the second half"),
    };
    format!("soak: {rate} orders/s for {minutes} min, {workers} workers{kills}{purge}, SEED={seed}")
}

impl Report {
    /// Sums a run up. `warm_up` is the beginning that is not measured, `touched` the tasks a killed worker was at.
    pub(crate) fn new(
        options: Options,
        warm_up: Duration,
        batches: &[Batch],
        watched: Watched,
        checked: Checked,
        (kills, touched): (usize, &HashSet<i64>),
        halves: Option<Halves>,
    ) -> Self {
        let measured = || batches.iter().filter(|batch| batch.at >= warm_up);
        let is_touched =
            |batch: &&Batch| batch.end.is_some_and(|end| touched.contains(&end.task_id));
        let finish = |wanted| {
            measured()
                .filter(move |batch| is_touched(batch) == wanted)
                .filter_map(Batch::finish_time)
        };
        Self {
            options,
            watched,
            checked,
            kills,
            batches: batches.len(),
            submit: measured().filter_map(Batch::submit_time).collect(),
            untouched: finish(false).collect(),
            touched: finish(true).collect(),
            halves,
        }
    }

    /// Prints the report to standard output.
    pub(crate) fn print(&self) {
        println!("\n{}\n", head(&self.options));
        self.print_latencies();
        self.print_minutes();
        self.print_course();
        self.print_checked();
    }

    /// Writes `NAME.json` and `NAME.svg` into `.local/bench`.
    pub(crate) fn save(&self) {
        let folder = task_local::project_root().join(".local/bench");
        let name = self.name();
        let written = fs::create_dir_all(&folder)
            .and_then(|()| {
                fs::write(
                    folder.join(format!("{name}.json")),
                    format!("{:#}\n", self.json()),
                )
            })
            .and_then(|()| {
                let chart = chart::of(&head(&self.options), &self.watched.minutes);
                fs::write(folder.join(format!("{name}.svg")), chart)
            });
        written.expect("the report can be saved");
        eprintln!("report: {}", folder.join(name).display());
    }

    fn name(&self) -> String {
        let kills = if self.options.kills { "-kills" } else { "" };
        let purge = if self.halves.is_some() { "-purge" } else { "" };
        format!(
            "soak-{}x{}{kills}{purge}",
            self.options.rate, self.options.minutes
        )
    }

    fn latencies(&self) -> [(&'static str, &Latencies); 3] {
        [
            ("submit, answered", &self.submit),
            ("batch finished", &self.untouched),
            ("batch finished, touched by a kill", &self.touched),
        ]
    }

    fn goals(&self) -> Vec<Goal> {
        let mut goals = goals::of(
            self.options.kills,
            &self.submit,
            &self.untouched,
            &self.touched,
        );
        goals.extend(self.halves.iter().flat_map(Halves::goals));
        goals
    }

    fn print_latencies(&self) {
        print!("{:<36}{:>9}", "ms from the intended send", "batches");
        for (name, _) in PERCENTILES {
            print!("{name:>9}");
        }
        println!();
        for (name, latencies) in self.latencies() {
            print!("{name:<36}{:>9}", latencies.count());
            for (_, share) in PERCENTILES {
                print!("{:>9}", short(latencies.at(share)));
            }
            println!();
        }
        if let Some(halves) = &self.halves {
            halves.print();
        }
        println!();
        for goal in self.goals() {
            println!("{goal}");
        }
        println!();
    }

    fn print_minutes(&self) {
        println!("{}", heading());
        for minute in &self.watched.minutes {
            println!("{}", row(minute));
        }
        println!();
    }

    fn print_course(&self) {
        for (name, course) in self.courses() {
            println!("{name:<36} {}", course.words());
        }
        match self.watched.stop {
            Some(Stop::Saturated { waiting, speed }) => println!(
                "SATURATED after {:.0} s: {waiting} orders waited; it kept up with {speed:.0} orders/s",
                self.watched.end.as_secs_f64()
            ),
            Some(Stop::FullDisk) => println!(
                "STOPPED after {:.0} s: less than 6 GB of disk were free",
                self.watched.end.as_secs_f64()
            ),
            None => {}
        }
    }

    fn courses(&self) -> Vec<(String, Course)> {
        let of = |value: &dyn Fn(&Minute) -> f64| {
            let values: Vec<f64> = self.watched.minutes.iter().map(value).collect();
            Course::of(&values)
        };
        let memory = WATCHED.iter().enumerate();
        let memory = memory.map(|(place, name)| {
            (
                format!("peak memory, {name}"),
                of(&|minute| minute.memory[place]),
            )
        });
        [
            ("rows read per order".to_owned(), of(&|minute| minute.reads)),
            ("redo per order".to_owned(), of(&|minute| minute.redo)),
        ]
        .into_iter()
        .chain(memory)
        .collect()
    }

    fn print_checked(&self) {
        let Checked {
            accepted,
            refused,
            unknown,
            unknown_accepted,
            made,
            failed,
            lines,
            violations,
        } = &self.checked;
        println!(
            "\n{} batches sent: {accepted} accepted, {refused} refused, {unknown} without a clear answer ({unknown_accepted} of them stored); \
             {} workers killed",
            self.batches, self.kills
        );
        println!("{made} orders with {lines} lines made, {failed} orders failed as they should");
        for violation in violations.iter().take(SHOWN) {
            println!("VIOLATION {violation}");
        }
        println!("{} violations", violations.len());
    }

    fn json(&self) -> Value {
        let latencies: Value = self
            .latencies()
            .map(|(name, latencies)| (name.to_owned(), latencies.json()))
            .into_iter()
            .collect();
        let stop = self.watched.stop.map(|stop| match stop {
            Stop::Saturated { waiting, speed } => json!({"saturated": {"waiting_orders": waiting, "kept_up_orders_per_second": speed}}),
            Stop::FullDisk => json!("full disk"),
        });
        json!({
            "rate": self.options.rate, "minutes": self.options.minutes, "workers": self.options.workers, "seed": self.options.seed,
            "kills": self.kills, "latencies_ms": latencies, "halves": self.halves.as_ref().map(Halves::json), "stopped": stop, "seconds": self.watched.end.as_secs_f64(),
            "goals": self.goals().iter().map(Goal::json).collect::<Vec<_>>(),
            "course": self.courses().into_iter().map(|(name, course)| (name, course.words())).collect::<std::collections::BTreeMap<_, _>>(),
            "by_minute": self.watched.minutes.iter().map(Minute::json).collect::<Vec<_>>(),
            "checked": {"accepted": self.checked.accepted, "refused": self.checked.refused, "unknown": self.checked.unknown,
                "made": self.checked.made, "failed": self.checked.failed, "lines": self.checked.lines, "violations": self.checked.violations},
        })
    }
}
