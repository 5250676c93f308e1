//! Work on rows within one transaction, of which the database refuses some.

use task_store::Connection;
use task_store::parts::Part;

use crate::error::{Error, Result};

/// Returns the refusal of a task that the database does not take, whose fault is of kind `fault`.
pub(super) fn not_taken(fault: &str) -> String {
    format!("the database does not take this task ({fault}): see its constraints and triggers")
}

/// Does work on rows: on all at once or, when the database refuses a value among them, by halves. A row that is refused by itself
/// is left to `refuse`, and keeps no other waiting. Answers the end of each part.
///
/// Runs in a transaction.
pub(super) async fn by_halves<T, R>(
    connection: &mut Connection,
    rows: &[T],
    work: impl AsyncFn(&mut Connection, &[T]) -> Result<R>,
    refuse: impl AsyncFn(&mut Connection, &T, &str) -> Result<R>,
) -> Result<Vec<R>> {
    let mut ends = Vec::new();
    let mut left = vec![rows];
    while let Some(part) = left.pop() {
        if part.is_empty() {
            continue;
        }
        Part::Rows.begin(connection).await?;
        match work(connection, part).await {
            Err(Error::Store(fault)) if fault.is_of_a_value() => {
                Part::Rows.undo(connection).await?;
                if let [row] = part {
                    ends.push(refuse(connection, row, &fault.kind()).await?);
                } else {
                    let (first, second) = part.split_at(part.len() / 2);
                    left.extend([second, first]);
                }
            }
            end => ends.push(end?),
        }
    }
    Ok(ends)
}
