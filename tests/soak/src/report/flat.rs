//! Whether a figure stays the same over the minutes of a run.

/// The change that still counts as none.
const BAND: f64 = 0.1;
/// A run of fewer minutes tells nothing.
const LEAST: usize = 4;

/// How a figure went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Course {
    /// Its last third against its first third, the first minute aside, is within a tenth.
    Flat(f64),
    Rising(f64),
    Falling(f64),
    TooShort,
}

impl Course {
    /// Judges the values of the minutes in their order. The first one is left out: caches fill.
    pub(super) fn of(values: &[f64]) -> Self {
        if values.len() < LEAST {
            return Self::TooShort;
        }
        let values = &values[1..];
        let third = values.len() / 3;
        let (first, last) = (
            mean(&values[..third]),
            mean(&values[values.len() - third..]),
        );
        if first <= 0.0 && last <= 0.0 {
            return Self::Flat(1.0);
        }
        match last / first {
            ratio if ratio > 1.0 + BAND => Self::Rising(ratio),
            ratio if ratio < 1.0 - BAND => Self::Falling(ratio),
            ratio => Self::Flat(ratio),
        }
    }

    /// Says it in a few words.
    pub(super) fn words(self) -> String {
        let change = |ratio: f64| format!("{ratio:.2} x, last third of the minutes to first");
        match self {
            Self::Flat(ratio) => format!("flat ({})", change(ratio)),
            Self::Rising(ratio) => format!("rising ({})", change(ratio)),
            Self::Falling(ratio) => format!("falling ({})", change(ratio)),
            Self::TooShort => format!("fewer than {LEAST} minutes tell nothing"),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few minutes")]
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_varies_by_less_than_a_tenth_is_flat() {
        assert!(matches!(
            Course::of(&[9.0, 1.0, 1.05, 0.95, 1.0, 1.02, 1.03]),
            Course::Flat(_)
        ));
    }

    #[test]
    fn a_figure_that_grows_is_rising_and_one_that_shrinks_falling() {
        let growing = [10.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0];
        assert!(
            matches!(Course::of(&growing), Course::Rising(ratio) if (ratio - 14.5 / 10.5).abs() < 1e-9)
        );
        let shrinking: Vec<f64> = growing.into_iter().rev().collect();
        assert!(matches!(Course::of(&shrinking), Course::Falling(_)));
    }

    #[test]
    fn the_first_minute_is_left_out() {
        assert_eq!(Course::of(&[50.0, 1.0, 1.0, 1.0]), Course::Flat(1.0));
    }

    #[test]
    fn a_run_of_three_minutes_tells_nothing() {
        assert_eq!(Course::of(&[1.0, 2.0, 3.0]), Course::TooShort);
    }

    #[test]
    fn a_figure_that_is_always_0_is_flat() {
        assert_eq!(Course::of(&[0.0; 5]), Course::Flat(1.0));
    }
}
