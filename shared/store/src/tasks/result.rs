//! A change inside a task's result, as one expression for its new value and one condition that it applies: a
//! statement with both is atomic, and changes nothing where the path leads nowhere.
//!
//! MySQL's own functions say nothing when they change nothing, and take a single value for a list of one; so every
//! container on the way is checked to be of the type that its step needs. Only functions that MySQL and MariaDB agree on.

use sqlx::{MySql, QueryBuilder};

use super::document::{Amount, Document};
use super::path::{ResultPath, Step};

/// The most bytes of a result as it is printed.
pub const MAX_RESULT: u64 = 1_000_000;

/// An operation at a place in the result.
#[derive(Debug, Clone)]
pub enum Operation<'a> {
    /// Puts a document there; it replaces the value that is there.
    Set(Document<'a>),
    /// Puts a document at the end of the list that is there, or of a new one.
    Append(Document<'a>),
    /// Adds to the number that is there, or to 0.
    Increment(Amount),
    /// Removes the value that is there.
    Remove,
}

/// A change inside a task's result.
#[derive(Debug, Clone)]
pub struct ResultChange<'a> {
    /// Where.
    pub path: ResultPath,
    /// The operation.
    pub operation: Operation<'a>,
}

/// The SQL of the value at the place.
macro_rules! old {
    () => {
        "JSON_EXTRACT({base}, {path})"
    };
}

/// Whether something is there: 1 or 0.
macro_rules! has {
    () => {
        "JSON_CONTAINS_PATH({base}, 'one', {path})"
    };
}

/// The document that is given.
macro_rules! given {
    () => {
        "JSON_EXTRACT({value}, '$')"
    };
}

/// The number that is there plus the one given, as the shortest text; NULL when no number is there, or one too
/// large. Decimal arithmetic: 0.1 + 0.2 is 0.3.
macro_rules! sum {
    () => {
        concat!(
            "TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(CASE WHEN ",
            has!(),
            " = 0 THEN 0 WHEN JSON_TYPE(",
            old!(),
            ") NOT IN ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL') THEN NULL WHEN ABS(",
            old!(),
            ") BETWEEN 1e-15 AND 1e16 OR ABS(",
            old!(),
            ") = 0e0 THEN CAST(",
            old!(),
            " AS DECIMAL(65, 30)) END + CAST({value} AS DECIMAL(65, 30)) AS CHAR)))"
        )
    };
}

impl<'a> ResultChange<'a> {
    /// Adds the expression of the new result.
    pub(super) fn push_value(&'a self, sql: &mut QueryBuilder<'a, MySql>) {
        let template = match &self.operation {
            Operation::Set(_) if self.path.is_root() => "{value}",
            Operation::Set(_) => concat!("JSON_SET({base}, {path}, ", given!(), ")"),
            Operation::Append(_) => concat!(
                "IF(",
                has!(),
                ", JSON_ARRAY_APPEND({base}, {path}, ",
                given!(),
                "), JSON_SET({base}, {path}, JSON_ARRAY(",
                given!(),
                ")))"
            ),
            Operation::Increment(_) => {
                concat!("JSON_SET({base}, {path}, JSON_EXTRACT(", sum!(), ", '$'))")
            }
            Operation::Remove if self.path.is_root() => "NULL",
            Operation::Remove => "JSON_REMOVE({base}, {path})",
        };
        self.push(sql, template);
    }

    /// Adds ` AND …`: that the change applies to the result as it is, and leaves it small enough.
    pub(super) fn push_conditions(&'a self, sql: &mut QueryBuilder<'a, MySql>) {
        self.push_containers(sql);
        self.push_size(sql);
        let template = match &self.operation {
            Operation::Append(_) => {
                concat!(" AND COALESCE(JSON_TYPE(", old!(), "), 'ARRAY') = 'ARRAY'")
            }
            Operation::Increment(_) => concat!(
                " AND CHAR_LENGTH(REPLACE(REPLACE(",
                sum!(),
                ", '-', ''), '.', '')) <= 15"
            ),
            Operation::Remove if !self.path.is_root() => concat!(" AND ", has!(), " = 1"),
            Operation::Remove | Operation::Set(_) => "",
        };
        self.push(sql, template);
    }

    /// Adds the condition that the new result is not too large. It is printed only near the limit.
    fn push_size(&'a self, sql: &mut QueryBuilder<'a, MySql>) {
        let added = match &self.operation {
            Operation::Set(document) | Operation::Append(document) => document.most_bytes(),
            Operation::Increment(_) => 64,
            Operation::Remove => return,
        };
        let path = self.path.to_string().len();
        let added = u64::try_from(added.saturating_add(path)).unwrap_or(u64::MAX / 2);
        let before = match self.path.is_root() && matches!(self.operation, Operation::Set(_)) {
            true => " AND (0 + ",
            false => " AND (COALESCE(result_bytes, 2) + ",
        };
        sql.push(before)
            .push_bind(added)
            .push(" <= ")
            .push_bind(MAX_RESULT);
        sql.push(" OR COALESCE(OCTET_LENGTH(CAST(");
        match &self.operation {
            Operation::Set(_) if self.path.is_root() => self.push(sql, given!()),
            _ => self.push_value(sql),
        }
        sql.push(" AS CHAR)), 0) <= ")
            .push_bind(MAX_RESULT)
            .push(")");
    }

    /// Adds the condition that every container on the way is a list or an object, as its step needs.
    fn push_containers(&'a self, sql: &mut QueryBuilder<'a, MySql>) {
        for (depth, step) in self.path.steps().iter().enumerate() {
            sql.push(" AND JSON_TYPE(JSON_EXTRACT(").push(self.base());
            sql.push(", ").push_bind(self.path.prefix(depth));
            sql.push(match step {
                Step::Key(_) => ")) = 'OBJECT'",
                Step::Index(_) | Step::Last => ")) = 'ARRAY'",
            });
        }
    }

    /// Returns the result, or the document that a first change starts from.
    fn base(&self) -> &'static str {
        match (self.path.steps().first(), &self.operation) {
            (Some(Step::Key(_)), _) => "COALESCE(result, JSON_OBJECT())",
            (None, Operation::Increment(_)) => "COALESCE(result, JSON_EXTRACT('0', '$'))",
            _ => "COALESCE(result, JSON_ARRAY())",
        }
    }

    /// Adds SQL of this module, its `{base}` written out, its `{path}` and `{value}` bound.
    fn push(&'a self, sql: &mut QueryBuilder<'a, MySql>, template: &'static str) {
        for (at, part) in template.split(['{', '}']).enumerate() {
            match part {
                _ if at % 2 == 0 => sql.push(part),
                "base" => sql.push(self.base()),
                "path" => sql.push_bind(self.path.to_string()),
                _ => sql.push_bind(self.given()),
            };
        }
    }

    fn given(&self) -> Option<&str> {
        match &self.operation {
            Operation::Set(document) if self.path.is_root() && document.is_null() => None,
            Operation::Set(document) | Operation::Append(document) => Some(document.as_str()),
            Operation::Increment(amount) => Some(amount.as_str()),
            Operation::Remove => None,
        }
    }
}
