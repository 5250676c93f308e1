//! Everything that is wrong with a file; of millions of bad records the first are told and all are counted.

/// How many findings an answer lists.
const LISTED: usize = 20;

/// The findings of a file, in their order.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) first: Vec<String>,
    pub(super) count: usize,
}

impl Findings {
    /// Makes the findings of a file that has one.
    pub(super) fn one(finding: impl Into<String>) -> Self {
        let mut findings = Self::default();
        findings.push(finding.into());
        findings
    }

    pub(super) fn push(&mut self, finding: String) {
        self.count += 1;
        if self.first.len() < LISTED {
            self.first.push(finding);
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns a line for each of the first findings, and one that counts the others.
    pub(super) fn lines(&self) -> String {
        let mut lines: Vec<_> = self.first.iter().map(|it| format!("\n  {it}")).collect();
        if self.count > LISTED {
            lines.push(format!("\n  ... and {} more", self.count - LISTED));
        }
        lines.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_twenty_bad_records_are_listed_and_the_rest_is_counted() {
        let mut findings = Findings::default();
        for number in 1..=25 {
            findings.push(format!("sku D{number}: …"));
        }
        let lines = findings.lines();
        assert!(
            lines.ends_with("\n  sku D20: …\n  ... and 5 more"),
            "{lines}"
        );
    }
}
