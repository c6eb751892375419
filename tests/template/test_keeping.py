"""What is kept, how long, and who hears of it: tables, queues and alarms."""

import re
from typing import Any

import pytest

from tests.template.test_template import RESOURCES, TEMPLATE, of_type

FOURTEEN_DAYS = 14 * 24 * 60 * 60
ENDS_BY_ITSELF = {"SessionsTable", "EventsTable"}
"""Sessions, authorizations and first answers; events and deliveries. Only these rows have a `ttl`."""

QUEUES = of_type("AWS::SQS::Queue")
ALARMS = [name for name, each in RESOURCES.items() if each["Type"].startswith("AWS::CloudWatch::") and "Alarm" in name]


@pytest.mark.parametrize("name", of_type("AWS::DynamoDB::Table"))
def test_time_takes_away_only_what_ends_by_itself(name: str) -> None:
    ends: dict[str, Any] | None = RESOURCES[name]["Properties"].get("TimeToLiveSpecification")

    assert ends == ({"AttributeName": "ttl", "Enabled": True} if name in ENDS_BY_ITSELF else None)


@pytest.mark.parametrize("name", [*of_type("AWS::DynamoDB::Table"), "BranchKeysKey", "StorageKey"])
def test_what_cannot_be_had_again_outlives_its_replacement(name: str) -> None:
    assert RESOURCES[name]["UpdateReplacePolicy"] == "Retain"
    assert RESOURCES[name]["DeletionPolicy"] in {"Retain", "RetainExceptOnCreate"}


@pytest.mark.parametrize("name", [name for name in QUEUES if "DeadLetter" in name])
def test_what_failed_is_kept_for_as_long_as_can_be(name: str) -> None:
    assert QUEUES[name]["MessageRetentionPeriod"] == FOURTEEN_DAYS


def test_a_secret_that_waits_for_rescue_is_kept_for_long_and_heard_of_within_a_minute() -> None:
    alarm = RESOURCES["RescueAgeAlarm"]["Properties"]

    assert QUEUES["RescueQueue"]["MessageRetentionPeriod"] == FOURTEEN_DAYS
    assert QUEUES["RescueQueue"]["RedrivePolicy"]["maxReceiveCount"] == 1000
    assert (alarm["MetricName"], alarm["Threshold"], alarm["Period"]) == ("ApproximateAgeOfOldestMessage", 60, 60)
    assert alarm["Dimensions"][0]["Value"] == {"Fn::GetAtt": ["RescueQueue", "QueueName"]}


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_is_there_where_somebody_hears_it(name: str) -> None:
    assert RESOURCES[name]["Condition"] == "HasAlarms"
    assert RESOURCES[name]["Properties"]["AlarmActions"] == [{"Ref": "AlarmsTopic"}]


def test_attack_34_no_environment_holds_a_secret() -> None:
    globals_: dict[str, Any] = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    own = [each.get("Environment", {}).get("Variables", {}) for each in of_type("AWS::Serverless::Function").values()]
    variables = [(name, str(value)) for each in (globals_, *own) for name, value in each.items()]
    hidden = {name for name, each in TEMPLATE["Parameters"].items() if each.get("NoEcho")}

    assert variables
    assert [name for name, _ in variables if re.search("SECRET|PASSWORD|TOKEN|PRIVATE|API_KEY", name)] == []
    assert [name for name, value in variables if any(each in value for each in hidden) or "resolve:" in value] == []
