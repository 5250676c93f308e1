//! Single tasks through HTTP: added, run and finished by a worker that does nothing.

use serde_json::{Value, json};
use task_local::{Stack, TaskQueue};

use super::SQS;

/// The most tasks of a list.
const LIST: usize = 100;
/// The queue of mode `pull`.
const PULL: &str = "benchpull";

/// How tasks reach their worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Added, claimed and finished a hundred a request.
    Lists,
    /// Added, claimed and finished one by one.
    OneByOne,
    /// Added one by one, told by a message each, started and finished.
    Sqs,
}

impl Way {
    /// Its name in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Lists => "a million tasks, 100 a request",
            Self::OneByOne => "a million tasks, one by one",
            Self::Sqs => "a million tasks, a message each",
        }
    }

    fn queue(self) -> &'static str {
        match self {
            Self::Sqs => SQS,
            Self::Lists | Self::OneByOne => PULL,
        }
    }
}

/// Adds, runs and finishes `count` tasks; answers how many messages announced a run.
pub(super) async fn run(stack: &Stack, way: Way, count: usize, name: &str) -> usize {
    let client = Client(
        stack,
        reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client"),
    );
    let mode = if way == Way::Sqs { "sqs" } else { "pull" };
    let queue = json!({"queue": way.queue(), "mode": mode});
    client.post("/task/queue/set", queue).await;
    let task = |no: usize| {
        json!({"task_name": "导出", "station_id": format!("B{}", no % 50), "user_task_id": format!("{name}-{no}"),
            "input": "{}", "queue": way.queue()})
    };
    match way {
        Way::Lists => {
            for first in (0..count).step_by(LIST) {
                let tasks: Vec<_> = (first..count.min(first + LIST)).map(task).collect();
                client.post("/task/add", json!({"tasks": tasks})).await;
            }
        }
        Way::OneByOne | Way::Sqs => {
            for no in 0..count {
                client.post("/task/add", task(no)).await;
            }
        }
    }
    match way {
        Way::Sqs => client.work_messages(stack, count).await,
        Way::Lists => client.work_claims(count, LIST).await,
        Way::OneByOne => client.work_claims(count, 1).await,
    }
}

/// A caller of the stack.
struct Client<'a>(&'a Stack, reqwest::Client);

impl Client<'_> {
    /// Claims and finishes runs; answers 0, the number of messages that announced one.
    async fn work_claims(&self, count: usize, most: usize) -> usize {
        let mut done = 0;
        while done < count {
            let claim = json!({"queue": PULL, "limit": most});
            let claimed = self.post("/task/claim", claim).await;
            let claimed = claimed["data"].as_array().expect("tasks");
            let runs: Vec<_> = claimed.iter().map(finish).collect();
            done += runs.len();
            match runs.as_slice() {
                [] => {}
                [run] if most == 1 => drop(self.post("/task/finish", run.clone()).await),
                runs => drop(self.post("/task/finish", json!({"tasks": runs})).await),
            }
        }
        0
    }

    /// Starts and finishes the runs that messages announce; answers the number of messages.
    async fn work_messages(&self, stack: &Stack, count: usize) -> usize {
        let queue = TaskQueue::named(SQS).queue();
        let mut done = 0;
        while done < count {
            for body in stack.take(&queue).await.expect("messages") {
                let told: Value = serde_json::from_str(&body).expect("a message");
                let run = json!({"task_id": told["task_id"], "run_count": told["run_count"]});
                let started = self.post("/task/start", run).await;
                self.post("/task/finish", finish(&started["data"])).await;
                done += 1;
            }
        }
        done
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let request = self.1.post(self.0.url(path)).json(&body);
        let answer = request.send().await.expect("an answer");
        let answer: Value =
            serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
        assert_eq!(answer["code"], 0, "{path}: {answer}");
        answer
    }
}

/// The request that finishes a run.
fn finish(run: &Value) -> Value {
    json!({"task_id": run["task_id"], "run_count": run["run_count"], "result": {"msg": "好"}})
}
