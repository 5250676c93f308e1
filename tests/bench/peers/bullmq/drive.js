// Drives BullMQ for the benchmark: starts two worker processes, then sends each batch named on standard input.
//
// A line in: {"task": int, "orders": path, "chunk": int}. A line out: {"seconds": float}, from the first message to the last result.
import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Queue, QueueEvents } from "bullmq";
import IORedis from "ioredis";

const redis = () => new IORedis(process.env.REDIS_URL, { maxRetriesPerRequest: null });
const workers = [0, 1].map(() => fork(new URL("worker.js", import.meta.url), { stdio: ["ignore", 2, 2, "ipc"] }));
await Promise.all(workers.map((worker) => new Promise((ready) => worker.once("message", ready))));
const queue = new Queue("store", { connection: redis() });
const events = new QueueEvents("store", { connection: redis() });
await events.waitUntilReady();

async function run(task, text, chunk) {
  const start = performance.now();
  const orders = JSON.parse(text);
  const jobs = [];
  for (let at = 0; at < orders.length; at += chunk) {
    const data = { task, first: task * 1_000_000 + at, orders: JSON.stringify(orders.slice(at, at + chunk)) };
    jobs.push({ name: "store", data, opts: { jobId: `${task}-${at}` } });
  }
  await done(jobs);
  return (performance.now() - start) / 1000;
}

// Jobs that do nothing, a message each.
async function runSmall(count) {
  const start = performance.now(), round = Date.now(), jobs = [];
  for (let no = 0; no < count; no++) jobs.push({ name: "nothing", data: {}, opts: { jobId: `n${round}-${no}` } });
  await done(jobs);
  return (performance.now() - start) / 1000;
}

async function done(jobs) {
  const open = new Set(jobs.map((job) => job.opts.jobId));
  await new Promise((resolve, reject) => {
    const completed = ({ jobId }) => {
      open.delete(jobId);
      if (open.size === 0) {
        events.off("completed", completed);
        resolve();
      }
    };
    events.on("completed", completed);
    events.once("failed", ({ failedReason }) => reject(new Error(failedReason)));
    queue.addBulk(jobs).catch(reject);
  });
}

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const { task, orders, chunk, small } = JSON.parse(line);
  const seconds = small ? await runSmall(small) : await run(task, readFileSync(orders, "utf8"), chunk);
  console.log(JSON.stringify({ seconds }));
}
workers.forEach((worker) => worker.kill());
process.exit(0);
