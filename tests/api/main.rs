//! The black-box tests: the real function binaries behind a real Lambda runtime API, with a queue and a database of
//! their own. They need `TEST_DATABASE_URL`, a server on which they may create databases; `make test` sets it.
//!
//! One module per route or promise; `support` starts the stack they share. A new module is a file here and a line below.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod async_task_close;
mod async_task_get;
mod async_task_list;
mod batch_amend;
mod batch_in_flight;
mod batch_resubmit;
mod batch_result;
mod batch_submit;
mod canary;
mod concurrent;
mod configuration;
mod consistency;
mod console;
mod contract;
mod deadline;
mod deliveries;
mod documentation;
mod edges;
mod envelope;
mod events;
mod fairness;
mod faults;
mod hostile;
mod layers;
mod limits;
mod lists;
mod memory;
mod openapi;
mod operators;
mod order_errors;
mod order_get;
mod order_rules;
mod parameters;
mod readme;
mod receivers;
mod reference_load;
mod scripts;
mod sku_price;
mod stations;
mod support;
mod task_add;
mod task_callback;
mod task_dispatch;
mod task_get;
mod task_life;
mod task_list;
mod task_many;
mod task_push;
mod task_queues;
mod task_runs;
mod task_schedules;
mod task_sqs;
mod task_update;
mod telemetry;
mod template;
mod workers;
