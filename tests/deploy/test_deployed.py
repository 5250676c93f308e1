"""The deployed template, through its routes, its queues and its functions."""

import json
import time
import uuid

from cloud import until
from cryptography.hazmat.primitives.asymmetric import rsa

SUBMIT, GET, RESULT = "/station/order/batch/submit", "/async_task/get", "/station/order/batch/result"


def order(number):
    day = time.strftime("%Y-%m-%d", time.localtime(time.time() + 2 * 86400))
    return {"address_id": f"S{number}", "receive_begin_time": f"{day} 08:00", "receive_end_time": f"{day} 09:00",
            "details": [{"sku_id": "D1", "amount": "1.5"}]}


def submit(cloud, station, orders):
    """Submits a batch; answers its id."""
    task = f"batch-{uuid.uuid4().hex[:12]}"
    body = {"task_id": task, "time_config_id": f"{station}-DAILY", "order_data": orders}
    status, answer = cloud.call("POST", SUBMIT, body, cloud.issuer.token(station))
    assert (status, answer["code"]) == (200, 0), answer
    return task


def finished(cloud, station, task, seconds=60):
    def look():
        _, answer = cloud.call("GET", f"{GET}?user_task_id={task}", token=cloud.issuer.token(station))
        return answer["data"] if answer["data"]["status"] == 3 else None

    return until("the batch is finished", look, seconds)


def depth(cloud, queue):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = cloud.client("sqs").get_queue_attributes(QueueUrl=cloud.outputs[queue], AttributeNames=names)
    return sum(int(answer["Attributes"][name]) for name in names)


def test_a_station_route_without_a_token_or_with_a_wrong_one_is_answered_by_the_gateway(cloud):
    stranger = rsa.generate_private_key(65537, 2048)
    wrong = [None, "nonsense", cloud.issuer.token(key=stranger), cloud.issuer.token(exp=int(time.time()) - 600),
             cloud.issuer.token(aud="another-app"), cloud.issuer.token(iss="https://elsewhere.example.com")]
    for token in wrong:
        for method, path in (("POST", SUBMIT), ("GET", f"{GET}?user_task_id=x")):
            status, answer = cloud.call(method, path, {} if method == "POST" else None, token)
            assert status in (401, 403) and "code" not in answer, (token, status, answer)


def test_a_token_without_a_station_is_refused_by_the_function(cloud, stations):
    status, answer = cloud.call("GET", f"{GET}?user_task_id=x", token=cloud.issuer.token(station=None))
    assert (status, answer["code"], answer["error"]) == (200, 1, "FORBIDDEN")


def test_a_route_for_other_systems_wants_a_signed_request(cloud, partner):
    task = {"station_id": "T1", "task_name": "nightly", "input": "{}"}
    assert cloud.call("POST", "/task/add", task)[0] == 403
    status, answer = cloud.call("POST", "/task/add", task, token=cloud.issuer.token())
    assert status in (401, 403) or answer["error"] == "FORBIDDEN", answer
    status, answer = cloud.call("POST", "/task/add", task, signer=partner)
    assert (status, answer["code"]) == (200, 0), answer
    status, answer = cloud.call("GET", f"/task/get?task_id={answer['data']['task_id']}", signer=partner)
    assert answer["data"]["task_name"] == "nightly"


def test_a_batch_goes_from_submit_through_the_queue_to_its_result(cloud, stations):
    orders = [order(number) for number in range(250)]
    orders[7]["details"][0]["amount"] = "-1"
    task = submit(cloud, "T1", orders)
    result = finished(cloud, "T1", task)["result"]
    assert (result["success_count"], result["failure_count"], result["outcome"]) == (249, 1, "partial")
    _, answer = cloud.call("GET", f"{RESULT}?task_id={task}", token=cloud.issuer.token("T1"))
    assert [item["code"] for item in answer["data"]["details"]] == ["QUANTITY_NOT_POSITIVE"]
    assert until("the queue is empty", lambda: depth(cloud, "OrderImportQueueUrl") == 0)


