//! What a million orders and a million single tasks cost on AWS: requests, milliseconds and bytes counted on the local stack, times public
//! prices.
//!
//! Requests of the queue are counted from messages and invocations, as Lambda's pollers make them when there is work. The bill leaves out the
//! requests of panels and workers that wait; `docs/OPERATIONS.md` has the monthly price of an idle deployment.

mod bill;
mod logs;
mod tasks;

use std::time::Duration;

use task_local::{Stack, StackConfig, TaskQueue};

use crate::figures::Figures;
use crate::gateway::Gateway;
use crate::scratch::Scratch;
use crate::server::Spent;
use crate::threads::block_on;
use crate::{Setting, data};
use bill::Usage;
use logs::Logs;
use tasks::Way;

/// Orders of a batch, as clients send them.
const ORDERS: usize = 1_000;
/// Reads of a panel that follows a batch to its end.
const READS: f64 = 5.0;
/// The single tasks of each way.
const TASKS: usize = 1_000;
/// Gigabytes of `order-batch-submit` and `order-batch-worker` (`MemorySize` in `template.yaml`).
const LARGE: f64 = 0.5;
/// Gigabytes of a function that only answers calls; `task-claim` has half of it.
const USUAL: f64 = 0.25;
/// The task queue in mode `sqs`.
const SQS: &str = "benchsqs";

/// Counts both and prints their bills.
pub(crate) fn measure(setting: &Setting, figures: &mut Figures) {
    orders(setting, figures);
    single_tasks(setting, figures);
}

fn orders(setting: &Setting, figures: &mut Figures) {
    let scratch = Scratch::new(&setting.server, ORDERS);
    let orders = data::orders(ORDERS);
    let stack = stack(setting, &scratch.url);
    let (logs, gateway) = (Logs::of(&stack.1), Gateway::of(stack.0, &scratch.url));
    gateway.run("cost-warm", &orders);
    let (before, spent) = (logs.read(), Spent::now(&scratch.url));
    let batches = setting.rounds * 4;
    for no in 0..batches {
        gateway.run(&format!("cost-{no}"), &orders);
    }
    let redo = Spent::now(&scratch.url).since(spent).redo;
    let did = logs.read().since(&before);
    let batches = number(batches);
    let (submits, workers) = (did.of("order-batch-submit"), did.of("order-batch-worker"));
    let read = did.of("async-task-get").mean();
    let usage = Usage {
        http: submits.count + READS * batches,
        invocations: submits.count + workers.count + READS * batches,
        gigabyte_seconds: (submits.seconds + workers.seconds) * LARGE
            + READS * batches * read * USUAL,
        // A send for every submit; a receive and a delete for every invocation.
        queue: batches + 2.0 * workers.count,
        log_bytes: did.bytes() + (READS - 1.0) * batches * did.of("async-task-get").mean_bytes(),
        redo,
    };
    let name = "a million orders, 1,000 a request";
    usage.print(figures, name, batches * number(ORDERS), Some(0.05));
}

fn single_tasks(setting: &Setting, figures: &mut Figures) {
    for way in [Way::Lists, Way::OneByOne, Way::Sqs] {
        let scratch = Scratch::new(&setting.server, 3);
        let (stack, name) = stack(setting, &scratch.url);
        let logs = Logs::of(&name);
        block_on(tasks::run(&stack, way, TASKS / 10, "warm"));
        let (before, spent) = (logs.read(), Spent::now(&scratch.url));
        let messages = block_on(tasks::run(&stack, way, TASKS, "cost"));
        let redo = Spent::now(&scratch.url).since(spent).redo;
        let did = logs.read().since(&before);
        block_on(stack.stop());
        let all = did.all();
        let usage = Usage {
            http: all.count,
            invocations: all.count,
            gigabyte_seconds: all.seconds * USUAL,
            // A send, a receive and a delete of each message.
            queue: 3.0 * number(messages),
            log_bytes: did.bytes(),
            redo,
        };
        usage.print(figures, way.name(), number(TASKS), None);
    }
}

/// A stack that logs as a deployed one does, and the name of its logs.
fn stack(setting: &Setting, database: &str) -> (Stack, String) {
    let mut config = StackConfig::new(&setting.binaries, database).expect("a project");
    config.schedule = Some(Duration::from_hours(1));
    config.visibility_timeout = Duration::from_mins(1);
    config.task_queues = vec![TaskQueue::named(SQS)];
    let config = config.with("LOG_LEVEL", "info").with("LEASE_SECONDS", "60");
    let name = config.name.clone();
    let stack = block_on(Stack::start(config)).expect("the stack starts");
    (stack, name)
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
