"""A Lambda function behind the SQS queue of a task queue in mode `sqs`; Python's standard library, and botocore where it is deployed."""
import json, os, urllib.request

API = os.environ["API_URL"]

def call(path, **body):
    """Calls the API: signed where it is deployed, plain locally. A fault raises: the message is delivered again."""
    data, headers = json.dumps(body).encode(), {"content-type": "application/json"}
    if API.startswith("https"):
        import boto3
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        session, request = boto3.Session(), AWSRequest("POST", API + path, headers, data)
        SigV4Auth(session.get_credentials(), "execute-api", session.region_name).add_auth(request)
        headers = dict(request.headers)
    with urllib.request.urlopen(urllib.request.Request(API + path, data, headers), timeout=25) as response:
        return json.load(response)

def work(task):
    """Your work: here it adds up what it was given."""
    numbers = json.loads(task["input"])["numbers"]
    return {"msg": f"the sum is {sum(numbers)}", "sum": sum(numbers)}

def consume(message):
    """Works off one message: it only says that a run may start. A run that may not is somebody else's: nothing is to be done."""
    run = {"task_id": int(message["task_id"]), "run_count": message["run_count"]}
    started = call("/task/start", **run)
    if started["code"] != 0:
        print("left", run, started["error"], started["msg"], flush=True)
        return
    try:
        result = work(started["data"])
    except Exception as error:
        call("/task/fail", **run, msg=f"{type(error).__name__}: {error}"[:1000])
        return
    call("/task/finish", **run, result=result)

def handler(event, context):
    """A message that meets a fault stays in the queue; the others are done."""
    failed = []
    for record in event["Records"]:
        try:
            consume(json.loads(record["body"]))
        except Exception as error:
            print("again", record["body"], repr(error), flush=True)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
