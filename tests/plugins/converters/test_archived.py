"""Numbers in the type that a node declares for archivers."""

import numpy as np
import pytest
from p4p.client.thread import RemoteError
from support.clients.lab import lab, triple

from roguebridge.core.errors import PluginError
from roguebridge.plugins.converters import make_converter


def build(pr, root, device):
    root.add(pr.LocalVariable(name="Count", value=7, archive_type="double", highAlarm=100))
    root.add(pr.LocalVariable(name="Counts", value=np.arange(3), archive_type="int"))
    root.add(pr.LocalVariable(name="Single", value=1.5, archive_type="float32"))
    root.add(pr.LocalVariable(name="Plain", value=7))
    device.add(
        pr.RemoteVariable(name="U64", offset=0, bitSize=64, base=pr.UInt, archive_type="double")
    )


@pytest.fixture
def served(tree):
    with lab(tree, build) as made:
        yield made


def test_numbers_are_served_in_the_type_that_is_declared(served):
    count = served.get("Count")
    assert (count.type()["value"], count["value"]) == ("d", 7.0)
    assert (
        count.type()["display"]["limitLow"] == count.type()["valueAlarm"]["highAlarmLimit"] == "d"
    )
    assert count["valueAlarm.highAlarmLimit"] == 100.0
    assert served.get("Counts").type()["value"] == "ai"
    assert served.get("Single").type()["value"] == "f"
    assert served.get("Plain").type()["value"] == "l"


def test_what_is_put_arrives_as_the_tree_takes_it(served):
    served.put("Count", 9.0)
    assert served.node("Count").value() == 9
    assert type(served.node("Count").value()) is int
    served.put("Dev.U64", 2.0**40)
    assert served.node("Dev.U64").value() == 2**40
    served.put("Counts", np.array([4, 5], np.int32))
    assert list(served.node("Counts").value()) == [4, 5]
    with pytest.raises(RemoteError, match=r"Top\.Count: 1\.5 is not an integer"):
        served.put("Count", 1.5)


def test_a_number_that_would_change_is_invalid(served):
    monitor = served.monitor("Dev.U64")
    monitor.next()
    served.node("Dev.U64").set(2**53 + 1)
    monitor.until(lambda update: triple(update) == (3, 3, "CALC"))
    served.node("Dev.U64").set(2**53)
    assert monitor.until(lambda update: triple(update) == (0, 0, "")) == 2.0**53
    monitor.close()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"value": 1, "archive_type": "text"}, "archive_type 'text' is none of"),
        ({"value": 1, "archive_type": "str"}, "archive_type 'str' is none of"),
        ({"value": "a", "archive_type": "double"}, "archive_type is for numbers, not NTScalar"),
        ({"value": np.zeros((2, 2)), "archive_type": "int"}, "for numbers, not NTNDArray"),
    ],
)
def test_a_type_that_cannot_be_is_refused(tree, running, options, problem):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="V", **options))
    with running(root), pytest.raises(PluginError, match=problem):
        make_converter(root.V)


def test_the_survey_warns_of_what_archivers_do_not_store(served):
    survey = served.server.survey()
    (advice,) = survey.advice
    assert advice.startswith("64-bit integers, which the Archiver Appliance does not store")
    assert "Base:Top:Plain" in advice
    assert "Count" not in advice
