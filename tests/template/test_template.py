"""What the template promises: one stem, least privilege, protected tables, queues with a second chance."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from evergrant.domain import targets

from local.packaging import load_template

ROOT = Path(__file__).parents[2]
TEMPLATE = load_template()
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]


def of_type(type_: str) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == type_}


FUNCTIONS = of_type("AWS::Serverless::Function")


def statements(function: dict[str, Any]) -> list[dict[str, Any]]:
    """What it may do at most: as if every condition held."""
    found = [statement for policy in function.get("Policies", []) for statement in policy["Statement"]]
    return [each["Fn::If"][1] if "Fn::If" in each else each for each in found]


def actions_of(statement: dict[str, Any]) -> list[str]:
    action: Any = statement["Action"]
    return [action] if isinstance(action, str) else list(action)


def test_one_stem_runs_from_folder_to_resource() -> None:
    folders = {path.parent.name for path in ROOT.glob("functions/*/app.py")}
    stems = {"".join(part.capitalize() for part in folder.split("_")) + "Function": folder for folder in folders}

    assert set(FUNCTIONS) == set(stems)
    assert all(FUNCTIONS[name]["CodeUri"] == f"functions/{folder}" for name, folder in stems.items())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_attack_70_no_function_may_do_everything(name: str) -> None:
    for statement in statements(FUNCTIONS[name]):
        actions = actions_of(statement)
        assert not any("*" in action for action in actions)
        assert statement["Resource"] != "*"
        if any(action.startswith("kms:") for action in actions):
            assert statement["Condition"]


def test_attack_70_the_authorizer_has_no_branch_keys() -> None:
    resources = [str(each["Resource"]) for each in statements(FUNCTIONS["ApiKeyAuthorizerFunction"])]

    assert not any("BranchKeysKey" in each or "KeysTable" in each for each in resources)


OPENS = {
    "AdminFunction",
    "AppClientFunction",
    "CleanupFunction",
    "ConnectCompleteFunction",
    "ConnectCredentialsFunction",
    "ConnectOauthFunction",
    "ConnectOpeningFunction",
    "CreateCredentialFunction",
    "DeleteCredentialFunction",
    "DeliverFunction",
    "FreshTokenFunction",
    "OauthCallbackFunction",
    "OauthConfirmFunction",
    "OauthStartFunction",
    "OauthUrlFunction",
    "PatchCredentialFunction",
    "ProxyFunction",
    "RenewFunction",
    "RescueFunction",
    "VerifyCredentialFunction",
    "WebhookEndpointsFunction",
}
"""Who seals or opens secrets. Who only writes cursors or keeps answers has a key of another purpose."""
KEEPS_ANSWERS = {
    "ApiKeysFunction",
    "AppMetadataFunction",
    "AuditFunction",
    "ConnectCompleteFunction",
    "ConnectCredentialsFunction",
    "ConnectOauthFunction",
    "ConnectSessionsFunction",
    "CreateCredentialFunction",
    "EventsFunction",
    "ListCredentialsFunction",
    "UsersFunction",
    "WebhookEndpointsFunction",
}


@pytest.mark.parametrize(
    ("purpose", "expected"), [("evergrant-branch-key", OPENS), ("evergrant-fingerprints", KEEPS_ANSWERS)]
)
def test_attack_70_who_may_use_which_branch_key(purpose: str, expected: set[str]) -> None:
    found = {
        name
        for name, function in FUNCTIONS.items()
        for statement in statements(function)
        if purpose in str(statement.get("Condition"))
    }

    assert found == expected


CUSTOMERS = {
    "Fn::If": [
        "HasCustomerKeys",
        {
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": {"Ref": "CustomerKeyArns"},
            "Condition": {
                "StringEquals": {
                    "kms:EncryptionContext:purpose": "evergrant-branch-key",
                    "kms:EncryptionContext:deployment": {"Ref": "AWS::StackName"},
                }
            },
        },
        {"Ref": "AWS::NoValue"},
    ]
}


def test_attack_70_customers_keys_are_used_by_those_alone_who_open_secrets_and_for_nothing_else() -> None:
    given = {
        name: [
            each for policy in function["Policies"] for each in policy["Statement"] if "CustomerKeyArns" in str(each)
        ]
        for name, function in FUNCTIONS.items()
        if "CustomerKeyArns" in str(function)
    }

    assert given == {name: [CUSTOMERS] for name in OPENS}


def test_attack_70_without_customers_keys_nothing_is_given() -> None:
    parameter = TEMPLATE["Parameters"]["CustomerKeyArns"]
    pattern = re.compile(parameter["AllowedPattern"])

    assert parameter["Default"] == ""
    assert TEMPLATE["Conditions"]["HasCustomerKeys"] == {
        "Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "CustomerKeyArns"}]}, ""]}]
    }
    assert pattern.fullmatch("arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab")
    assert not [each for each in ("*", "arn:aws:kms:eu-central-1:123456789012:key/*") if pattern.fullmatch(each)]


TARGETS = {
    "EventBusArns": ("HasEventBuses", "events:PutEvents", "arn:aws:events:eu-central-1:123456789012:event-bus/owners"),
    "EventQueueArns": ("HasEventQueues", "sqs:SendMessage", "arn:aws:sqs:eu-central-1:123456789012:owners.fifo"),
}
"""What events may be sent to: the parameter, its condition, the one action, an example."""


@pytest.mark.parametrize("parameter", TARGETS)
def test_attack_70_deliveries_alone_reach_the_owners_targets_and_only_those_that_are_named(parameter: str) -> None:
    condition, action, _ = TARGETS[parameter]
    given = {
        name: [each for policy in function["Policies"] for each in policy["Statement"] if parameter in str(each)]
        for name, function in FUNCTIONS.items()
        if parameter in str(function.get("Policies"))
    }

    allowed = {"Effect": "Allow", "Action": action, "Resource": {"Ref": parameter}}
    assert given == {"DeliverFunction": [{"Fn::If": [condition, allowed, {"Ref": "AWS::NoValue"}]}]}
    assert [name for name, each in FUNCTIONS.items() if "events:" in str(each.get("Policies"))] == ["DeliverFunction"]


@pytest.mark.parametrize("parameter", TARGETS)
def test_attack_70_without_named_targets_nothing_is_given(parameter: str) -> None:
    condition, _, example = TARGETS[parameter]
    declared = TEMPLATE["Parameters"][parameter]
    pattern = re.compile(declared["AllowedPattern"])

    assert declared["Default"] == ""
    assert TEMPLATE["Conditions"][condition] == {
        "Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": parameter}]}, ""]}]
    }
    assert pattern.fullmatch(example)
    others = [each for name, (_, _, each) in TARGETS.items() if name != parameter]
    assert not [each for each in ("*", example.replace("owners", "*"), *others) if pattern.fullmatch(each)]


@pytest.mark.parametrize("parameter", TARGETS)
def test_whoever_registers_endpoints_knows_what_is_named(parameter: str) -> None:
    variable = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", parameter).upper()
    variables = FUNCTIONS["WebhookEndpointsFunction"]["Environment"]["Variables"]

    assert variables[variable] == {"Fn::Join": [",", {"Ref": parameter}]}
    assert {each.parameter for each in targets.TARGETS.values() if each.parameter} == set(TARGETS)


def test_nobody_may_change_the_audit_trail() -> None:
    actions = {
        action
        for function in FUNCTIONS.values()
        for statement in statements(function)
        if "AuditTable" in str(statement["Resource"])
        for action in actions_of(statement)
    }

    assert actions <= {"dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_attack_71_every_function_logs_where_retention_is_set(name: str) -> None:
    group = FUNCTIONS[name]["LoggingConfig"]["LogGroup"]["Ref"]

    assert RESOURCES[group]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@pytest.mark.parametrize("name", of_type("AWS::DynamoDB::Table"))
def test_attack_71_every_table_is_protected(name: str) -> None:
    table = RESOURCES[name]["Properties"]

    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["SSESpecification"]["SSEEnabled"] is True
    assert table["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert RESOURCES[name]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_every_queue_has_a_dead_letter_queue() -> None:
    queues = {name: each for name, each in of_type("AWS::SQS::Queue").items() if "DeadLetter" not in name}

    assert all(each["RedrivePolicy"]["deadLetterTargetArn"] for each in queues.values())
    assert all(each["SqsManagedSseEnabled"] for each in of_type("AWS::SQS::Queue").values())


OPEN = {
    "/health",
    "/openapi.json",
    "/docs",
    "/docs/apps",
    "/logos/{app}",
    "/oauth/start/{authorizationId}",
    "/oauth/confirm",
    "/oauth/callback/{workspaceId}/{app}",
    "/connect",
    "/connect/{path+}",
    "/connect/opening",
    "/connect/redeem",
    "/sdk/{path+}",
}
GREEDY = {"/proxy/{credentialId}/{path+}", "/connect/{path+}", "/sdk/{path+}"}


def test_attack_41_proxy_and_assets_alone_are_greedy_and_few_routes_are_open() -> None:
    events = [event["Properties"] for function in FUNCTIONS.values() for event in function.get("Events", {}).values()]
    routes = [each for each in events if "Path" in each]
    opened = {each["Path"] for each in routes if each.get("Auth", {}).get("Authorizer") == "NONE"}

    assert routes
    assert {each["Path"] for each in routes if "+" in each["Path"]} == GREEDY
    assert not any(each["Method"] in {"ANY", "any"} for each in routes)
    assert opened == OPEN


def sources(name: str, type_: str) -> list[dict[str, Any]]:
    events: dict[str, Any] = FUNCTIONS[name].get("Events", {})
    return [event["Properties"] for event in events.values() if event["Type"] == type_]


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if sources(name, "SQS")])
def test_a_message_is_not_seen_again_while_its_batch_runs(name: str) -> None:
    (source,) = sources(name, "SQS")
    queue = RESOURCES[source["Queue"]["Fn::GetAtt"][0]]["Properties"]
    timeout = FUNCTIONS[name].get("Timeout", TEMPLATE["Globals"]["Function"]["Timeout"])

    assert queue["VisibilityTimeout"] >= 6 * timeout


def test_a_sweep_ends_before_the_next_begins() -> None:
    assert FUNCTIONS["SweepFunction"]["Timeout"] < 60


def watched(pattern: str) -> set[str]:
    """The log groups in which a metric filter looks for it."""
    filters = of_type("AWS::Logs::MetricFilter").values()
    return {each["LogGroupName"]["Ref"] for each in filters if each["FilterPattern"] == pattern}


@pytest.mark.parametrize("code", ["key_unavailable", "unreadable"])
def test_wherever_a_function_logs_keys_and_seals_are_watched(code: str) -> None:
    groups = {each["LoggingConfig"]["LogGroup"]["Ref"] for each in FUNCTIONS.values()}

    assert watched(f'{{ $.code = "{code}" }}') == groups


def test_wherever_a_renewal_runs_the_brake_is_watched() -> None:
    groups = {each["LoggingConfig"]["LogGroup"]["Ref"] for each in FUNCTIONS.values()}

    assert watched('{ $.message = "renewals_braked" }') == groups


def test_the_heartbeat_is_a_sweep_that_ended_well_and_its_absence_is_an_alarm() -> None:
    alarm = RESOURCES["SweepHeartbeatAlarm"]["Properties"]

    assert watched('{ $.message = "swept" }') == {FUNCTIONS["SweepFunction"]["LoggingConfig"]["LogGroup"]["Ref"]}
    assert (alarm["MetricName"], alarm["TreatMissingData"]) == ("Swept", "breaching")


def test_the_release_of_secrets_is_logged_apart() -> None:
    apart = {name for name, each in FUNCTIONS.items() if each["LoggingConfig"]["LogGroup"]["Ref"] == "ReleasesLogs"}

    assert apart == {"FreshTokenFunction", "ProxyFunction"}


def test_cloudwatch_may_publish_every_alarm() -> None:
    topic = RESOURCES["AlarmsTopic"]["Properties"]
    key = RESOURCES[topic["KmsMasterKeyId"]["Ref"]]["Properties"]

    granted = [
        statement
        for statement in key["KeyPolicy"]["Statement"]
        if statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    ]

    assert [set(actions_of(each)) for each in granted] == [{"kms:Decrypt", "kms:GenerateDataKey*"}]
    assert all(each["AlarmActions"] == [{"Ref": "AlarmsTopic"}] for each in of_type("AWS::CloudWatch::Alarm").values())


def test_attack_49_the_stage_is_throttled_in_the_apis_own_words() -> None:
    api = RESOURCES["Api"]["Properties"]
    (settings,) = api["MethodSettings"]
    said = api["GatewayResponses"]["THROTTLED"]

    assert settings["ThrottlingRateLimit"] <= settings["ThrottlingBurstLimit"]
    assert (said["StatusCode"], said["ResponseParameters"]["Headers"]["Retry-After"]) == (429, "'1'")
    assert '"code":"too_many_requests"' in said["ResponseTemplates"]["application/json"]


def test_sam_validates_it() -> None:
    command = [ROOT / ".tools/sam/bin/sam", "validate", "--lint"]
    environment = {**os.environ, "AWS_DEFAULT_REGION": "eu-central-1", "SAM_CLI_TELEMETRY": "0"}
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)

    assert found.returncode == 0, found.stdout + found.stderr


def test_attack_71_checkov_finds_nothing_that_has_no_reason() -> None:
    command = [ROOT / ".tools/checkov/bin/checkov", "--config-file", ".checkov.yaml"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert found.returncode == 0, found.stdout


def test_cfn_lint_finds_nothing() -> None:
    found = subprocess.run(
        [ROOT / ".tools/aws/bin/cfn-lint", "template.yaml"], cwd=ROOT, capture_output=True, text=True
    )

    assert (found.returncode, found.stdout) == (0, "")


GATEWAY_ANSWERS: dict[str, Any] = RESOURCES["Api"]["Properties"]["GatewayResponses"]


@pytest.mark.parametrize("name", GATEWAY_ANSWERS)
def test_what_the_gateway_itself_answers_has_the_contracts_shape(name: str) -> None:
    answer = GATEWAY_ANSWERS[name]
    told = json.loads(answer["ResponseTemplates"]["application/json"])
    headers = answer["ResponseParameters"]["Headers"]

    assert told.keys() == {"message", "code", "requestId", "details"}
    assert (told["requestId"], headers["x-request-id"]) == ("$context.requestId", "context.requestId")
    assert ("Retry-After" in headers) == (answer.get("StatusCode") in {429, 503, 504})


@pytest.mark.parametrize("name", ["MISSING_AUTHENTICATION_TOKEN", "INVALID_SIGNATURE", "EXPIRED_TOKEN"])
def test_an_unknown_route_is_not_there_whatever_the_key(name: str) -> None:
    assert GATEWAY_ANSWERS[name]["StatusCode"] == 404


@pytest.mark.parametrize("name", ["AUTHORIZER_FAILURE", "AUTHORIZER_CONFIGURATION_ERROR", "DEFAULT_5XX"])
def test_fault_48_an_authorizer_that_is_away_lets_nobody_in_and_asks_for_patience(name: str) -> None:
    assert GATEWAY_ANSWERS[name]["StatusCode"] == 503
