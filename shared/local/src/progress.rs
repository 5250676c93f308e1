//! A progress bar: redrawn in place on a terminal, a few plain lines elsewhere.

use std::io::{IsTerminal, Write, stdout};
use std::time::{Duration, Instant};

const WIDTH: u64 = 30;

/// The bar of one batch.
#[derive(Debug)]
pub(crate) struct Bar {
    started: Instant,
    is_terminal: bool,
    drawn: Option<u64>,
}

impl Bar {
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
            is_terminal: stdout().is_terminal(),
            drawn: None,
        }
    }

    /// Draws the bar at `percent`; elsewhere than on a terminal only every quarter is worth a line.
    pub(crate) fn draw(&mut self, percent: u64) {
        let step = if self.is_terminal {
            percent
        } else {
            percent / 25
        };
        if self.drawn == Some(step) {
            return;
        }
        self.drawn = Some(step);
        let bar = picture(percent, self.started.elapsed());
        if self.is_terminal {
            print!("\r  {bar}\x1b[K");
            // A terminal that is gone is no reason to stop.
            let _ = stdout().flush();
        } else {
            println!("  {bar}");
        }
    }

    /// Leaves the bar's line.
    pub(crate) fn end(self) {
        if self.is_terminal {
            println!();
        }
    }
}

fn picture(percent: u64, elapsed: Duration) -> String {
    let full = usize::try_from(percent.min(100) * WIDTH / 100).unwrap_or(0);
    let empty = usize::try_from(WIDTH).unwrap_or(0) - full;
    format!(
        "[{}{}] {percent:>3}%  {:.1} s",
        "█".repeat(full),
        "░".repeat(empty),
        elapsed.as_secs_f64()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_its_percentage() {
        let bar = picture(50, Duration::from_millis(1500));
        assert_eq!(
            bar,
            format!("[{}{}]  50%  1.5 s", "█".repeat(15), "░".repeat(15))
        );
        assert_eq!(picture(100, Duration::ZERO).matches('█').count(), 30);
        assert_eq!(picture(0, Duration::ZERO).matches('░').count(), 30);
    }
}
