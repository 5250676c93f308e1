"""A batch from submit to result, through the client that openapi-python-client generated: BASE_URL, TASK_ID, DAY in the environment."""

import os
import time

from generated import Client
from generated.api.async_task import async_task_get
from generated.api.order_batch import order_batch_result, order_batch_submit
from generated.models import FrontTaskAnswer, ItemFilter, Order, OrderLine, Refusal, ReportAnswer, SubmitAnswer, SubmitRequest

task_id, day = os.environ["TASK_ID"], os.environ["DAY"]
client = Client(base_url=os.environ["BASE_URL"])


def order(address, amount):
    """An order of one line."""
    lines = [OrderLine(sku_id="D001", amount=amount)]
    return Order(address_id=address, receive_begin_time=f"{day} 06:30", receive_end_time=f"{day} 07:30", details=lines)


def expect(answer, kind):
    """The answer, which must be of this class."""
    assert isinstance(answer, kind), answer
    return answer


marked = order("none", 1)
marked["mark"] = "kept"
request = SubmitRequest(task_id=task_id, time_config_id="T1-DAILY", order_data=[order("S002", "20"), marked])
submitted = expect(order_batch_submit.sync(client=client, body=request), SubmitAnswer)
assert submitted.data.task_url.endswith(f"={task_id}"), submitted

for _ in range(300):
    task = expect(async_task_get.sync(client=client, user_task_id=task_id), FrontTaskAnswer).data
    if task.status == 3:
        break
    time.sleep(0.1)
assert (task.status, task.progress, task.can_cancel) == (3, 100, False), task
assert task.result.success_count == 1, task.result

report = expect(order_batch_result.sync(client=client, task_id=task_id, status=ItemFilter.ALL), ReportAnswer).data
made, failed = report.details
assert (made.status, failed.status) == ("success", "failed"), report
assert failed.errors[0].code == "ADDRESS_NOT_FOUND" and failed["mark"] == "kept", failed
assert (report.counts.success, report.counts.failed) == (1, 1), report.counts

refused = expect(async_task_get.sync(client=client, user_task_id=f"{task_id}-none"), Refusal)
assert refused.error == "TASK_NOT_FOUND", refused
