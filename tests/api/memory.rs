//! The memory property: whatever is accepted can be read, listed, closed and reported within the memory that
//! `template.yaml` gives each function. `make memory` prints the table.

mod batches;
mod tasks;
mod zipped;

use std::cell::RefCell;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::Value;
use task_local::StackConfig;

use crate::support::{Answer, Api, Station, with_own_api};
use crate::template::Template;

/// The most memory a function took, and the memory that it has.
struct Taken {
    function: String,
    peak_mb: u64,
    limit_mb: u64,
}

struct Table(Vec<Taken>);

impl Table {
    /// Reads the peaks of all functions that run.
    fn measured(api: &Api) -> Self {
        let sizes = Template::read().memory_sizes();
        let taken = sizes.into_iter().filter_map(|(function, limit_mb)| {
            let pool = api.stack.function(&function).ok()?;
            assert_eq!(pool.exits(), 0, "{function} ended");
            let peak_mb = pool.peak_memory()?.div_ceil(1024 * 1024);
            Some(Taken {
                function,
                peak_mb,
                limit_mb: u64::from(limit_mb),
            })
        });
        Self(taken.collect())
    }

    /// The functions that took more than they have.
    fn over(&self) -> Vec<&str> {
        let over = self.0.iter().filter(|taken| taken.peak_mb > taken.limit_mb);
        over.map(|taken| taken.function.as_str()).collect()
    }
}

impl Table {
    /// The functions that took more than they should: what else they are given is processor time.
    fn over_target(&self) -> Vec<&str> {
        let target = |function: &str| match function {
            "order-batch-submit" => 160,
            _ => 128,
        };
        let over = self.0.iter();
        let over = over.filter(|taken| taken.peak_mb > target(&taken.function));
        over.map(|taken| taken.function.as_str()).collect()
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| function | peak RSS (MB) | MemorySize (MB) | verdict |"
        )?;
        writeln!(f, "|---|---|---|---|")?;
        for taken in &self.0 {
            let (peak, limit) = (taken.peak_mb, taken.limit_mb);
            let verdict = if peak > limit { "**over**" } else { "fits" };
            writeln!(f, "| {} | {peak} | {limit} | {verdict} |", taken.function)?;
        }
        Ok(())
    }
}

/// Sends the worst requests and goes on whatever is answered, so that the table is whole.
struct Sender<'a> {
    api: &'a Api,
    station: &'a Station,
    /// The requests that were not answered as they should be.
    failures: RefCell<Vec<String>>,
}

impl Sender<'_> {
    async fn get(&self, path: &str) -> Option<Answer> {
        self.send(path, self.api.request("GET", path)).await
    }

    /// Reads a path that must be answered with code 0.
    async fn read(&self, path: &str) {
        let answer = self.get(path).await;
        self.expect(path, answer, |answer| answer.body["code"] == 0);
    }

    /// Posts a body that must be answered with code 0; whether it was.
    async fn accept(&self, path: &str, body: &Value) -> bool {
        let answer = self.send(path, self.api.request("POST", path).json(body));
        self.expect(path, answer.await, |answer| answer.body["code"] == 0)
    }

    /// Posts a body that must be refused with this word.
    async fn refuse(&self, path: &str, body: &Value, word: &str) {
        let answer = self.send(path, self.api.request("POST", path).json(body));
        self.expect(path, answer.await, |answer| answer.body["error"] == word);
    }

    fn expect(&self, path: &str, answer: Option<Answer>, test: impl Fn(&Answer) -> bool) -> bool {
        let Some(answer) = answer else {
            return false;
        };
        let is_right = test(&answer);
        if !is_right {
            self.fail(format!("{path}: {:.200}", answer.text));
        }
        is_right
    }

    async fn send(&self, path: &str, request: RequestBuilder) -> Option<Answer> {
        match request.send().await {
            Ok(response) => Some(Answer::read(response).await),
            Err(error) => {
                self.fail(format!("{path}: {error}"));
                None
            }
        }
    }

    fn fail(&self, told: String) {
        self.failures.borrow_mut().push(told);
    }
}

/// One process of each function, as deployed: with the allocator settings of the template, and time enough for the
/// largest chunk on a busy machine.
fn as_deployed(config: StackConfig) -> StackConfig {
    let tunables = Template::read().tunables();
    StackConfig {
        workers: 1,
        function_timeout: Duration::from_secs(55),
        visibility_timeout: Duration::from_mins(1),
        ..config.with("GLIBC_TUNABLES", tunables)
    }
}

#[tokio::test]
async fn whatever_is_accepted_fits_into_the_memory_of_its_functions() {
    with_own_api(as_deployed, async |api| {
        let station = &Station::fresh(api).await;
        let failures = RefCell::default();
        let sender = Sender {
            api,
            station,
            failures,
        };
        batches::largest_submits(&sender).await;
        batches::worst_chunks(&sender).await;
        batches::large_amendments(&sender).await;
        batches::largest_price_list(&sender).await;
        tasks::largest_tasks(&sender).await;
        tasks::appends_up_to_the_limit(&sender).await;
        zipped::a_bomb(&sender).await;
        zipped::largest_submits(&sender).await;
        zipped::largest_price_list(&sender).await;
        zipped::largest_calls(&sender).await;
        zipped::largest_reference_file(&sender).await;
        let table = Table::measured(api);
        println!("\n{table}");
        assert_eq!(sender.failures.take(), [""; 0], "\n{table}");
        assert_eq!(table.over(), [""; 0], "\n{table}");
        assert_eq!(table.over_target(), [""; 0], "\n{table}");
    })
    .await;
}
