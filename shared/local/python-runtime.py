"""Runs a handler in Python as Lambda does: takes events from the runtime API and gives back its answers.

usage: python-runtime.py FILE   (the file has a function handler(event, context))
"""

import importlib.util
import json
import os
import sys
import urllib.request

API = os.environ["AWS_LAMBDA_RUNTIME_API"].removeprefix("http://")
INVOCATIONS = f"http://{API}/2018-06-01/runtime/invocation"


def post(path, answer):
    """Reports what became of an invocation."""
    request = urllib.request.Request(f"{INVOCATIONS}/{path}", json.dumps(answer).encode())
    urllib.request.urlopen(request).close()


spec = importlib.util.spec_from_file_location("consumer", sys.argv[1])
consumer = importlib.util.module_from_spec(spec)
spec.loader.exec_module(consumer)
while True:
    with urllib.request.urlopen(f"{INVOCATIONS}/next") as response:
        request_id, event = response.headers["Lambda-Runtime-Aws-Request-Id"], json.load(response)
    try:
        post(f"{request_id}/response", consumer.handler(event, None))
    except Exception as error:
        post(f"{request_id}/error", {"errorType": type(error).__name__, "errorMessage": str(error)})
