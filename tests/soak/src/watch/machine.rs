//! What the machine has left: processor time and disk.

use std::process::Command;

/// The processor time of all processors since the machine started, in ticks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Processors {
    busy: f64,
    all: f64,
}

impl Processors {
    pub(super) fn now() -> Self {
        let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        Self::read(&stat)
    }

    /// Returns the share of the time since `before` in which they were busy, in percent.
    pub(super) fn busy_since(self, before: Self) -> f64 {
        100.0 * (self.busy - before.busy) / (self.all - before.all).max(1.0)
    }

    /// Reads the first line: user, nice, system, idle, iowait and so on.
    fn read(stat: &str) -> Self {
        let line = stat.lines().next().unwrap_or_default();
        let ticks = line.split_whitespace().skip(1).take(8);
        let ticks: Vec<f64> = ticks.filter_map(|ticks| ticks.parse().ok()).collect();
        let all = ticks.iter().sum();
        let idle: f64 = ticks.iter().skip(3).take(2).sum();
        Self {
            busy: all - idle,
            all,
        }
    }
}

/// Returns the free bytes of the disk that the project is on; `None` where `df` does not say.
pub(super) fn free_disk() -> Option<u64> {
    let root = task_local::project_root();
    let output = Command::new("df").args(["-kP"]).arg(root).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let kilobytes: u64 = text
        .lines()
        .nth(1)?
        .split_whitespace()
        .nth(3)?
        .parse()
        .ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_and_time_that_waits_for_the_disk_are_not_busy() {
        let before = Processors::read("cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 1 1 1");
        let after = Processors::read("cpu  150 0 150 1000 200 0 0 0 0 0\n");
        assert!((after.busy_since(before) - 20.0).abs() < 1e-9);
    }

    #[test]
    fn the_disk_of_the_project_has_some_free_space() {
        assert!(free_disk() > Some(0));
    }
}
