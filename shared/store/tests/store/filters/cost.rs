//! The server's cost of a filter.

use task_store::Database;

use super::*;
use crate::support::counting_reads;

/// Entries and rows of a page that an index finds.
const FEW: i64 = 250;
/// The keys, the rows that are looked at, and the keys once more to see where to go on; MariaDB reads each part of a UNION to
/// its own end.
const LOOKED_THROUGH: i64 = 10 * 2_000;

async fn reads_at_most(one: &Database, most: i64, filter: &Filter<'_>) {
    for after in [None, Some(3_000)] {
        let read = async |c: &mut _| page(c, filter, 10, after).await;
        done(one, &read).await;
        let counted = async |c: &mut _| counting_reads(c, &read).await;
        let (reads, (_, next)) = done(one, counted).await;
        let found_by = filter.found_by;
        println!("{found_by:?} after {after:?}: {reads}");
        assert!(reads <= most, "{found_by:?} after {after:?} reads {reads}");
        assert!(next.is_some() || after.is_some(), "{found_by:?}");
    }
}

#[tokio::test]
async fn a_page_reads_what_it_answers_or_two_thousand_entries() {
    with_database(async |fresh| {
        filled(fresh).await;
        let one = fresh.another(1);
        let t1 = station("T1");
        let of_t1 = |found_by| Filter {
            found_by,
            ..of(&t1)
        };
        let failed = FoundBy {
            outcomes: &["failed"],
            ..FoundBy::default()
        };
        for found_by in [FoundBy::default(), failed] {
            reads_at_most(&one, FEW, &of_t1(found_by)).await;
        }
        let hidden_too = |found_by| Filter {
            only_shown: false,
            ..of_t1(found_by)
        };
        let created = Ordered::Created(at(9), at(5_000));
        for ordered in [Ordered::Name("stock"), Ordered::UserTaskId("a_"), created] {
            reads_at_most(&one, FEW, &hidden_too(by(ordered))).await;
        }
        let ended_of_queue = FoundBy {
            queue: Some("demo"),
            outcomes: &["success"],
            ..FoundBy::default()
        };
        for found_by in [FoundBy::default(), ended_of_queue] {
            let everywhere = Filter {
                station: None,
                ..hidden_too(found_by)
            };
            reads_at_most(&one, FEW, &everywhere).await;
        }
        for ordered in [None, Some(Ordered::Name("")), Some(created)] {
            let tagged = FoundBy {
                tag: Some("none"),
                ordered,
                ..FoundBy::default()
            };
            reads_at_most(&one, LOOKED_THROUGH, &of_t1(tagged)).await;
        }
    })
    .await;
}
