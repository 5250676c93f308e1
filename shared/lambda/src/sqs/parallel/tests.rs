use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use super::*;

fn event(ids: &[&str]) -> Event {
    let records = ids
        .iter()
        .map(|id| serde_json::json!({"messageId": id, "body": id}));
    let records: Vec<_> = records.collect();
    serde_json::from_value(serde_json::json!({ "Records": records })).unwrap()
}

type Done = task_service::Result<()>;

fn places<H, N, D>(messages: usize, handler: H, next: N, work: D) -> Places<H, N, D> {
    Places {
        begin_until: Deadline::default(),
        deadline: Deadline::default(),
        open: watch::Sender::new(messages),
        looking: Mutex::new(true),
        handler,
        next,
        work,
    }
}

async fn nothing() -> task_service::Result<Option<()>> {
    Ok(None)
}

async fn failed<H, N, D, W, F, G, E>(places: &Places<H, N, D>, ids: &[&str]) -> Vec<String>
where
    H: Fn(Message) -> F,
    F: Future<Output = Result<(), NotDone>>,
    N: Fn() -> G,
    G: Future<Output = task_service::Result<Option<W>>>,
    D: Fn(W) -> E,
    E: Future<Output = Done>,
{
    let answer = places.handle_at_once(event(ids), &Context::default()).await;
    let failures = answer.unwrap().batch_item_failures.into_iter();
    failures.map(|failure| failure.item_identifier).collect()
}

#[tokio::test]
async fn messages_wait_at_the_same_time_and_only_those_that_failed_stay() {
    let start = Instant::now();
    let handler = async |message: Message| {
        tokio::time::sleep(Duration::from_millis(100)).await;
        match message.body.as_str() {
            "bad" => Err(NotDone::Unreadable),
            "panic" => panic!("boom"),
            _ => Ok(()),
        }
    };
    let places = places(5, handler, nothing, async |()| Ok(()));
    let failed = failed(&places, &["a", "bad", "b", "panic", "c"]).await;
    assert_eq!(failed, ["bad", "panic"]);
    let took = start.elapsed();
    assert!(took < Duration::from_millis(500), "one after the other");
}

#[tokio::test]
async fn while_a_message_waits_the_other_places_do_all_further_work_and_survive_its_faults() {
    let (left, done) = (AtomicUsize::new(40), AtomicUsize::new(0));
    let handler = async |_| {
        tokio::time::sleep(Duration::from_millis(400)).await;
        Ok(())
    };
    let next = async || {
        let number = left.load(Relaxed);
        left.store(number.saturating_sub(1), Relaxed);
        Ok((number > 0).then_some(number))
    };
    let work = async |number: usize| -> Done {
        tokio::time::sleep(Duration::from_millis(20)).await;
        done.fetch_add(1, Relaxed);
        assert!(number != 7, "boom");
        Ok(())
    };
    let start = Instant::now();
    let places = places(1, handler, next, work);
    assert_eq!(failed(&places, &["slow"]).await, [""; 0]);
    assert_eq!(done.load(Relaxed), 40);
    let took = start.elapsed();
    assert!(
        took < Duration::from_millis(700),
        "in the meantime: {took:?}"
    );
}

#[tokio::test]
async fn work_that_waits_for_the_end_of_other_work_is_done_by_the_same_invocation() {
    let (busy, left) = (AtomicUsize::new(1), AtomicUsize::new(3));
    let handler = async |_| {
        busy.store(0, Relaxed);
        Ok(())
    };
    let next = async || {
        let number = left.load(Relaxed);
        let is_free = busy.load(Relaxed) == 0 && number > 0;
        if is_free {
            busy.store(1, Relaxed);
            left.store(number - 1, Relaxed);
        }
        Ok(is_free.then_some(()))
    };
    let work = async |()| -> Done {
        tokio::time::sleep(Duration::from_millis(20)).await;
        busy.store(0, Relaxed);
        Ok(())
    };
    let places = places(1, handler, next, work);
    assert_eq!(failed(&places, &["first"]).await, [""; 0]);
    assert_eq!(left.load(Relaxed), 0);
}

#[tokio::test]
async fn no_further_work_is_begun_that_may_be_cut_off_nor_after_a_fault() {
    let looked = AtomicUsize::new(0);
    let next = async || {
        looked.fetch_add(1, Relaxed);
        Err::<Option<()>, _>(task_service::Error::invalid("x", "is bad"))
    };
    let mut places = places(1, async |_| Ok(()), next, async |()| -> Done { Ok(()) });
    places.begin_until = Deadline::at(Instant::now());
    assert_eq!(failed(&places, &["a"]).await, [""; 0]);
    assert_eq!(looked.load(Relaxed), 0);
    places.begin_until = Deadline::default();
    places.open.send_replace(1);
    assert_eq!(failed(&places, &["a"]).await, [""; 0]);
    assert_eq!(looked.load(Relaxed), 1);
}
