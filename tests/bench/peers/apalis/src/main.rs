//! Drives apalis for the benchmark: runs a worker that stores four chunks at once, and sends each batch named on standard input.
//!
//! A line in: `{"task": int, "orders": path, "chunk": int}`. A line out: `{"seconds": float}`, from the first job to the last one
//! done.

use std::time::{Duration, Instant};

use apalis::layers::WorkerBuilderExt;
use apalis::prelude::*;
use apalis_core::backend::poll_strategy::{IntervalStrategy, StrategyBuilder};
use apalis_mysql::{Config, MySqlPool, MySqlStorage, PoolOptions};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

const QUEUE: &str = "store";

/// What is asked for: a batch, or jobs that do nothing.
#[derive(Deserialize)]
#[serde(untagged)]
enum Asked {
    Small { small: i64 },
    Batch(Batch),
}

#[derive(Deserialize)]
struct Batch {
    task: i64,
    orders: String,
    chunk: usize,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Chunk {
    task: i64,
    first: i64,
    orders: String,
}

#[derive(Deserialize)]
struct Order {
    address_id: String,
    receive_begin_time: String,
    receive_end_time: String,
    remark: String,
    details: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    sku_id: String,
    amount: String,
    unit_price: String,
}

impl Line {
    fn total(&self) -> f64 {
        let number = |text: &str| text.parse::<f64>().unwrap_or_default();
        (number(&self.amount) * number(&self.unit_price) * 100.0).round() / 100.0
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxDynError> {
    let pool = PoolOptions::new()
        .max_connections(8)
        .connect(&std::env::var("DATABASE_URL")?)
        .await?;
    // Beside the migrations of the service in the same database.
    MySqlStorage::migrations()
        .set_ignore_missing(true)
        .run(&pool)
        .await?;
    let polls = StrategyBuilder::new()
        .apply(IntervalStrategy::new(Duration::from_millis(5)))
        .build();
    let config = Config::new(QUEUE)
        .with_poll_interval(polls)
        .set_buffer_size(4);
    let storage = MySqlStorage::<Chunk, _, _>::new_with_config(&pool, &config);
    let worker = WorkerBuilder::new(format!("worker-{}", std::process::id()))
        .backend(storage.clone())
        .data(pool.clone())
        .concurrency(4)
        .build(store);
    tokio::spawn(async move { worker.run().await.expect("the worker runs") });
    println!("ready");
    for line in std::io::stdin().lines() {
        let seconds = match serde_json::from_str(&line?)? {
            Asked::Small { small } => run_small(&pool, storage.clone(), small).await?,
            Asked::Batch(batch) => {
                let text = std::fs::read_to_string(&batch.orders)?;
                run(&pool, storage.clone(), &batch, &text).await?
            }
        };
        println!("{{\"seconds\": {seconds}}}");
    }
    Ok(())
}

/// Pushes a batch in chunks and waits until every job is done.
async fn run(
    pool: &MySqlPool,
    mut storage: impl TaskSink<Chunk>,
    batch: &Batch,
    text: &str,
) -> Result<f64, BoxDynError> {
    let before = done(pool).await?;
    let start = Instant::now();
    let orders: Vec<&RawValue> = serde_json::from_str(text)?;
    let chunks: Vec<_> = (batch.task * 1_000_000..)
        .step_by(batch.chunk)
        .zip(orders.chunks(batch.chunk))
        .map(|(first, part)| Chunk {
            task: batch.task,
            first,
            orders: serde_json::to_string(part).expect("raw JSON"),
        })
        .collect();
    let wanted = before + i64::try_from(chunks.len())?;
    storage
        .push_bulk(chunks)
        .await
        .map_err(|_| "the jobs cannot be pushed")?;
    while done(pool).await? < wanted {
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    Ok(start.elapsed().as_secs_f64())
}

/// Pushes jobs that do nothing and waits until every one is done.
async fn run_small(
    pool: &MySqlPool,
    mut storage: impl TaskSink<Chunk>,
    jobs: i64,
) -> Result<f64, BoxDynError> {
    let wanted = done(pool).await? + jobs;
    let start = Instant::now();
    let jobs: Vec<_> = (0..jobs)
        .map(|first| Chunk {
            task: 0,
            first,
            orders: String::new(),
        })
        .collect();
    for part in jobs.chunks(1_000) {
        storage
            .push_bulk(part.to_vec())
            .await
            .map_err(|_| "the jobs cannot be pushed")?;
    }
    while done(pool).await? < wanted {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(start.elapsed().as_secs_f64())
}

async fn done(pool: &MySqlPool) -> Result<i64, BoxDynError> {
    let count = "SELECT COUNT(*) FROM jobs WHERE job_type = ? AND status = 'Done'";
    Ok(sqlx::query_scalar(count)
        .bind(QUEUE)
        .fetch_one(pool)
        .await?)
}

/// Stores a chunk: order, line and outcome rows in one transaction.
async fn store(chunk: Chunk, pool: Data<MySqlPool>) -> Result<(), BoxDynError> {
    if chunk.orders.is_empty() {
        return Ok(());
    }
    let orders: Vec<Order> = serde_json::from_str(&chunk.orders)?;
    let mut transaction = pool.begin().await?;
    for (first, part) in (chunk.first..).step_by(100).zip(orders.chunks(100)) {
        let sql = rows(
            "INSERT INTO tbl_order (station_id, task_id, time_config_id, id, order_key, address_id, receive_begin, receive_end, \
             remark, total) VALUES ",
            "('B1',?,'BENCH',?,?,?,?,?,?,?)",
            part.len(),
        );
        let mut insert = sqlx::query(&sql);
        for (id, order) in (first..).zip(part) {
            let total: f64 = order.details.iter().map(Line::total).sum();
            insert = insert
                .bind(chunk.task)
                .bind(id)
                .bind(format!("a:{}", order.address_id))
                .bind(&order.address_id)
                .bind(&order.receive_begin_time)
                .bind(&order.receive_end_time)
                .bind(&order.remark)
                .bind(total);
        }
        insert.execute(&mut *transaction).await?;
        let sql = rows(
            "INSERT INTO tbl_batch_item (task_id, run, item_index, chunk_id, status, made_id) VALUES ",
            "(?,1,?,1,1,?)",
            part.len(),
        );
        let mut insert = sqlx::query(&sql);
        for id in (first..).take(part.len()) {
            insert = insert.bind(chunk.task).bind(id % 1_000_000).bind(id);
        }
        insert.execute(&mut *transaction).await?;
        let lines = part.iter().map(|order| order.details.len()).sum();
        let sql = rows(
            "INSERT INTO tbl_order_detail (order_id, line_no, sku_id, quantity, unit_price, amount, is_price_timing) VALUES ",
            "(?,?,?,?,?,?,0)",
            lines,
        );
        let mut insert = sqlx::query(&sql);
        for (id, order) in (first..).zip(part) {
            for (number, line) in (1_i32..).zip(&order.details) {
                insert = insert
                    .bind(id)
                    .bind(number)
                    .bind(&line.sku_id)
                    .bind(&line.amount)
                    .bind(&line.unit_price)
                    .bind(line.total());
            }
        }
        insert.execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

fn rows(insert: &str, row: &str, count: usize) -> String {
    format!("{insert}{}", vec![row; count].join(","))
}
