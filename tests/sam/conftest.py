"""The functions as `sam local` runs them, on a database of their own."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import relay

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests/deploy"), str(ROOT / "shared/local")]
import authority
import expand

BUILD = ROOT / ".local/sam"
SAM = ROOT / ".local/deploy/bin/sam"
DATABASE = "sam_local"
# No such region: a message that is sent goes nowhere, at once. The sweeper would send it again.
REGION = "nowhere-1"


def sql(statement, database=DATABASE):
    command = [ROOT / "shared/local/mysql.sh", "sql", "-N", "-B", "-D", database, "-e", statement]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def build(folder, ca):
    """template.yaml and the functions beside each other, as `sam build` leaves them, from the binaries of target/local."""
    shutil.rmtree(folder, ignore_errors=True)
    template = expand.expand((ROOT / "template.yaml").read_text(), TaskQueues=[])
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if "CodeUri" in properties:
            binary = resource["Metadata"]["BuildProperties"]["Binary"]
            (folder / name).mkdir(parents=True)
            shutil.copy(ROOT / "target/local" / binary, folder / name / "bootstrap")
            properties["CodeUri"] = name
        if "ContentUri" in properties:
            (folder / name).mkdir(parents=True)
            shutil.copy(ca, folder / name / "database-ca.pem")
            properties["ContentUri"] = name
    (folder / "template.json").write_text(json.dumps(template))


class Functions:
    """`sam local` on the built folder."""

    def __init__(self):
        url = urlsplit(os.environ["DATABASE_URL"])
        sql(f"DROP DATABASE IF EXISTS {DATABASE}; CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4", "app")
        host, port = relay.relayed(url.port)
        build(BUILD, authority.install(ROOT / ".local/tls/sam", [host], lambda statement: sql(statement, "app")))
        options = expand.expand((ROOT / "template.yaml").read_text(), TaskQueues=[])["Parameters"]["DatabaseOptions"]["Default"]
        self.variables = {"DATABASE_URL": f"mysql://{url.username}:{url.password}@{host}:{port}/{DATABASE}?{options}",
                          # The CLI knows the queue by its logical id only.
                          "GM_TASK_QUEUE": f"order_import=https://sqs.{REGION}.invalid/000000000000/order-import"}
        self.local_url = f"mysql://{url.username}:{url.password}@127.0.0.1:{url.port}/{DATABASE}?ssl-mode=disabled"

    def command(self, *arguments, **variables):
        (BUILD / "variables.json").write_text(json.dumps({"Parameters": self.variables | variables}))
        return [SAM, "local", *arguments, "--template", BUILD / "template.json", "--region", REGION, "--skip-pull-image",
                "--invoke-image", os.environ["SAM_IMAGE"], "--env-vars", BUILD / "variables.json"]

    @staticmethod
    def environment():
        return os.environ | {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}

    def invoke(self, function, event):
        """Invokes a function with an event; answers what it answers."""
        run = subprocess.run(self.command("invoke", function, "--event", "-"), input=json.dumps(event), text=True,
                             capture_output=True, env=self.environment(), timeout=120)
        assert run.returncode == 0 and run.stdout.strip(), run.stderr
        return json.loads(run.stdout.strip().splitlines()[-1])

    def start_api(self, **variables):
        """Starts the HTTP front; answers its process and address."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        log = (ROOT / ".local/log/sam-local.log").open("w")
        process = subprocess.Popen(self.command("start-api", "--host", "127.0.0.1", "--port", str(port), **variables),
                                   stdout=log, stderr=log, env=self.environment())
        end = time.monotonic() + 60
        while time.monotonic() < end and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return process, f"http://127.0.0.1:{port}"
            time.sleep(0.1)
        raise AssertionError("sam local start-api did not come up, see .local/log/sam-local.log")


@pytest.fixture(scope="session")
def functions():
    functions = Functions()
    assert functions.invoke("DatabaseMigrate", sample("database-migrate")) == {"migrated": True}
    limits = {"order_time_limit": {"start": "00:00", "end": "23:59", "e_span_time": 0},
              "receive_time_limit": {"start": "00:00", "end": "23:59", "s_span_time": 0, "e_span_time": 9, "weekdays": 127}}
    station = {
        "station_id": "T1",
        "time_configs": [{"id": "T1-DAILY", "name": "daily", "type": 1, "enabled": True, **limits}],
        "addresses": [{"address_id": "S001", "name": "S001", "can_order": True}],
        "skus": [{"sku_id": "D001", "name": "D001", "sale_unit": "kg", "sale_price": "2.50", "sale_num_least": "0.01",
                  "on_sale": True, "time_config_id": None}]}
    file = BUILD / "reference.json"
    file.write_text(json.dumps({"stations": [station]}))
    subprocess.run([ROOT / "target/local/task-local", "load-reference"], check=True, cwd=ROOT,
                   env=os.environ | {"DATABASE_URL": functions.local_url, "FILE": str(file)})
    return functions


def sample(function):
    """The sample event of a function."""
    return json.loads((ROOT / f"tests/events/{function}.json").read_text())
