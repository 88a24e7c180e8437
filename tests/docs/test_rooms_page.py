"""The page of the rooms has a line for each file, and its tables are those of the code."""

import re
from pathlib import Path

import pytest

from roguebridge.core.values import alarm

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "rooms.md").read_text()
FOLDERS = ("front", "core", "backends", "plugins", "testing")


def test_every_file_has_one_line_and_every_line_a_file():
    lines = re.findall(r"^- `([^`]+\.py)`: (.*)$", PAGE, re.MULTILINE)
    files = sorted(
        file.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for file in (ROOT / folder).rglob("*.py")
    )
    assert sorted(name for name, _ in lines) == files
    assert [name for name, text in lines if not text.strip()] == []


def test_every_file_that_the_page_names_is_there():
    text = PAGE[: PAGE.index("## Every file")] + PAGE[PAGE.index("## Where to start") :]
    named = set(re.findall(r"`([a-z_/]+/[a-z_]+\.py)`", text))
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_order_of_alarms_is_that_of_the_code():
    words = re.search(r"^NO_ALARM .*$", PAGE, re.MULTILINE)[0].split()
    assert [getattr(alarm, word) for word in words] == list(alarm.ORDER)


@pytest.mark.parametrize("better", range(len(alarm.ORDER)))
def test_of_two_alarms_the_one_further_down_counts(better):
    wrong = [
        (alarm.ORDER[better], worse)
        for worse in alarm.ORDER[better:]
        if alarm.worst([alarm.ORDER[better], worse]) != worse
    ]
    assert wrong == []
