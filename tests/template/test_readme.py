"""What the README says of the deployment is what the template has, and SAM takes it as it stands."""

import json
import re
import shlex
import subprocess
from typing import Any

import pytest

from tests.template.test_template import RESOURCES, ROOT, TEMPLATE, of_type

README = (ROOT / "README.md").read_text("utf-8")
OVERRIDES = re.findall(r"sam deploy --parameter-overrides ([^`\n]+)", README)
ANY_TIME = "2026-11-25T00:00:00Z"
TAKEN = """
import json, sys
from samcli.cli.types import CfnParameterOverridesType
print(json.dumps(CfnParameterOverridesType().convert(tuple(sys.argv[1:]), None, None)))
"""


def rows_of(heading: str) -> set[str]:
    """What the first columns of that section's tables name in code."""
    section = README.partition(f"## {heading}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    return {
        name for row in re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }


def test_every_parameter_is_explained() -> None:
    assert rows_of("Deploy") == set(TEMPLATE["Parameters"])


def test_every_alarm_says_what_to_do() -> None:
    alarms = {name.removesuffix("Alarm") for name in of_type("AWS::CloudWatch::Alarm")}

    assert rows_of("Alarms, and what to do") == alarms


@pytest.mark.parametrize("alarm", [name for name in of_type("AWS::CloudWatch::Alarm") if "DeadLetter" in name])
def test_a_dead_letter_alarm_has_its_queues_name(alarm: str) -> None:
    (dimension,) = RESOURCES[alarm]["Properties"]["Dimensions"]

    assert dimension["Value"]["Fn::GetAtt"][0] == alarm.removesuffix("Alarm") + "Queue"


@pytest.mark.parametrize("written", OVERRIDES)
def test_sam_takes_the_parameters_as_a_shell_hands_them_over(written: str) -> None:
    words = shlex.split(re.sub(r"\$\([^)]*\)", ANY_TIME, written))
    command = [ROOT / ".tools/sam/bin/python", "-c", TAKEN, *words]

    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    taken: dict[str, Any] = json.loads(done.stdout)
    assert taken
    for name, value in taken.items():
        parameter = TEMPLATE["Parameters"][name]
        assert value in parameter.get("AllowedValues", [value])
        assert re.search(parameter.get("AllowedPattern", ""), value)
