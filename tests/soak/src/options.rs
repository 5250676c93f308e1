//! The options of a run: `MINUTES`, `RATE`, `KILLS`, `PURGE`, `WORKERS` and `SEED`.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

const USAGE: &str = "make soak MINUTES=10 RATE=10000 [KILLS=1] [PURGE=n] [WORKERS=2] [SEED=n]";

/// The options of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) minutes: u32,
    /// Orders a second.
    pub(crate) rate: u32,
    /// Every minute one worker is killed.
    pub(crate) kills: bool,
    /// Old tasks that are purged beside the second half of the load.
    pub(crate) purge: u32,
    /// Worker processes.
    pub(crate) workers: usize,
    /// Decides the sizes, the stations and the faults.
    pub(crate) seed: u64,
}

impl Options {
    /// Reads the options by their names; an error is a sentence for the person at the terminal.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let kills: u8 = number(&variable, "KILLS", 0, 0..=1)?;
        Ok(Self {
            minutes: number(&variable, "MINUTES", 10, 1..=1440)?,
            rate: number(&variable, "RATE", 10_000, 1..=100_000)?,
            kills: kills == 1,
            purge: number(&variable, "PURGE", 0, 0..=50_000_000)?,
            workers: number(&variable, "WORKERS", 2, 1..=32)?,
            seed: number(&variable, "SEED", fastrand::u64(1..1_000_000), 0..=u64::MAX)?,
        })
    }

    /// Returns how long the measured load lasts.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs(u64::from(self.minutes) * 60)
    }

    /// Returns how many old tasks are purged, where any are.
    pub(crate) fn purged(&self) -> Option<u32> {
        (self.purge > 0).then_some(self.purge)
    }
}

fn number<N: FromStr + PartialOrd + Display>(
    variable: impl Fn(&str) -> Option<String>,
    name: &str,
    default: N,
    range: RangeInclusive<N>,
) -> Result<N, String> {
    let Some(text) = variable(name).filter(|text| !text.is_empty()) else {
        return Ok(default);
    };
    let parsed = text.parse().ok().filter(|number| range.contains(number));
    parsed.ok_or_else(|| {
        let (least, most) = (range.start(), range.end());
        format!("{name}={text} is no whole number from {least} to {most}: {USAGE}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Options, String> {
        let find = |name: &str| pairs.iter().find(|(other, _)| *other == name);
        Options::read(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn every_option_is_read() {
        let all = [
            ("MINUTES", "30"),
            ("RATE", "2000"),
            ("KILLS", "1"),
            ("PURGE", "5000000"),
            ("WORKERS", "3"),
            ("SEED", "7"),
        ];
        let options = Options {
            minutes: 30,
            rate: 2000,
            kills: true,
            purge: 5_000_000,
            workers: 3,
            seed: 7,
        };
        assert_eq!(read(&all), Ok(options));
    }

    #[test]
    fn options_that_are_left_out_or_empty_have_defaults() {
        let options = read(&[("RATE", ""), ("SEED", "1")]).unwrap();
        assert_eq!((options.minutes, options.rate), (10, 10_000));
        assert!(!options.kills);
    }

    #[test]
    fn nonsense_is_refused_with_its_name_the_value_and_the_range() {
        for (name, value, range) in [
            ("RATE", "fast", "from 1 to 100000"),
            ("RATE", "0", "from 1 to 100000"),
            ("RATE", "1e4", "from 1 to 100000"),
            ("MINUTES", "-1", "from 1 to 1440"),
            ("MINUTES", "0.5", "from 1 to 1440"),
            ("KILLS", "yes", "from 0 to 1"),
            ("PURGE", "all", "from 0 to 50000000"),
            ("WORKERS", "0", "from 1 to 32"),
            ("SEED", "x", "from 0 to 18446744073709551615"),
        ] {
            let refusal = read(&[(name, value)]).unwrap_err();
            assert!(
                refusal.starts_with(&format!("{name}={value} is no whole number {range}: ")),
                "{refusal}"
            );
        }
    }
}
