//! Price changes: one outcome each, and the last accepted run counts.

use serde_json::{Value, json};

use super::fixture::*;
use crate::checker::prices::{Change, Sku, of};
use crate::checker::rows::{Item, Rows};
use crate::checker::{Checked, History};
use crate::ledger::{Entry, Expected, Job};

/// A right change and a wrong one.
fn sent() -> Vec<Value> {
    vec![
        json!({"sku_id": "P0", "sale_price": "1.50"}),
        json!({"sku_id": "P404", "sale_price": "2.00"}),
    ]
}

fn rules(doctor: impl FnOnce(&mut Rows)) -> Vec<&'static str> {
    let submit = Entry::Submit {
        call: 1,
        at_ms: 50,
        job: Job::Prices,
        task: TASK.to_owned(),
        station: "T1".to_owned(),
        cycle: String::new(),
        orders: sent(),
        expected: Expected::from([(1, "SKU_NOT_FOUND".to_owned())]),
    };
    let mut rows = rows();
    rows.chunks.remove(&8);
    rows.chunks.get_mut(&7).unwrap().payload = sent();
    rows.items.truncate(2);
    rows.items[1].codes = vec!["SKU_NOT_FOUND".to_owned()];
    rows.orders.clear();
    rows.item_count = 2;
    rows.result = json!({"total": 2, "success_count": 1, "failure_count": 1, "unprocessed_count": 0, "outcome": "partial"});
    doctor(&mut rows);
    let mut checked = Checked::default();
    checked.batch(
        &History::of(vec![submit, answer(1, 100)]),
        TASK,
        Some(&rows),
    );
    checked.violations.iter().map(|found| found.rule).collect()
}

#[test]
fn a_price_change_has_exactly_its_outcome() {
    const RULE: &str = "a price change has a wrong outcome";
    assert_eq!(rules(|_| {}), [""; 0]);
    let changes: [fn(&mut Vec<Item>); 4] = [
        |items| drop(items.pop()),
        |items| items[1].status = 1,
        |items| items[0].status = 2,
        |items| items[1].codes = vec!["PRICE_NEGATIVE".to_owned()],
    ];
    for change in changes {
        let found = rules(|rows| change(&mut rows.items));
        assert!(found.contains(&RULE), "{found:?}");
    }
    let found = rules(|rows| rows.items.push(item(9, 1, None, &[])));
    assert!(found.contains(&"a price change has an outcome and was not sent"));
}

#[test]
fn a_change_that_a_run_carried_over_counts_from_no_later_time_than_it_was_made() {
    let mut rows = rows();
    rows.chunks.remove(&8);
    rows.chunks.get_mut(&7).unwrap().payload = sent();
    rows.items.truncate(1);
    let accepted = |rows: &Rows| -> Vec<_> {
        let changes = of(rows);
        changes.iter().map(|change| change.accepted_ms).collect()
    };
    assert_eq!(accepted(&rows), [Some(90)]);
    let mut again = rows.chunks[&7].clone();
    again.run = 2;
    rows.chunks.insert(9, again);
    let mut carried = rows.items[0].clone();
    (carried.run, carried.chunk_id) = (2, 9);
    rows.items.push(carried);
    rows.run = 2;
    assert_eq!(accepted(&rows), [None, None]);
    rows.chunks.get_mut(&9).unwrap().payload[0]["sale_price"] = json!("3.00");
    assert_eq!(
        accepted(&rows),
        [None, Some(90)],
        "another list is worked whole"
    );
}

/// The rules broken by one sku with this price, set by task 2, accepted at 200, and these changes: task, price, accepted.
fn of_sku(price: Option<&str>, changes: &[(i64, &str, Option<i64>)]) -> Vec<&'static str> {
    let sku = price.map(|price| Sku {
        station: "T1".to_owned(),
        sku_id: "P0".to_owned(),
        price: price.to_owned(),
        priced_ms: 200,
        priced_by: 2,
    });
    let change = |&(task_id, price, accepted_ms): &(i64, &str, Option<i64>)| Change {
        station: "T1".to_owned(),
        task_id,
        sku_id: "P0".to_owned(),
        price: price.to_owned(),
        accepted_ms,
    };
    let changes: Vec<_> = changes.iter().map(change).collect();
    let mut checked = Checked::default();
    checked.prices(sku.as_slice(), &changes);
    checked.violations.iter().map(|found| found.rule).collect()
}

#[test]
fn the_run_that_was_accepted_last_sets_the_price() {
    let second = (2, "2.00", Some(200));
    assert_eq!(
        of_sku(Some("2.00"), &[(1, "1.00", Some(100)), second]),
        [""; 0]
    );
    assert_eq!(of_sku(Some("2.00"), &[(3, "9.00", None), second]), [""; 0]);
    let rule = "a later price change is gone";
    assert_eq!(
        of_sku(Some("2.00"), &[second, (3, "3.00", Some(300))]),
        [rule]
    );
    assert_eq!(of_sku(None, &[second]), [rule]);
    assert_eq!(
        of_sku(Some("7.00"), &[(2, "2.00", None)]),
        ["a price is nobody's"]
    );
}
