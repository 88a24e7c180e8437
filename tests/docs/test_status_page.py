"""The table of status PVs is that of the code."""

from support.docs.page_tables import code, table

from roguebridge.core.health.last_runs import LAST_RUN_PVS
from roguebridge.core.health.status_nodes import STATUS_PVS

PAGE = "docs/reference/status-pvs.md"
KINDS = {"int32": "Int32", "float64": "Double64", "text": "str", "list of texts": "list[string]"}


def limits(one):
    words = [
        ("MAJOR below", one.low_alarm),
        ("MINOR above", one.high_warning),
        ("MAJOR above", one.high_alarm),
    ]
    found = [f"{word} {limit:g}" for word, limit in words if limit is not None]
    return found + (["MAJOR from `stuck_after`"] if one.name == "TREE_ALIVE" else [])


def test_the_page_says_of_each_status_pv_what_the_code_says():
    rows = [
        (code(row["PV"]), KINDS[row["type"]], row["units"], row["says"], row["alarm"])
        for row in table(PAGE, "PV")
    ]
    assert rows == [
        (one.name, one.kind, one.units, one.description, ", ".join(limits(one)))
        for one in STATUS_PVS
    ]


def test_the_page_says_what_is_served_beside_each_command():
    rows = [
        (code(row["name"]), KINDS[row["type"]], row["units"], row["says"])
        for row in table(PAGE, "name")
    ]
    assert rows == [(one.name, one.kind, one.units, one.description) for one in LAST_RUN_PVS]
