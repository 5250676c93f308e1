"""A run that is pushed and a callback that is told, by the deployed functions: signed with a secret of Secrets Manager."""

import base64
import hashlib
import hmac
import http.server
import json
import os
import threading
import time

import pytest

from cloud import STACK, until


class Target:
    """A target and a receiver on loopback: it finishes runs, and keeps what it was sent."""

    def __init__(self):
        self.received = []
        target = self

        class Answers(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                target.received.append((self.path, dict(self.headers.items()), body))
                said = {"finished": True, "result": {"msg": "printed"}} if self.path == "/run" else {}
                answer = json.dumps(said).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def sent_to(self, path):
        return [(headers, body) for at, headers, body in self.received if at == path]


def signatures(secrets, headers, body):
    """What `webhook-signature` holds where a request is signed with these secrets."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]
    made = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys]
    return " ".join(f"v1,{signature}" for signature in made)


def new_secret():
    return f"whsec_{base64.b64encode(os.urandom(32)).decode()}"


@pytest.fixture(scope="module")
def secrets(cloud):
    """The secret of the target, which was changed a moment ago: the new one first."""
    before, now = new_secret(), new_secret()
    name = f"{STACK}/target/erp"
    cloud.client("secretsmanager").create_secret(Name=name, SecretString=before)
    cloud.client("secretsmanager").put_secret_value(SecretId=name, SecretString=now)
    return [now, before]


def done(cloud, partner, path, body):
    status, answer = cloud.call("POST", path, body, signer=partner)
    assert (status, answer["code"]) == (200, 0), answer
    return answer["data"]


def verified(secrets, headers, body):
    headers = {name.lower(): value for name, value in headers.items()}
    assert headers["webhook-signature"] == signatures(secrets, headers, body)
    assert abs(time.time() - int(headers["webhook-timestamp"])) < 300
    return headers["webhook-id"], json.loads(body)


def test_a_run_is_pushed_and_its_end_is_told_with_the_signatures_of_both_versions_of_the_secret(cloud, partner, secrets):
    target = Target()
    done(cloud, partner, "/task/queue/set", {"queue": "print", "mode": "push", "url": f"{target.url}/run", "secret": "erp"})
    done(cloud, partner, "/task/callback/set", {"name": "erp", "url": f"{target.url}/told", "secret": "erp"})
    task = {"station_id": "T1", "task_name": "print", "input": "{}", "queue": "print", "callback": "erp"}
    task = done(cloud, partner, "/task/add", task)["task_id"]
    told = until("the end is told", lambda: target.sent_to("/told"), 90)
    [run] = target.sent_to("/run")
    key, body = verified(secrets, *run)
    assert (key, body["type"], body["data"]["queue"]) == (f"task_{task}_1", "task.run", "print")
    key, body = verified(secrets, *told[0])
    assert (key, body["type"], body["data"]["outcome"]) == (f"cb_{task}_1", "task.finished", "success")
    _, answer = cloud.call("GET", f"/task/get?task_id={task}", signer=partner)
    assert answer["data"]["result"] == {"msg": "printed"}


def test_a_host_that_the_deployment_does_not_name_is_refused(cloud, partner):
    status, answer = cloud.call("POST", "/task/callback/set", {"name": "x", "url": "https://erp.example.com/", "secret": "erp"},
                                signer=partner)
    assert (status, answer["error"]) == (200, "PARAM_INVALID") and "TARGET_HOSTS" in answer["msg"]
