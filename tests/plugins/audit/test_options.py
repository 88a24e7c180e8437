"""Which records are written, and where to: a file, a logger, or an exact error."""

import json
import logging
from pathlib import Path

import pytest
from support.engine.audit import lines, make_record

from roguebridge.core.errors import PluginError
from roguebridge.core.mapping.pv_map import PvEntry
from roguebridge.plugins.audit import Audit


def test_trapwrite_leaves_out_what_no_such_rule_has_allowed(file):
    audit = Audit(file, only="trapwrite")
    audit.request_done(make_record(1, trap=True))
    audit.request_done(make_record(2, "denied", "no", lost=4))
    audit.request_done(make_record(3, trap=True, lost=1))
    assert [(line["new"], line.get("lost")) for line in lines(file)] == [(1, None), (3, 5)]


def test_a_logger_gets_each_line_as_a_record(caplog, file):
    audit = Audit(file, logger="site.audit", level="warning")
    audit.server_starting(None)
    entry = PvEntry("Top.%s", "B:Top:%s", False, "RW")
    audit.request_done(make_record("100 %", entry=entry, lost=1))
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("site.audit", logging.WARNING)
    assert json.loads(record.getMessage()) == lines(file)[0]
    assert lines(file)[0]["lost"] == 1


@pytest.fixture
def logger():
    logger = logging.getLogger("roguebridge_test_audit")
    yield logger
    logger.setLevel(logging.NOTSET)
    logger.propagate = True
    logger.handlers.clear()


def test_a_logger_that_nobody_has_set_up_takes_the_records(logger, caplog):
    assert not logger.isEnabledFor(logging.INFO)  # as the root logger is not
    audit = Audit(logger=logger.name)
    audit.server_starting(None)
    audit.request_done(make_record(1))
    assert [record.levelno for record in caplog.records] == [logging.INFO]


def test_a_logger_that_drops_the_records_stops_the_start(logger):
    audit = Audit(logger=logger.name)
    logger.setLevel(logging.ERROR)
    with pytest.raises(PluginError, match=f"{logger.name} drops audit records: INFO is off"):
        audit.server_starting(None)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    with pytest.raises(PluginError, match=f"{logger.name} drops audit records: it has no handler"):
        audit.server_starting(None)
    logger.addHandler(logging.NullHandler())
    audit.server_starting(None)


@pytest.mark.parametrize(
    "option",
    ["audit.json", Path("audit.json"), {"file": "audit.json", "max_bytes": 5, "backups": 1}],
    ids=str,
)
def test_an_option_is_a_file_or_a_mapping(option, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    audit = Audit.from_option(option)
    for number in range(2):
        audit.request_done(make_record(number))
    assert len(list(tmp_path.iterdir())) == (2 if isinstance(option, dict) else 1)


@pytest.mark.parametrize(
    "option, error, text",
    [
        (5, TypeError, "audit must be a file name or a mapping, not 5"),
        ({}, ValueError, "audit: give a file or a logger"),
        ("", ValueError, "audit: give a file or a logger"),
        ({"fiel": "x"}, ValueError, "audit: unknown keys ['fiel']; there are ['file', 'logger', "),
        ({"file": 5}, TypeError, "audit: file must be a file name, not 5"),
        ({"logger": 5}, TypeError, "audit: logger must be the name of a logger, not 5"),
        ({"logger": "pyrogue"}, ValueError, "audit: the logger 'pyrogue' is PyRogue's"),
        ({"logger": "pyrogue.x"}, ValueError, "audit: the logger 'pyrogue.x' is PyRogue's"),
        ({"file": "x", "max_bytes": -1}, ValueError, "max_bytes must be a whole number, not -1"),
        ({"file": "x", "backups": 1.5}, ValueError, "backups must be a whole number, not 1.5"),
        ({"file": "x", "backups": True}, ValueError, "backups must be a whole number, not True"),
        ({"file": "x", "only": "some"}, ValueError, "only must be one of ('all', 'trapwrite')"),
        ({"logger": "x", "level": "loud"}, ValueError, "level must be a logging level, not 'loud'"),
        ({"logger": "x", "level": True}, ValueError, "level must be a logging level, not True"),
    ],
    ids=str,
)
def test_an_option_that_cannot_be_used_is_an_exact_error(option, error, text):
    with pytest.raises(error) as caught:
        Audit.from_option(option)
    assert text in str(caught.value)
