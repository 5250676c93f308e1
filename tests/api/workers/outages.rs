//! Refusals, cut answers and an API that is away end no worker of `examples/`.

use std::io::Read as _;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::scripted::{Reply, Scripted};
use super::{Worker, command, has_node, stops_cleanly};

/// A task as a claim answers it, with a lease of three seconds.
fn claimed(id: i64, input: &str) -> Reply {
    Reply::Data(json!([{
        "task_id": id, "run_count": 1, "input": input,
        "start_time": "2026-11-28 14:00:00", "lease_time": "2026-11-28 14:00:03",
    }]))
}

/// A worker on a scripted API, and what it says.
struct Case {
    api: Scripted,
    worker: Worker,
}

impl Case {
    fn start(program: &str, file: &str, api: Scripted) -> Self {
        let mut command = command(program, file, "q", &api.url);
        let worker = Worker(command.stdout(Stdio::piped()).spawn().unwrap());
        Self { api, worker }
    }

    /// Waits until a task is finished.
    fn await_finish(&mut self, task_id: i64) {
        let begin = Instant::now();
        let is_finished = |api: &Scripted| {
            let finished = api.calls("/task/finish");
            finished.iter().any(|run| run["task_id"] == task_id)
        };
        while !is_finished(&self.api) {
            let ended = self.worker.0.try_wait().unwrap();
            assert!(ended.is_none(), "the worker ended: {ended:?}");
            let waited = begin.elapsed();
            assert!(
                waited < Duration::from_mins(2),
                "task {task_id} is not finished"
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Stops the worker; answers what it said.
    fn stop(mut self) -> String {
        let mut says = self.worker.0.stdout.take().unwrap();
        stops_cleanly(self.worker);
        let mut said = String::new();
        says.read_to_string(&mut said).unwrap();
        said
    }
}

/// The first claim gets no answer until the worker gives it up, then the first two tasks are over when they end.
fn claims_without_answer(path: &str, body: &Value, before: usize) -> Reply {
    match (path, before) {
        ("/task/claim", 0..3) => Reply::Cut,
        ("/task/claim", 3..6) => Reply::NoJson,
        ("/task/claim", 6) => Reply::Refused("PARAM_INVALID"),
        ("/task/claim", 7) => claimed(1, "no json"),
        ("/task/claim", 8) => claimed(2, r#"{"count": 0}"#),
        ("/task/claim", 9) => claimed(3, r#"{"count": 0}"#),
        ("/task/claim", _) => Reply::Nothing,
        ("/task/fail", _) => Reply::Refused("RUN_STALE"),
        ("/task/finish", _) if body["task_id"] == 2 => Reply::Refused("TASK_FINISHED"),
        _ => Reply::Data(json!({"cancelled": false})),
    }
}

fn goes_on_without_an_api(program: &str, file: &str) {
    let mut case = Case::start(program, file, Scripted::start(claims_without_answer));
    case.await_finish(3);
    let claims = case.api.calls("/task/claim");
    // A claim whose answer was lost is sent again: its runs are not left to their leases.
    assert!(
        claims[..8].iter().all(|claim| claim == &claims[0]),
        "{claims:?}"
    );
    assert_ne!(claims[8], claims[0]);
    let failed = case.api.calls("/task/fail");
    assert_eq!((failed.len(), failed[0]["task_id"].as_i64()), (1, Some(1)));
    let said = case.stop();
    assert_eq!(said.matches("no claim:").count(), 2, "{said}");
    assert_eq!(said.matches("left ").count(), 2, "{said}");
}

/// The first heartbeats get no answer, and no finish of the first task does.
fn ends_without_answer(path: &str, body: &Value, before: usize) -> Reply {
    match (path, before) {
        ("/task/claim", 0) => claimed(1, r#"{"count": 12}"#),
        ("/task/claim", 1) => claimed(2, r#"{"count": 0}"#),
        ("/task/claim", _) => Reply::Nothing,
        ("/task/heartbeat", 0) => Reply::NoJson,
        ("/task/heartbeat", 1) => Reply::Cut,
        ("/task/finish", _) if body["task_id"] == 1 => Reply::Cut,
        _ => Reply::Data(json!({"cancelled": false})),
    }
}

fn leaves_a_finish_without_an_answer_to_the_lease(program: &str, file: &str) {
    let mut case = Case::start(program, file, Scripted::start(ends_without_answer));
    case.await_finish(2);
    // Heartbeats go on until the run is left: some in its work, more while its finish is sent again.
    let heartbeats = case.api.calls("/task/heartbeat").len();
    assert!(heartbeats > 5, "{heartbeats} heartbeats");
    assert_eq!(case.api.calls("/task/fail"), Vec::<Value>::new());
    let said = case.stop();
    assert_eq!(said.matches("left to the lease").count(), 1, "{said}");
}

#[test]
fn no_refusal_no_cut_answer_and_no_outage_ends_a_worker() {
    let mut workers = vec![("python3", "worker.py")];
    workers.extend(has_node().then_some(("node", "worker.mjs")));
    // What takes its time is waiting.
    thread::scope(|scope| {
        for (program, file) in workers {
            scope.spawn(move || goes_on_without_an_api(program, file));
            scope.spawn(move || leaves_a_finish_without_an_answer_to_the_lease(program, file));
        }
    });
}
