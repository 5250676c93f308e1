"""HTTP functions, the worker and the HTTP front under `sam local`."""

import json
import time
import urllib.request

from conftest import sample, sql


def tomorrow():
    return time.strftime("%Y-%m-%d", time.localtime(time.time() + 86400))


def order(address="S001"):
    return {"address_id": address, "receive_begin_time": f"{tomorrow()} 08:00", "receive_end_time": f"{tomorrow()} 09:00",
            "details": [{"sku_id": "D001", "amount": "1.5"}]}


def batch(task, orders):
    return {"task_id": task, "time_config_id": "T1-DAILY", "order_data": orders}


def envelope(answer):
    assert answer["statusCode"] == 200, answer
    return json.loads(answer["body"])


def announced(task):
    """The event of the message that announces a task's only chunk."""
    event = sample("order-batch-worker")
    event["Records"] = event["Records"][:1]
    key = sql(f"SELECT id FROM tbl_async_task WHERE user_task_id = '{task}'")
    event["Records"][0]["body"] = json.dumps({"version": 1, "task_id": int(key), "run": 1, "chunk": 0})
    return event


def test_a_batch_is_submitted_worked_and_read_with_a_stations_token_only(functions):
    submit = sample("order-batch-submit")
    submit["body"] = json.dumps(batch("sam-1", [order(), order("S999")]))
    answer = envelope(functions.invoke("OrderBatchSubmit", submit))
    assert answer["data"] == {"task_url": "/async_task/get?user_task_id=sam-1"}, answer
    assert functions.invoke("OrderBatchWorker", announced("sam-1")) == {"batchItemFailures": []}
    read = sample("async-task-get")
    read["rawQueryString"] = "user_task_id=sam-1"
    task = envelope(functions.invoke("AsyncTaskGet", read))["data"]
    assert (task["status"], task["result"]["success_count"], task["result"]["failure_count"]) == (3, 1, 1)
    del read["requestContext"]["authorizer"]
    assert envelope(functions.invoke("AsyncTaskGet", read))["error"] == "FORBIDDEN"


def test_a_message_that_cannot_be_read_stays_in_the_queue(functions):
    answer = functions.invoke("OrderBatchWorker", sample("order-batch-worker"))
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["unreadable", "of-another-version"]


def call(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_the_http_front_routes_to_the_functions_which_deny_who_shows_no_token(functions):
    process, url = functions.start_api()
    try:
        assert call(f"{url}/async_task/get?user_task_id=sam-1")["error"] == "FORBIDDEN"
        assert call(f"{url}/task/add", {"station_id": "T1", "task_name": "n", "input": "x"})["error"] == "FORBIDDEN"
    finally:
        process.terminate()
        process.wait(30)


def test_the_http_front_serves_a_deployment_that_trusts_its_callers(functions):
    process, url = functions.start_api(STATION_SOURCE="trusted")
    try:
        assert call(f"{url}/station/order/batch/submit", batch("sam-2", [order()]))["code"] == 0
        assert functions.invoke("OrderBatchWorker", announced("sam-2")) == {"batchItemFailures": []}
        task = call(f"{url}/async_task/get?user_task_id=sam-2")["data"]
        assert (task["status"], task["result"]["outcome"]) == (3, "success")
    finally:
        process.terminate()
        process.wait(30)
