//! Which tasks a list shows, and the index that finds them.

use super::TaskStatus;
use crate::ids::StationId;
use crate::time::Moment;

/// Which tasks.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'a> {
    /// Whose; `None`: those of all stations.
    pub station: Option<&'a StationId>,
    /// In one of these statuses; in any when empty.
    pub statuses: &'a [TaskStatus],
    /// Of this kind.
    pub type_id: Option<i32>,
    /// Only tasks that are listed to the station's staff.
    pub only_shown: bool,
    /// What else they are found by.
    pub found_by: FoundBy<'a>,
}

/// The values beside status and type that tasks are found by.
#[derive(Debug, Clone, Copy, Default)]
pub struct FoundBy<'a> {
    /// How they ended, one of these; in any way or not yet when empty.
    pub outcomes: &'a [&'static str],
    /// Their queue.
    pub queue: Option<&'a str>,
    /// One of their tags.
    pub tag: Option<&'a str>,
    /// A range of a column of one station's tasks, which are listed in the order of that column.
    pub ordered: Option<Ordered<'a>>,
}

/// A range of a column that has an index of its own.
#[derive(Debug, Clone, Copy)]
pub enum Ordered<'a> {
    /// Names that begin with a text.
    Name(&'a str),
    /// Callers' own ids that begin with a text.
    UserTaskId(&'a str),
    /// Added at the first time or later, and before the second one.
    Created(Option<Moment>, Option<Moment>),
}

/// The outcome of the tasks of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfOutcome {
    /// Any outcome, or none.
    Any,
    /// NULL: open tasks, and tasks that were finished before outcomes were kept.
    None,
    /// This outcome.
    Ended(&'static str),
}

/// Every outcome that a finished task may have.
const OF_FINISHED: [OfOutcome; 5] = [
    OfOutcome::None,
    OfOutcome::Ended("success"),
    OfOutcome::Ended("partial"),
    OfOutcome::Ended("failed"),
    OfOutcome::Ended("cancelled"),
];

/// A range of an index, in which tasks are ordered by their keys; `None` is any value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) status: Option<TaskStatus>,
    pub(super) outcome: OfOutcome,
    pub(super) shown: Option<bool>,
}

const ANY: Range = Range {
    status: None,
    outcome: OfOutcome::Any,
    shown: None,
};

/// Where the keys of a page come from.
#[derive(Debug, Clone)]
pub(super) enum Source<'a> {
    /// Ranges of an index of one station's tasks, of a type where one is asked for.
    Station(&'a StationId, Option<i32>, Vec<Range>),
    /// Ranges of the index of a queue's tasks, of all stations.
    Queue(&'a str, Vec<Range>),
    /// The newest tasks of all stations.
    All,
    /// A range of a column of one station's tasks.
    Ordered(&'a StationId, Ordered<'a>),
}

impl<'a> Filter<'a> {
    /// Returns the source of the filter's tasks: each is read backwards and stopped early. Newest first needs a value for
    /// every column of an index before the key; a count does not.
    pub(super) fn source(&self, newest_first: bool) -> Source<'a> {
        match (self.station, self.found_by.ordered, self.found_by.queue) {
            (Some(station), Some(ordered), _) => Source::Ordered(station, ordered),
            // Their rows are looked at anyhow: one range of the index reads no more than it has to.
            (Some(station), None, _)
                if self.is_looked_through() && self.found_by.outcomes.is_empty() =>
            {
                Source::Station(station, None, vec![ANY])
            }
            (Some(station), None, _) => {
                Source::Station(station, self.type_of_index(), self.ranges(newest_first))
            }
            (None, _, Some(queue)) => Source::Queue(queue, self.outcomes()),
            (None, ..) => Source::All,
        }
    }

    /// Tells whether tasks of the source must be looked at one by one, because no index tells all that is asked for.
    #[must_use]
    pub fn is_looked_through(&self) -> bool {
        let by = &self.found_by;
        let by_rows = by.tag.is_some() || (by.queue.is_some() && self.station.is_some());
        let by_index_of_status = !self.statuses.is_empty() || self.only_shown;
        match (self.station, by.ordered) {
            (Some(_), None) => by_rows || (self.type_id.is_some() && !by.outcomes.is_empty()),
            _ if by_rows || by_index_of_status || self.type_id.is_some() => true,
            (Some(_), Some(_)) | (None, _) => !by.outcomes.is_empty() && by.queue.is_none(),
        }
    }

    /// Tells whether the tasks are in the order of their keys, and can be counted from an index.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        self.station.is_some() && self.found_by.ordered.is_none() && !self.is_looked_through()
    }

    /// Returns the ranges that together hold the filtered tasks of a station.
    fn ranges(&self, newest_first: bool) -> Vec<Range> {
        let has_outcome = !self.found_by.outcomes.is_empty();
        let statuses = self.wanted();
        let any_status = statuses.len() == 3 && !self.only_shown && !has_outcome;
        let shown: &[_] = match () {
            () if self.only_shown => &[Some(true)],
            () if newest_first => &[Some(true), Some(false)],
            () => &[None],
        };
        if any_status && (self.type_of_index().is_none() || !newest_first) {
            return vec![ANY];
        }
        let mut ranges = Vec::new();
        for status in statuses {
            for outcome in self.outcomes_of(status, newest_first) {
                ranges.extend(shown.iter().map(|&shown| Range {
                    status: Some(status),
                    outcome,
                    shown,
                }));
            }
        }
        ranges
    }

    /// Returns the type where the index on types finds the tasks: it has no outcomes.
    fn type_of_index(&self) -> Option<i32> {
        self.type_id.filter(|_| self.found_by.outcomes.is_empty())
    }

    fn wanted(&self) -> Vec<TaskStatus> {
        let all = [
            TaskStatus::Submitted,
            TaskStatus::Running,
            TaskStatus::Finished,
        ];
        let is_wanted =
            |status: &TaskStatus| self.statuses.is_empty() || self.statuses.contains(status);
        all.into_iter().filter(is_wanted).collect()
    }

    /// Returns the outcomes of a status, as ranges of the index on statuses need them. The index on types has none.
    fn outcomes_of(&self, status: TaskStatus, newest_first: bool) -> Vec<OfOutcome> {
        let asked = self.found_by.outcomes;
        match status {
            _ if self.type_of_index().is_some() => vec![OfOutcome::Any],
            TaskStatus::Finished if !asked.is_empty() => ended(asked),
            _ if !asked.is_empty() => Vec::new(),
            _ if !newest_first && !self.only_shown => vec![OfOutcome::Any],
            TaskStatus::Finished => OF_FINISHED.to_vec(),
            _ => vec![OfOutcome::None],
        }
    }

    /// Returns the ranges of the index of a queue.
    fn outcomes(&self) -> Vec<Range> {
        let outcomes = match self.found_by.outcomes {
            [] if self.wanted().contains(&TaskStatus::Finished) => OF_FINISHED.to_vec(),
            [] => vec![OfOutcome::None],
            asked => ended(asked),
        };
        let range = |outcome| Range { outcome, ..ANY };
        outcomes.into_iter().map(range).collect()
    }
}

