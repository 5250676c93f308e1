// A BullMQ worker that stores chunks of orders: order, line and outcome rows in one transaction.
import { Worker } from "bullmq";
import IORedis from "ioredis";
import mysql from "mysql2/promise";

const ORDERS = `INSERT INTO tbl_order (station_id, task_id, time_config_id, id, order_key, address_id,
  receive_begin, receive_end, remark, total) VALUES ?`;
const LINES =
  "INSERT INTO tbl_order_detail (order_id, line_no, sku_id, quantity, unit_price, amount, is_price_timing) VALUES ?";
const OUTCOMES = "INSERT INTO tbl_batch_item (task_id, run, item_index, chunk_id, status, made_id) VALUES ?";

const address = new URL(process.env.DATABASE_URL);
const database = await mysql.createConnection({
  host: address.hostname,
  port: Number(address.port),
  user: address.username,
  password: decodeURIComponent(address.password),
  database: address.pathname.slice(1),
});
await database.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");

async function insert(sql, rows, size) {
  for (let at = 0; at < rows.length; at += size) await database.query(sql, [rows.slice(at, at + size)]);
}

async function store({ name, data: { task, first, orders } }) {
  if (name === "nothing") return 0;
  const orderRows = [], lineRows = [], outcomeRows = [];
  JSON.parse(orders).forEach((order, index) => {
    const key = first + index;
    let total = 0;
    order.details.forEach((line, number) => {
      const amount = Math.round(line.amount * line.unit_price * 100) / 100;
      total += amount;
      lineRows.push([key, number + 1, line.sku_id, line.amount, line.unit_price, amount, 0]);
    });
    orderRows.push(["B1", task, "BENCH", key, "a:" + order.address_id, order.address_id,
      order.receive_begin_time, order.receive_end_time, order.remark, total.toFixed(2)]);
    outcomeRows.push([task, 1, key % 1_000_000, 1, 1, key]);
  });
  await database.beginTransaction();
  await insert(ORDERS, orderRows, 100);
  await insert(OUTCOMES, outcomeRows, 100);
  await insert(LINES, lineRows, 500);
  await database.commit();
  return orderRows.length;
}

const connection = new IORedis(process.env.REDIS_URL, { maxRetriesPerRequest: null });
const worker = new Worker("store", store, { connection, concurrency: 1, removeOnComplete: { count: 1000 } });
worker.on("failed", (job, error) => console.error(error));
await worker.waitUntilReady();
process.send("ready");
