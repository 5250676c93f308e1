//! Every store function against a live server, each test on a database of its own.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should fail at once"
)]

mod adoption;
mod batches;
mod cancelled_work;
mod chunk_status;
mod chunks;
mod connections;
mod deferrals;
mod deliveries;
mod fate;
mod filters;
mod grants;
mod items;
mod limits;
mod lookups;
mod migrations;
mod orders;
mod outbox;
mod overview;
mod payloads;
mod prices;
mod reference;
mod relay;
mod rework;
mod scans;
mod schedules;
mod selector;
mod sessions;
mod support;
mod task_ids;
mod tasks;
mod tls;
mod transactions;
mod tries;
