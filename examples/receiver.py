"""A receiver of callbacks: pip install standardwebhooks; WEBHOOK_SECRET=whsec_... python3 receiver.py [PORT]."""
import http.server, os, sys
from standardwebhooks import Webhook, WebhookVerificationError

WEBHOOK = Webhook(os.environ["WEBHOOK_SECRET"])
MOST = 1 << 20  # bytes of a body; it is read before anybody knows who sent it
seen = set()  # In your database, with a unique key, in the transaction that does the work.

class Receiver(http.server.BaseHTTPRequestHandler):
    timeout = 10

    def do_POST(self):
        try:
            length = int(self.headers.get("content-length") or 0)
            if not 0 <= length <= MOST:
                return self.answer(413)
            event = WEBHOOK.verify(self.rfile.read(length), dict(self.headers))
        except (WebhookVerificationError, ValueError):
            return self.answer(401)
        # A delivery arrives at least once: the same id is the same delivery.
        if (delivery := self.headers["webhook-id"]) not in seen:
            handle(event)
            seen.add(delivery)
        # Any 2xx says: delivered, do not send it again.
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Logs nothing: handle() says all."""

def handle(event):
    """Your work; what takes long belongs into a queue of your own, as the answer is awaited for 20 seconds."""
    data = event["data"]
    print(event["type"], data["station_id"], data["task_id"], data["outcome"], data.get("counts", ""), flush=True)

server = http.server.ThreadingHTTPServer(("127.0.0.1", int((sys.argv[1:] or ["8000"])[0])), Receiver)
print("listening", server.server_address[1], flush=True)
server.serve_forever()
