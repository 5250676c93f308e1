"""Drives Celery for the benchmark: starts a worker with two processes, then sends each batch named on standard input.

A line in: {"task": int, "orders": path, "chunk": int}. A line out: {"seconds": float}, from the first message to the last result.
"""

import json
import os
import subprocess
import sys
import time

import orjson
from celery import group

from tasks import app, nothing, store


def run(task, text, chunk):
    """Sends a batch in chunks and waits for every result."""
    start = time.perf_counter()
    orders = orjson.loads(text)
    parts = [
        (task * 1_000_000 + at, orjson.dumps(orders[at : at + chunk]).decode())
        for at in range(0, len(orders), chunk)
    ]
    sent = group(store.s(task, first, part) for first, part in parts).apply_async()
    await_results([result.id for result in sent.results])
    seconds = time.perf_counter() - start
    stored = sum(result.get(timeout=1) for result in sent.results)
    assert stored == len(orders), (stored, len(orders))
    return seconds


def run_small(jobs):
    """Sends tasks that do nothing, a message each, and waits for every result."""
    start = time.perf_counter()
    sent = group(nothing.s(number) for number in range(jobs)).apply_async()
    ids = [result.id for result in sent.results]
    # The last thousand first: a look at all of them is not free.
    for part in (ids[-1000:], ids):
        await_results(part)
    return time.perf_counter() - start


def await_results(ids):
    """Looks for the tasks' results every 2 ms: Celery's own wait wakes half a second late."""
    keys = [app.backend.get_key_for_task(task) for task in ids]
    while app.backend.client.exists(*keys) < len(keys):
        time.sleep(0.002)


def main():
    """Serves batches until standard input ends."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool=prefork", "--concurrency=2", "-O", "fair",
         "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=ERROR"],
        cwd=os.path.dirname(os.path.abspath(__file__)), stdout=subprocess.DEVNULL,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )
    try:
        while not app.control.ping(timeout=1.0):
            assert worker.poll() is None, "the worker ended"
        print("ready", flush=True)
        for line in sys.stdin:
            wanted = json.loads(line)
            if "small" in wanted:
                print(json.dumps({"seconds": run_small(wanted["small"])}), flush=True)
                continue
            with open(wanted["orders"], encoding="utf-8") as file:
                text = file.read()
            seconds = run(wanted["task"], text, wanted["chunk"])
            print(json.dumps({"seconds": seconds}), flush=True)
    finally:
        worker.terminate()
        worker.wait()


main()
