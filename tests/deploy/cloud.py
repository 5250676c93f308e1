"""An emulator of AWS on loopback with the stack of template.yaml in it, and the ways to call it."""

import io
import json
import os
import random
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "shared/local"))
import emulated
import expand
from issuer import AUDIENCE, CLIENT, Issuer

BINARIES = ROOT / "target/local"
REGION = "us-east-1"
STACK = "long-tasks"


def free_port():
    """A port nobody listens on, below those that the system gives away by itself: one of these could be gone before it is opened."""
    while True:
        port = random.randrange(10_000, 20_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def until(what, ask, seconds=60):
    """Asks until there is an answer that is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := ask():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


class Cloud:
    """The emulator and the stack in it."""

    def __init__(self, log):
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        # It could enforce policies too (AUTH), and would then refuse itself: the queues take TLS only, and it speaks plain HTTP.
        environment = os.environ | {
            "GATEWAY_PORT": str(self.port), "BIND_HOST": "127.0.0.1", "AWS_ENDPOINT_URL": self.endpoint,
            "MINISTACK_HOST": "127.0.0.1", "LOG_LEVEL": "WARNING", "AWS_DEFAULT_REGION": REGION}
        self.process = subprocess.Popen([sys.executable, "-m", "ministack"], env=environment, stdout=log, stderr=log)
        until("the emulator answers", self.is_up)
        self.issuer = Issuer()
        self.root = Credentials("test", "test")

    def is_up(self):
        assert self.process.poll() is None, "the emulator ended"
        try:
            return urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=2).status == 200
        except OSError:
            return False

    def client(self, service):
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION,
                            aws_access_key_id=self.root.access_key, aws_secret_access_key=self.root.secret_key)

    def upload(self, key, files):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as zipped:
            for name, content in files.items():
                entry = zipfile.ZipInfo(name)
                entry.external_attr, entry.compress_type = 0o755 << 16, zipfile.ZIP_DEFLATED
                zipped.writestr(entry, content)
        self.client("s3").put_object(Bucket="deploy", Key=key, Body=archive.getvalue())
        return f"s3://deploy/{key}"

    def packaged(self):
        """template.yaml with the places of what was uploaded, as `sam package` writes it."""
        template = expand.expand((ROOT / "template.yaml").read_text(), TaskQueues=["report"])
        self.client("s3").create_bucket(Bucket="deploy")
        for resource in template["Resources"].values():
            properties = resource.get("Properties", {})
            if "CodeUri" in properties:
                binary = resource["Metadata"]["BuildProperties"]["Binary"]
                properties["CodeUri"] = self.upload(f"{binary}.zip", {"bootstrap": (BINARIES / binary).read_bytes()})
            if "ContentUri" in properties:
                properties["ContentUri"] = self.upload("ca.zip", {"database-ca.pem": b"the private server's is used\n"})
        return json.dumps(template)

    def deploy(self, database):
        """Deploys the stack against a database; answers its outputs."""
        secret = json.dumps({"username": database["user"], "password": database["password"]})
        secret = self.client("secretsmanager").create_secret(Name="long-tasks", SecretString=secret)
        self.rows_password = os.urandom(12).hex()
        rows = json.dumps({"username": f"{database['name']}_rows", "password": self.rows_password})
        rows = self.client("secretsmanager").create_secret(Name="long-tasks-rows", SecretString=rows)
        parameters = {
            "DatabaseHost": "127.0.0.1", "DatabasePort": database["port"], "DatabaseName": database["name"],
            "DatabaseOptions": database["options"], "DatabaseSecretArn": rows["ARN"],
            "DatabaseOwnerSecretArn": secret["ARN"],
            "JwtIssuer": self.issuer.url, "JwtAudience": AUDIENCE, "ConsoleClientId": CLIENT, "WorkerConcurrency": "2", "TaskQueues": "report",
            "TargetHosts": "127.0.0.1"}
        template = emulated.deployable(self.packaged(), parameters)
        self.client("s3").put_object(Bucket="deploy", Key="template.json", Body=json.dumps(template).encode())
        given = [{"ParameterKey": key, "ParameterValue": str(value)} for key, value in parameters.items()]
        clouds = self.client("cloudformation")
        clouds.create_stack(StackName=STACK, TemplateURL=f"{self.endpoint}/deploy/template.json", Parameters=given,
                            Capabilities=["CAPABILITY_IAM"])
        stack = until("the stack is made", lambda: self.settled(clouds), 300)
        if stack["StackStatus"] != "CREATE_COMPLETE":
            events = clouds.describe_stack_events(StackName=STACK)["StackEvents"]
            reasons = [(event["LogicalResourceId"], event.get("ResourceStatusReason")) for event in events
                       if "FAILED" in event["ResourceStatus"]]
            raise AssertionError(f"{stack['StackStatus']}: {reasons}")
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def settled(self, clouds):
        [stack] = clouds.describe_stacks(StackName=STACK)["Stacks"]
        return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

    def resource(self, logical_id):
        resource = self.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
        return resource["StackResourceDetail"]["PhysicalResourceId"]

    def url(self, path):
        """Where a deployed route is."""
        return f"{self.endpoint}/_aws/execute-api/{self.resource('Api')}/$default{path}"

    def file(self, path, headers=None):
        """Asks for a file of the page; answers status, headers and bytes."""
        request = urllib.request.Request(self.url(path), headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def call(self, method, path, body=None, token=None, signer=None):
        """Calls a deployed route; answers status and envelope."""
        url = self.url(path)
        headers = {"content-type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        if token:
            headers["authorization"] = f"Bearer {token}"
        if signer:
            signed = AWSRequest(method, url, headers, data)
            SigV4Auth(signer, "execute-api", REGION).add_auth(signed)
            headers = dict(signed.headers)
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
