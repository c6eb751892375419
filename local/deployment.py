"""Deploying the template into the emulator, and the first workspace in it."""

import json
import sys
import time
from typing import Any

from local.emulator import Emulator
from local.packaging import BUCKET, load_template, package
from local.state import State

STACK = "evergrant"
DEPLOY_SECONDS = 120
AWS_HERE = "arn:aws:{}:eu-central-1:000000000000"
"""The emulator's account. Who makes a bus or a queue named `local` in it may have events sent there."""


def deploy(emulator: Emulator, public_base_url: str) -> dict[str, str]:
    """Create or update the stack; its outputs. Raises: RuntimeError with the stack's own words."""
    s3 = emulator.client("s3")
    if not any(bucket["Name"] == BUCKET for bucket in s3.list_buckets()["Buckets"]):
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    template = package(load_template(), lambda key, body: s3.put_object(Bucket=BUCKET, Key=key, Body=body))
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    variables |= {
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    # By its address: a body may hold 51,200 bytes.
    s3.put_object(Bucket=BUCKET, Key="template.json", Body=json.dumps(template).encode())
    cloudformation = emulator.client("cloudformation")
    arguments: dict[str, Any] = {
        "StackName": STACK,
        "TemplateURL": f"{emulator.url}/{BUCKET}/template.json",
        "Parameters": [
            {"ParameterKey": "PublicBaseUrl", "ParameterValue": public_base_url},
            {"ParameterKey": "LocalStack", "ParameterValue": "true"},
            {"ParameterKey": "CheckMinutes", "ParameterValue": "1"},
            {"ParameterKey": "EventBusArns", "ParameterValue": f"{AWS_HERE.format('events')}:event-bus/local"},
            {"ParameterKey": "EventQueueArns", "ParameterValue": f"{AWS_HERE.format('sqs')}:local"},
        ],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    if _exists(cloudformation):
        try:
            cloudformation.update_stack(**arguments)
        except cloudformation.exceptions.ClientError as error:
            if "No updates" not in str(error):
                raise
    else:
        cloudformation.create_stack(**arguments)
    return _outputs(cloudformation)


def _exists(cloudformation: Any) -> bool:
    try:
        return bool(cloudformation.describe_stacks(StackName=STACK)["Stacks"])
    except cloudformation.exceptions.ClientError:
        return False


def _outputs(cloudformation: Any) -> dict[str, str]:
    deadline = time.monotonic() + DEPLOY_SECONDS
    while time.monotonic() < deadline:
        stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        if stack["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
            reasons = [each["ResourceStatusReason"] for each in events if each.get("ResourceStatusReason")]
            raise RuntimeError(f"the stack did not deploy: {stack['StackStatus']} {' | '.join(reasons[:5])}")
        time.sleep(0.1)
    raise RuntimeError("the stack did not deploy in time")


def seed(emulator: Emulator, state: State, outputs: dict[str, str]) -> dict[str, str]:
    """The development workspace and its key: made once, the same after each restart."""
    known = state.read("seed.json")
    if known:
        return known
    event = {"action": "create_workspace", "name": "Local", "environment": "development"}
    answer = emulator.client("lambda").invoke(
        FunctionName=outputs["AdminFunctionName"], Payload=json.dumps(event).encode()
    )
    payload = answer["Payload"].read()
    if answer.get("FunctionError"):
        print(payload.decode(errors="replace"), file=sys.stderr)
        raise RuntimeError("the first workspace could not be made")
    made: dict[str, str] = json.loads(payload)
    state.write("seed.json", made)
    return made
