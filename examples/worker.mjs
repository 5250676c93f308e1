// A worker of one queue, with Node.js 20 or later only: node worker.mjs QUEUE [BASE_URL]. Stops after its task on SIGTERM.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const [queue, base = "http://127.0.0.1:9000"] = process.argv.slice(2);
let isStopping = false;
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => (isStopping = true));

// The run is over: the task was cancelled, or another run has begun.
class Over extends Error {}

// Calls the API; tries again while there is no answer, or a temporary fault (HTTP 503).
async function call(path, body) {
  for (const pause of [500, 1000, 2000, 4000, 8000, null]) {
    const response = await fetch(base + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    }).catch((fault) => fault);
    if (response.ok) {
      const answer = await response.json();
      if (["RUN_STALE", "TASK_FINISHED"].includes(answer.error)) throw new Over(answer.msg);
      if (answer.code !== 0) throw new Error(answer.msg);
      return answer.data;
    }
    if (pause === null) throw new Error(`${path}: ${response.status ?? response}`);
    await sleep(pause);
  }
}

// Your work: here it counts, and says how far it is.
async function work(task, run, isOver) {
  const { count } = JSON.parse(task.input);
  for (let n = 1; n <= count; n++) {
    await sleep(300);
    if (isOver()) throw new Over("the task was cancelled");
    await call("/task/update", { ...run, field: "progress", value: Math.min(Math.floor((n * 100) / count), 99) });
  }
  return { msg: `counted to ${count}` };
}

async function handle(task) {
  const run = { task_id: task.task_id, run_count: task.run_count };
  let isOver = false;
  const beat = setInterval(async () => {
    try {
      if ((await call("/task/heartbeat", run)).cancelled) isOver = true;
    } catch (fault) {
      // Any other fault: the next heartbeat may get through before the lease is over.
      if (fault instanceof Over) isOver = true;
    }
  }, (Date.parse(task.lease_time) - Date.parse(task.start_time)) / 3);
  try {
    await call("/task/finish", { ...run, result: await work(task, run, () => isOver) });
  } catch (error) {
    if (error instanceof Over) console.log("left", run, error.message);
    else await call("/task/fail", { ...run, msg: String(error.message || error).slice(0, 1000) });
  } finally {
    clearInterval(beat);
  }
}

while (!isStopping) {
  for (const task of await call("/task/claim", { queue, wait: 2, claim_id: randomUUID() })) await handle(task);
}
