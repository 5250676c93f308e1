"""One deployed stack for all tests, on the private MySQL server that run.sh has started."""

import json
import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.credentials import Credentials

import authority
import cloud as emulator

DATABASE = "deployed"


class Database:
    """The database of the stack."""

    def __init__(self):
        url = urlsplit(os.environ["DATABASE_URL"])
        self.parts = {"user": url.username, "password": url.password, "port": url.port, "name": DATABASE}
        self.sql(f"DROP DATABASE IF EXISTS {DATABASE}; CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4", "app")
        ca = authority.install(emulator.ROOT / ".local/tls/deploy", ["127.0.0.1"], lambda statement: self.sql(statement, "app"))
        # As in the cloud but for the place: the emulator runs functions on this host, where /opt is not theirs.
        self.parts["options"] = f"ssl-mode=VERIFY_IDENTITY&ssl-ca={ca}"

    def sql(self, statement, database=DATABASE):
        command = [emulator.ROOT / "shared/local/mysql.sh", "sql", "-N", "-B", "-D", database, "-e", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def url(self):
        parts = self.parts
        return f"mysql://{parts['user']}:{parts['password']}@127.0.0.1:{parts['port']}/{DATABASE}?ssl-mode=disabled"


@pytest.fixture(scope="session")
def database():
    return Database()


@pytest.fixture(scope="session")
def cloud(database):
    log = Path(os.environ["DEPLOY_LOG"]).open("w")
    cloud = emulator.Cloud(log)
    try:
        cloud.outputs = cloud.deploy(database.parts)
        for queue in ("OrderImportQueueUrl", "OrderImportDeadLetterQueueUrl"):
            # What fails comes back at once, not after six minutes.
            cloud.client("sqs").set_queue_attributes(QueueUrl=cloud.outputs[queue], Attributes={"VisibilityTimeout": "1"})
        yield cloud
    finally:
        cloud.stop()


@pytest.fixture(scope="session")
def stations(cloud, database):
    """Two stations with a cycle, an address and an sku each."""
    limits = {"order_time_limit": {"start": "00:00", "end": "23:59", "e_span_time": 0},
              "receive_time_limit": {"start": "00:00", "end": "23:59", "s_span_time": 0, "e_span_time": 9, "weekdays": 127}}
    stations = [
        {"station_id": station,
         "time_configs": [{"id": f"{station}-DAILY", "name": "daily", "type": 1, "enabled": True, **limits}],
         "addresses": [{"address_id": f"S{number}", "name": f"S{number}", "can_order": True} for number in range(250)],
         "skus": [{"sku_id": "D1", "name": "D1", "sale_unit": "kg", "sale_price": "2.50", "sale_num_least": "0.01",
                   "on_sale": True, "time_config_id": None}]}
        for station in ("T1", "T2")]
    file = emulator.ROOT / ".local/deploy-reference.json"
    file.write_text(json.dumps({"stations": stations}))
    command = [emulator.BINARIES / "task-local", "load-reference"]
    subprocess.run(command, check=True, cwd=emulator.ROOT, env=os.environ | {"DATABASE_URL": database.url(), "FILE": str(file)})
    return [station["station_id"] for station in stations]


@pytest.fixture(scope="session")
def partner(cloud):
    """Another system: a user who may call the API, and signs."""
    users = cloud.client("iam")
    users.create_user(UserName="partner")
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"arn:aws:execute-api:*:*:{cloud.resource('Api')}/*/*/task/*"}]}
    users.put_user_policy(UserName="partner", PolicyName="call", PolicyDocument=json.dumps(policy))
    key = users.create_access_key(UserName="partner")["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])