fn ended(outcomes: &[&'static str]) -> Vec<OfOutcome> {
    outcomes
        .iter()
        .map(|&word| OfOutcome::Ended(word))
        .collect()
}

impl Ordered<'_> {
    /// Returns the index of the column, and the column.
    pub(super) const fn index(&self) -> (&'static str, &'static str) {
        match self {
            Self::Name(_) => ("by_name", "name"),
            Self::UserTaskId(_) => ("own_id", "user_task_id"),
            Self::Created(..) => ("by_time", "creat_time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_station<'a>(station: &'a StationId, found_by: FoundBy<'a>) -> Filter<'a> {
        Filter {
            station: Some(station),
            statuses: &[],
            type_id: None,
            only_shown: true,
            found_by,
        }
    }

    #[test]
    fn an_outcome_is_a_range_of_the_index_on_statuses() {
        let station = StationId::parse("T1").unwrap();
        let failed = FoundBy {
            outcomes: &["failed"],
            ..FoundBy::default()
        };
        let filter = of_station(&station, failed);
        let Source::Station(_, None, ranges) = filter.source(true) else {
            panic!("another source");
        };
        let expected = Range {
            status: Some(TaskStatus::Finished),
            outcome: OfOutcome::Ended("failed"),
            shown: Some(true),
        };
        assert_eq!(ranges, [expected]);
        assert!(!filter.is_looked_through() && filter.is_counted());
        let open = Filter {
            statuses: &[TaskStatus::Running],
            ..filter
        };
        assert!(matches!(open.source(true), Source::Station(_, _, ranges) if ranges.is_empty()));
    }

    #[test]
    fn values_without_an_index_are_looked_for_in_a_bounded_number_of_tasks() {
        let station = StationId::parse("T1").unwrap();
        let tagged = FoundBy {
            tag: Some("a"),
            ..FoundBy::default()
        };
        assert!(of_station(&station, tagged).is_looked_through());
        let named = FoundBy {
            ordered: Some(Ordered::Name("a")),
            ..FoundBy::default()
        };
        let filter = of_station(&station, named);
        assert!(filter.is_looked_through() && !filter.is_counted());
        let hidden_too = Filter {
            only_shown: false,
            ..filter
        };
        assert!(!hidden_too.is_looked_through() && !hidden_too.is_counted());
    }
}
