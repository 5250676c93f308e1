"""A worker of one queue, standard library only: python3 worker.py QUEUE [BASE_URL]. On SIGTERM it stops after its task."""
import datetime, http.client, json, signal, sys, threading, time, urllib.request, uuid

QUEUE, BASE = sys.argv[1], (sys.argv[2:] or ["http://127.0.0.1:9000"])[0]
stopping = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopping.set())

class Over(Exception): """The run is over: the task was cancelled, or another run has begun."""
class Lost(Exception): """No answer came, however often the call was sent."""

def call(path, **body):
    """Calls the API; tries again while there is no whole answer, or a temporary fault (HTTP 503)."""
    data, headers = json.dumps(body).encode(), {"content-type": "application/json"}
    for pause in (0.5, 1, 2, 4, 8, None):
        try:
            with urllib.request.urlopen(urllib.request.Request(BASE + path, data, headers), timeout=30) as response:
                answer = json.load(response)
            if answer.get("error") in ("RUN_STALE", "TASK_FINISHED"): raise Over(answer["msg"])
            if answer["code"] != 0: raise RuntimeError(answer["msg"])
            return answer["data"]
        except (OSError, http.client.HTTPException, ValueError, LookupError, AttributeError) as fault:
            if pause is None: raise Lost(f"{path}: {fault!r}") from fault
            time.sleep(pause)

def work(task, run, is_over):
    """Your work: here it counts, and says how far it is."""
    number = json.loads(task["input"])["count"]
    for n in range(1, number + 1):
        time.sleep(0.3)
        if is_over(): raise Over("the task was cancelled")
        call("/task/update", **run, field="progress", value=min(n * 100 // number, 99))
    return {"msg": f"counted to {number}"}

def beat(run, pause, done, over):
    """Says that the run is alive, three times a lease, until it is done. A heartbeat that fails is left to the next one."""
    while not done.wait(pause):
        try: over.is_set() or call("/task/heartbeat", **run)["cancelled"] and over.set()
        except Over: over.set()
        except Exception as fault: print("no heartbeat:", fault, flush=True)

def handle(task):
    run, done, over = {"task_id": task["task_id"], "run_count": task["run_count"]}, threading.Event(), threading.Event()
    begin, end = (datetime.datetime.fromisoformat(task[name]) for name in ("start_time", "lease_time"))
    threading.Thread(target=beat, args=(run, (end - begin).total_seconds() / 3, done, over), daemon=True).start()
    try:
        try: call("/task/finish", **run, result=work(task, run, over.is_set))
        except (Over, Lost): raise
        except Exception as error: call("/task/fail", **run, msg=str(error)[:1000] or type(error).__name__)
    except Over as why: print("left", run, why, flush=True)
    except Exception as fault: print("left to the lease", run, fault, flush=True)
    finally: done.set()

claim_id, pause = str(uuid.uuid4()), 1  # The same until it has an answer: its runs are not claimed twice.
while not stopping.is_set():
    try:
        for task in call("/task/claim", queue=QUEUE, wait=2, claim_id=claim_id): handle(task)
        claim_id, pause = str(uuid.uuid4()), 1
    except Exception as fault:
        print("no claim:", fault, flush=True)
        pause = stopping.wait(pause) or min(2 * pause, 30)
