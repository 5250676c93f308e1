use std::cell::{Cell, RefCell};
use std::time::Instant;

use task_engine::Deadline;

use super::*;

fn event(ids: &[&str]) -> Event {
    let records = ids
        .iter()
        .map(|id| serde_json::json!({"messageId": id, "body": id}));
    let records: Vec<_> = records.collect();
    serde_json::from_value(serde_json::json!({ "Records": records })).unwrap()
}

/// A worker whose messages and further work take some time each.
#[derive(Default)]
struct Fake {
    message_time: Duration,
    work_time: Duration,
    /// Pieces of further work that are left, those begun at this moment, and the most of them at once.
    left: Cell<usize>,
    busy: Cell<usize>,
    /// Bounds the pieces of work that may be begun at once; 0: any number.
    most: usize,
    looked: Cell<usize>,
    is_faulty: bool,
    /// Messages that arrive while the invocation waits.
    arriving: RefCell<Vec<&'static str>>,
    receives: bool,
    deleted: RefCell<Vec<String>>,
    handled: RefCell<Vec<String>>,
}

impl Worker for Fake {
    type Work = usize;

    async fn handle(&self, message: Message) -> Result<(), NotDone> {
        let is_quick = message.body.starts_with("quick");
        if !is_quick {
            tokio::time::sleep(self.message_time).await;
        }
        self.handled.borrow_mut().push(message.body.clone());
        self.busy.set(0);
        match message.body.as_str() {
            "bad" | "quick bad" => Err(NotDone::Unreadable),
            "panic" => panic!("boom"),
            _ => Ok(()),
        }
    }

    async fn next(&self) -> task_service::Result<Option<usize>> {
        self.looked.set(self.looked.get() + 1);
        if self.is_faulty {
            return Err(task_service::Error::invalid("x", "is bad"));
        }
        let left = self.left.get();
        let has_room = self.most == 0 || self.busy.get() < self.most;
        if left == 0 || !has_room {
            return Ok(None);
        }
        self.left.set(left - 1);
        self.busy.set(self.busy.get() + 1);
        Ok(Some(left))
    }

    async fn work(&self, number: usize) -> task_service::Result<()> {
        tokio::time::sleep(self.work_time).await;
        self.busy.set(self.busy.get().saturating_sub(1));
        self.handled.borrow_mut().push(number.to_string());
        assert!(number != 7, "boom");
        Ok(())
    }

    fn receives(&self) -> bool {
        self.receives
    }

    async fn receive(&self, most: usize) -> Vec<Record> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut arriving = self.arriving.borrow_mut();
        let count = most.min(arriving.len());
        let records = arriving.drain(..count).map(|id| {
            let record = serde_json::json!({"messageId": id, "receiptHandle": format!("r {id}"), "body": id});
            serde_json::from_value(record).unwrap()
        });
        records.collect()
    }

    async fn delete(&self, receipt: &str) {
        self.deleted.borrow_mut().push(receipt.to_owned());
    }
}

async fn failed(worker: &Fake, times: Times, ids: &[&str]) -> Vec<String> {
    let answer = handle_at_once(worker, event(ids), times, &Context::default()).await;
    let failures = answer.unwrap().batch_item_failures.into_iter();
    failures.map(|failure| failure.item_identifier).collect()
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[tokio::test]
async fn messages_wait_at_the_same_time_and_only_those_that_failed_stay() {
    let worker = Fake {
        message_time: millis(100),
        ..Fake::default()
    };
    let start = Instant::now();
    let mut failed = failed(&worker, Times::default(), &["a", "bad", "b", "panic", "c"]).await;
    failed.sort();
    assert_eq!(failed, ["bad", "panic"]);
    let took = start.elapsed();
    assert!(took < millis(500), "one after the other: {took:?}");
}

#[tokio::test]
async fn while_a_message_waits_the_other_places_do_all_further_work_and_survive_its_faults() {
    let worker = Fake {
        message_time: millis(400),
        work_time: millis(20),
        left: Cell::new(40),
        ..Fake::default()
    };
    let start = Instant::now();
    assert_eq!(failed(&worker, Times::default(), &["slow"]).await, [""; 0]);
    assert_eq!(worker.left.get(), 0);
    let took = start.elapsed();
    assert!(took < millis(700), "in the meantime: {took:?}");
}

#[tokio::test]
async fn work_that_waits_for_the_end_of_other_work_is_done_by_the_same_invocation_at_that_end() {
    let worker = Fake {
        work_time: millis(20),
        left: Cell::new(5),
        busy: Cell::new(1),
        most: 1,
        ..Fake::default()
    };
    let start = Instant::now();
    assert_eq!(failed(&worker, Times::default(), &["first"]).await, [""; 0]);
    assert_eq!(worker.left.get(), 0);
    assert!(start.elapsed() < millis(400), "{:?}", start.elapsed());
}

#[tokio::test]
async fn the_longer_nothing_is_found_the_seldomer_is_it_looked_for() {
    let worker = Fake {
        message_time: millis(1_600),
        ..Fake::default()
    };
    assert_eq!(failed(&worker, Times::default(), &["slow"]).await, [""; 0]);
    // After 50, 100, 200, 400, 800 ms, and at the end.
    let looked = worker.looked.get();
    assert!((4..=7).contains(&looked), "{looked}");
}

#[tokio::test]
async fn an_invocation_that_waits_receives_messages_and_deletes_those_that_are_done() {
    let worker = Fake {
        message_time: millis(900),
        receives: true,
        arriving: RefCell::new(vec!["quick a", "quick bad", "quick b"]),
        ..Fake::default()
    };
    let start = Instant::now();
    assert_eq!(failed(&worker, Times::default(), &["slow"]).await, [""; 0]);
    assert!(start.elapsed() < millis(1_500), "{:?}", start.elapsed());
    assert_eq!(*worker.deleted.borrow(), ["r quick a", "r quick b"]);
    let handled = worker.handled.borrow();
    assert_eq!(
        handled.last().unwrap(),
        "slow",
        "in the meantime: {handled:?}"
    );
}

#[tokio::test]
async fn an_invocation_that_is_quick_receives_nothing_and_one_without_a_place_not_before_it_has() {
    let of = |time| Fake {
        message_time: millis(time),
        receives: true,
        arriving: RefCell::new(vec!["quick a"]),
        ..Fake::default()
    };
    let quick = of(100);
    assert_eq!(failed(&quick, Times::default(), &["a"]).await, [""; 0]);
    assert_eq!(quick.arriving.borrow().len(), 1);
    let full = of(700);
    let ids = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    assert_eq!(failed(&full, Times::default(), &ids).await, [""; 0]);
    assert_ne!(full.handled.borrow()[0], "quick a");
}

#[tokio::test]
async fn no_further_work_is_begun_that_may_be_cut_off_nor_after_a_fault() {
    let worker = Fake {
        message_time: millis(600),
        is_faulty: true,
        receives: true,
        arriving: RefCell::new(vec!["quick a"]),
        ..Fake::default()
    };
    let over = Times {
        begin_until: Deadline::at(Instant::now()),
        ..Times::default()
    };
    assert_eq!(failed(&worker, over, &["a"]).await, [""; 0]);
    assert_eq!(
        (worker.looked.get(), worker.arriving.borrow().len()),
        (0, 1)
    );
    assert_eq!(failed(&worker, Times::default(), &["a"]).await, [""; 0]);
    assert_eq!(worker.looked.get(), 1);
}