def test_another_stations_task_looks_like_a_missing_one(cloud, stations):
    task = submit(cloud, "T1", [order(0)])
    for path in (f"{GET}?user_task_id={task}", f"{RESULT}?task_id={task}"):
        missing = cloud.call("GET", path.replace(task, "never-submitted"), token=cloud.issuer.token("T2"))
        foreign = cloud.call("GET", path, token=cloud.issuer.token("T2"))
        assert foreign[0] == missing[0] == 200
        assert foreign[1]["error"] == missing[1]["error"] == "TASK_NOT_FOUND"
        assert foreign[1]["msg"].replace(task, "never-submitted") == missing[1]["msg"]
    finished(cloud, "T1", task)


def test_of_a_batch_of_messages_only_what_failed_comes_back_until_it_is_a_dead_letter(cloud, stations):
    before = depth(cloud, "OrderImportDeadLetterQueueUrl")
    bodies = ["not ours", json.dumps({"version": 1, "task_id": 999999999, "run": 1, "chunk": 0})]
    entries = [{"Id": str(at), "MessageBody": body} for at, body in enumerate(bodies)]
    cloud.client("sqs").send_message_batch(QueueUrl=cloud.outputs["OrderImportQueueUrl"], Entries=entries)
    assert until("the dead letter", lambda: depth(cloud, "OrderImportDeadLetterQueueUrl") == before + 1, 90)
    assert until("the queue is empty", lambda: depth(cloud, "OrderImportQueueUrl") == 0)


def test_a_batch_whose_message_became_a_dead_letter_while_the_database_was_read_only_is_made_all_the_same(cloud, stations, database):
    waiting = depth(cloud, "OrderImportDeadLetterQueueUrl")
    try:
        task = submit_unseen(cloud, database)
        until("the chunk is a dead letter", lambda: depth(cloud, "OrderImportDeadLetterQueueUrl") > waiting, 90)
    finally:
        database.sql("SET GLOBAL super_read_only = OFF; SET GLOBAL read_only = OFF")
    result = finished(cloud, "T1", task, 90)["result"]
    assert (result["success_count"], result["failure_count"]) == (3, 0), result


def submit_unseen(cloud, database):
    """Submits a batch whose message the worker gets only after the database has become read-only."""
    mappings = cloud.client("lambda")
    mapping = cloud.resource("OrderBatchWorkerMessages")
    mappings.update_event_source_mapping(UUID=mapping, Enabled=False)
    task = submit(cloud, "T1", [order(number) for number in range(3)])
    database.sql("SET GLOBAL super_read_only = ON")
    mappings.update_event_source_mapping(UUID=mapping, Enabled=True)
    return task


def test_a_worker_may_not_send_and_a_reader_sees_no_queue(cloud):
    roles = cloud.client("iam")
    queue = f"arn:aws:sqs:us-east-1:000000000000:{cloud.outputs['OrderImportQueueUrl'].rsplit('/', 1)[1]}"
    may = {"OrderBatchWorkerRole": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
           "OrderBatchSubmitRole": {"sqs:SendMessage"}, "AsyncTaskGetRole": set(), "TaskAddRole": set()}
    actions = ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:PurgeQueue"]
    for role, expected in may.items():
        arn = roles.get_role(RoleName=cloud.resource(role))["Role"]["Arn"]
        answer = roles.simulate_principal_policy(PolicySourceArn=arn, ActionNames=actions, ResourceArns=[queue])
        allowed = {result["EvalActionName"] for result in answer["EvaluationResults"] if result["EvalDecision"] == "allowed"}
        assert allowed == expected, role


def test_the_migration_ran_once_for_the_deployment(cloud, database):
    assert cloud.resource("Migration") == "schema"
    assert int(database.sql("SELECT COUNT(*) FROM _sqlx_migrations WHERE success = 0")) == 0
    assert int(database.sql("SELECT COUNT(*) FROM _sqlx_migrations")) > 0


def test_no_functions_configuration_shows_a_password(cloud, database):
    functions = cloud.client("lambda").list_functions()["Functions"]
    variables = [function.get("Environment", {}).get("Variables", {}) for function in functions]
    addresses = [value for each in variables for name, value in each.items() if name.endswith("_URL") and value.startswith("mysql")]
    assert len(addresses) > len(functions) / 2
    assert [address for address in addresses if "@" in address.split("?")[0]] == []
    assert cloud.rows_password not in json.dumps(variables)
