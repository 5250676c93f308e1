"""The Celery task that stores a chunk of orders: order, line and outcome rows in one transaction."""

import os
from urllib.parse import unquote, urlsplit

import mysql.connector
import orjson
from celery import Celery

ORDERS = (
    "INSERT INTO tbl_order (station_id, task_id, time_config_id, id, order_key, address_id,"
    " receive_begin, receive_end, remark, total) VALUES "
)
LINES = (
    "INSERT INTO tbl_order_detail (order_id, line_no, sku_id, quantity, unit_price, amount, is_price_timing) VALUES "
)
OUTCOMES = "INSERT INTO tbl_batch_item (task_id, run, item_index, chunk_id, status, made_id) VALUES "

app = Celery("peers", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
app.conf.update(
    task_acks_late=True,  # at least once, as ours
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    result_expires=600,
)

@app.task(name="nothing")
def nothing(number):
    """Does nothing: what a task costs by itself."""
    return number


held = None


def connection():
    """Connects once per worker process."""
    global held
    if held is None:
        url = urlsplit(os.environ["DATABASE_URL"])
        held = mysql.connector.connect(
            host=url.hostname,
            port=url.port,
            user=url.username,
            password=unquote(url.password or ""),
            database=url.path.lstrip("/"),
            use_pure=False,
            autocommit=False,
        )
        held.cursor().execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    return held


def insert(cursor, sql, rows):
    """Runs one multi-row INSERT."""
    row = "(" + ",".join(["%s"] * len(rows[0])) + ")"
    cursor.execute(sql + ",".join([row] * len(rows)), [value for values in rows for value in values])


@app.task(name="store")
def store(task, first, orders):
    """Stores the orders of a JSON text, with ids from `first` on."""
    order_rows, line_rows, outcome_rows = [], [], []
    for index, order in enumerate(orjson.loads(orders)):
        key, total = first + index, 0
        for number, line in enumerate(order["details"], 1):
            amount = round(float(line["amount"]) * float(line["unit_price"]), 2)
            total += amount
            line_rows.append((key, number, line["sku_id"], line["amount"], line["unit_price"], amount, 0))
        order_rows.append((
            "B1", task, "BENCH", key, "a:" + order["address_id"], order["address_id"],
            order["receive_begin_time"], order["receive_end_time"], order["remark"], round(total, 2),
        ))
        outcome_rows.append((task, 1, key % 1_000_000, 1, 1, key))
    database = connection()
    cursor = database.cursor()
    for start in range(0, len(order_rows), 100):
        insert(cursor, ORDERS, order_rows[start : start + 100])
        insert(cursor, OUTCOMES, outcome_rows[start : start + 100])
    for start in range(0, len(line_rows), 500):
        insert(cursor, LINES, line_rows[start : start + 500])
    database.commit()
    return len(order_rows)
