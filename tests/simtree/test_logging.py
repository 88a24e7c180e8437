"""Loggers, and their records in SystemLog."""

import json
import logging

import pytest
from support.trees import running
from support.trees.listeners import Recorder


@pytest.fixture(scope="module")
def root(tree):
    pr = tree.pr
    root = pr.Root(name="Top", maxLog=5, pollEn=False)
    root.add(pr.Device(name="D"))
    root.D.add(pr.LocalVariable(name="V", value=0))
    root.D.add(pr.LocalCommand(name="C", function=lambda: None))
    with running(root):
        yield root


class Served:
    """Some object that logs."""


def test_names(tree, root):
    pr = tree.pr
    assert pr.logInit(cls=Served()).name == "pyrogue.Served"
    assert pr.logInit(cls=Served(), name="x").name == "pyrogue.Served.x"
    assert pr.logInit(name="x", path="a.b").name == "pyrogue.a.b"
    assert pr.logInit().name == "pyrogue"
    assert root._log.name in ("pyrogue.Root.Root.Top", "pyrogue.Device.Root.Top")
    assert root.D._log.name == "pyrogue.Device.Device.Top.D"
    assert root.D.V._log.name == "pyrogue.Variable.LocalVariable.Top.D.V"
    assert root.D.C._log.name == "pyrogue.Command.BaseCommand.Top.D.C"
    assert pr.logName("x") == "pyrogue.x"


def test_levels(tree):
    name = tree.pr.setLogLevel("roguebridge_test", "INFO")
    assert logging.getLogger(name).level == logging.INFO
    with pytest.raises(ValueError, match="Unknown logging level"):
        tree.pr.setLogLevel("x", "NOISY")


def test_records_reach_system_log(tree, root):
    updates = Recorder()
    root.SystemLogLast.addListener(updates)
    root.ClearLog()
    assert root.SystemLog.value() == "[]"
    logging.getLogger("pyrogue.Test").warning("hello %s", "world")
    logging.getLogger("elsewhere").warning("not here")
    last = json.loads(root.SystemLogLast.value())
    assert (last["message"], last["levelName"], last["name"]) == (
        "hello world",
        "WARNING",
        "pyrogue.Test",
    )
    assert last["exception"] is None
    assert json.loads(root.SystemLog.value()) == [last]
    root.waitOnUpdate()
    assert updates.values[-1] == root.SystemLogLast.value()


def test_exceptions_and_length(tree, root):
    log = logging.getLogger("pyrogue.Test")
    for i in range(7):
        try:
            raise OSError(f"number {i}")
        except OSError as e:
            tree.pr.logException(log, e)
    entries = json.loads(root.SystemLog.value())
    assert [e["message"] for e in entries] == [f"number {i}" for i in range(2, 7)]
    assert entries[-1]["exception"] == "OSError"
    assert entries[-1]["traceBack"]


def test_a_rejected_set_is_logged_twice(root, tree):
    root.ClearLog()
    with pytest.raises(tree.pr.VariableError):
        root.D.V.set("x")
    entries = json.loads(root.SystemLog.value())
    assert [e["levelName"] for e in entries] == ["ERROR", "ERROR"]
    assert [e["exception"] for e in entries] == ["VariableError", None]


def test_nothing_is_stored_unless_running(tree):
    root = tree.pr.Root(name="Other")
    with running(root):
        pass
    before = root.SystemLogLast.value()
    logging.getLogger("pyrogue.Test").warning("too late")
    assert root.SystemLogLast.value() == before


def test_names_of_classes_and_nodes(tree, root):
    pr = tree.pr
    assert pr.logName(pr.Device) == "pyrogue.Device.Device"
    assert pr.logName(pr.LocalVariable) == "pyrogue.Variable.LocalVariable"
    assert pr.logName(root.D) == "pyrogue.Device.Device.Top.D"
    assert pr.logName(logging.getLogger("a.b")) == "a.b"
    assert pr.logName("pyrogue.x") == "pyrogue.x"
    assert pr.setLogLevel(root.D, logging.WARNING) == "pyrogue.Device.Device.Top.D"
    logging.getLogger("pyrogue.Device.Device.Top.D").setLevel(logging.NOTSET)


def test_each_update_outside_the_enum_is_logged(tree):
    root = tree.pr.Root(name="Enum", pollEn=False)
    root.add(tree.pr.LocalVariable(name="E", value=0, enum={0: "zero"}))
    with running(root):
        root.E.set(5)
        root.E.set(6)
        root.waitOnUpdate()
        entries = json.loads(root.SystemLog.value())
    assert [e["levelName"] for e in entries] == ["WARNING"] * 2
    assert [e["message"] for e in entries] == ["Invalid enum value 6 in variable 'Enum.E'"] * 2


def test_a_listener_of_the_log_that_logs_is_called_again(tree):
    root, calls = tree.pr.Root(name="Loop", pollEn=False), Recorder()

    def log(path, value):
        calls(path, value)
        if len(calls.calls) < 20:
            logging.getLogger("pyrogue.Test").warning("again")

    root.SystemLogLast.addListener(log)
    with running(root):
        logging.getLogger("pyrogue.Test").warning("once")
        calls.wait(20)


def test_errors_of_memories_are_logged_without_a_traceback(tree, caplog):
    error = tree.pr.MemoryError(name="Top.D", address=0x10, msg="too large")
    for e in (error, OSError("other")):
        try:
            raise e
        except Exception as caught:
            tree.pr.logException(logging.getLogger("pyrogue.Test"), caught)
    assert [bool(r.exc_info) for r in caplog.records] == [False, True]
    assert "Top.D" in caplog.records[0].getMessage()
    assert "too large" in caplog.records[0].getMessage()
