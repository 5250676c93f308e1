// A worker of one queue, with Node.js 20 or later only: node worker.mjs QUEUE [BASE_URL]. Stops after its task on SIGTERM.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const [queue, base = "http://127.0.0.1:9000"] = process.argv.slice(2);
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => stop.abort());

class Over extends Error {} // The run is over: the task was cancelled, or another run has begun.
class Lost extends Error {} // No answer came, however often the call was sent.

// Sends a call once; fails without a whole answer, or with a temporary fault (HTTP 503).
async function send(path, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(base + path, { method: "POST", headers, body, signal: AbortSignal.timeout(30_000) });
  const answer = response.ok ? await response.json() : null;
  if (!Number.isInteger(answer?.code)) throw new Error(`HTTP ${response.status} without an answer`);
  return answer;
}

// Calls the API; tries again while there is no answer.
async function call(path, parameters) {
  const body = JSON.stringify(parameters);
  for (const pause of [500, 1000, 2000, 4000, 8000, null]) {
    const answer = await send(path, body).catch((fault) => ({ fault }));
    if (["RUN_STALE", "TASK_FINISHED"].includes(answer.error)) throw new Over(answer.msg);
    if (answer.code === 0) return answer.data;
    if (!answer.fault) throw new Error(answer.msg);
    if (pause === null) throw new Lost(`${path}: ${answer.fault.cause ?? answer.fault}`);
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

// Does the work and says how it ended.
async function attempt(task, run, isOver) {
  try {
    await call("/task/finish", { ...run, result: await work(task, run, isOver) });
  } catch (error) {
    if (error instanceof Over || error instanceof Lost) throw error;
    await call("/task/fail", { ...run, msg: String(error?.message || error).slice(0, 1000) });
  }
}

async function handle(task) {
  const run = { task_id: task.task_id, run_count: task.run_count };
  let isOver = false;
  const beat = setInterval(async () => {
    try {
      if ((await call("/task/heartbeat", run)).cancelled) isOver = true;
    } catch (fault) {
      if (fault instanceof Over) isOver = true;
      else console.log("no heartbeat:", fault.message); // The next one may get through before the lease is over.
    }
  }, (Date.parse(task.lease_time) - Date.parse(task.start_time)) / 3);
  try {
    await attempt(task, run, () => isOver);
  } catch (why) {
    console.log(why instanceof Over ? "left" : "left to the lease", run, why.message);
  } finally {
    clearInterval(beat);
  }
}

let [claim_id, pause] = [randomUUID(), 1000]; // The same id until it has an answer: its runs are not claimed twice.
while (!stop.signal.aborted) {
  try {
    for (const task of await call("/task/claim", { queue, wait: 2, claim_id })) await handle(task);
    [claim_id, pause] = [randomUUID(), 1000];
  } catch (fault) {
    console.log("no claim:", fault.message);
    await sleep(pause, null, { signal: stop.signal }).catch(() => {});
    pause = Math.min(2 * pause, 30_000);
  }
}
