"""A target of queues in mode push: pip install standardwebhooks; WEBHOOK_SECRET=whsec_... python3 target.py [PORT] [BASE_URL]."""
import http.client, http.server, json, os, sys, threading, time, urllib.request
from standardwebhooks import Webhook, WebhookVerificationError

PORT, BASE = (sys.argv[1:] + ["8000", "http://127.0.0.1:9000"][len(sys.argv) - 1:])[:2]
WEBHOOK = Webhook(os.environ["WEBHOOK_SECRET"])
MOST = 1 << 20  # bytes of a body, which is read before anybody knows who sent it; more where your inputs are larger

class Left(Exception):
    """The run is over, or there is no answer; then the run comes again when its lease is over."""

def call(path, **body):
    """Calls the API; deployed, its routes want a signature of AWS, see docs/ADDING-A-WORKER.md."""
    request = urllib.request.Request(BASE + path, json.dumps(body).encode(), {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)
    except (OSError, http.client.HTTPException, ValueError) as fault:
        raise Left(repr(fault)) from fault
    if answer["code"] != 0:
        raise Left(answer["msg"])
    return answer["data"]

def work(task):
    """Your work: here it counts, and says how far it is. An update with run_count renews the lease, as a heartbeat does."""
    run = {"task_id": task["task_id"], "run_count": task["run_count"]}
    try:
        try:
            number = json.loads(task["input"])["count"]
            for n in range(1, number + 1):
                time.sleep(0.3)
                call("/task/update", **run, field="progress", value=min(n * 100 // number, 99))
            call("/task/finish", **run, result={"msg": f"counted to {number}"})
        except Left:
            raise
        except Exception as error:
            call("/task/fail", **run, msg=str(error)[:1000] or type(error).__name__)
    except Left as why:
        print("left", run, why, flush=True)

class Target(http.server.BaseHTTPRequestHandler):
    timeout = 10

    def do_POST(self):
        try:
            length = int(self.headers.get("content-length") or 0)
            if not 0 <= length <= MOST:
                return self.answer(413)
            task = WEBHOOK.verify(self.rfile.read(length), dict(self.headers))["data"]
        except (WebhookVerificationError, ValueError):
            return self.answer(401)
        print("run", self.headers["webhook-id"], flush=True)
        try:
            count = json.loads(task["input"])["count"]
        except (ValueError, KeyError, TypeError):
            # The task ends as failed, with this as its error.
            return self.answer(400, "the input has no count")
        if count == 0:
            # Work that takes less than 20 seconds may be done before the answer, which finishes the task.
            return self.answer(200, json.dumps({"finished": True, "result": {"msg": "nothing to count"}}))
        threading.Thread(target=work, args=(task,), daemon=True).start()
        # Accepted: the task is finished by a call of its own.
        self.answer(202)

    def answer(self, status, text=""):
        self.send_response(status)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        """Logs nothing: each run has its line."""

server = http.server.ThreadingHTTPServer(("127.0.0.1", int(PORT)), Target)
print("listening", server.server_address[1], flush=True)
server.serve_forever()
