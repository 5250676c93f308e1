//! The options of a run: `MINUTES`, `SEED`, `PART` and `MYSQL_FLAVOR`.

use std::time::Duration;

/// The options of a run.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// How long faults happen.
    pub(crate) duration: Duration,
    /// Decides every choice.
    pub(crate) seed: u64,
    /// The load.
    pub(crate) part: Part,
    /// `mysql` or `mariadb`.
    pub(crate) flavor: String,
}

/// A part of the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    All,
    /// Batches of orders whose numbers clash, cut off while they are worked order by order.
    Clashes,
    /// Lists of price changes.
    Prices,
    /// Tasks that are no batches.
    Tasks,
    /// Tasks that are dispatched to workers.
    Dispatched,
    /// Tasks whose targets are called, callbacks and schedules.
    Targets,
}

impl Part {
    fn named(name: &str) -> Self {
        match name {
            "all" => Self::All,
            "clashes" => Self::Clashes,
            "prices" => Self::Prices,
            "tasks" => Self::Tasks,
            "dispatched" => Self::Dispatched,
            "targets" => Self::Targets,
            _ => panic!("PART={name} is none of all, clashes, prices, tasks, dispatched, targets"),
        }
    }

    /// Tells whether this part was asked for.
    pub(crate) fn is_in(self, asked: Self) -> bool {
        asked == Self::All || asked == self
    }
}

impl Options {
    /// Reads the environment.
    pub(crate) fn from_environment() -> Self {
        let minutes = number("MINUTES").unwrap_or(3.0);
        Self {
            duration: Duration::from_secs_f64(minutes * 60.0),
            seed: variable("SEED").map_or_else(
                || fastrand::u64(1..1_000_000),
                |text| text.parse().expect("SEED is no whole number"),
            ),
            part: variable("PART").map_or(Part::All, |name| Part::named(&name)),
            flavor: variable("MYSQL_FLAVOR").unwrap_or_else(|| "mysql".to_owned()),
        }
    }
}

fn number(name: &str) -> Option<f64> {
    let text = variable(name)?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is no number")),
    )
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
