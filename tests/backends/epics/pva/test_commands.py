"""Commands by rpc and by put."""

import numpy as np
import pytest
from p4p import Type, Value
from p4p.client.thread import RemoteError
from p4p.nt import NTURI

LIMIT = 30.0


def call(served, path, **arguments):
    codes = {int: "l", float: "d", str: "s"}
    uri = NTURI([(name, codes[type(value)]) for name, value in arguments.items()])
    request = uri.wrap(served.pv(path), kws=arguments)
    return served.client.rpc(served.pv(path), request, timeout=LIMIT)


def test_rpc_without_argument_runs_the_command_once(served):
    served.calls.clear()
    assert call(served, "Go").raw["value"] is True
    assert served.calls == ["go"]


@pytest.mark.parametrize(("argument", "result"), [(4, 8), (0, 0), ("21", 42), (2.0, 4)])
def test_rpc_hands_the_argument_on_and_returns_the_result(served, argument, result):
    reply = call(served, "Double", arg=argument)
    assert reply == result
    assert reply.raw["timeStamp.secondsPastEpoch"] > 1_700_000_000


def test_rpc_takes_its_arguments_from_a_plain_structure_too(served):
    request = Value(Type([("value", "i")]), {"value": 5})
    assert served.client.rpc(served.pv("Double"), request, timeout=LIMIT) == 10


def test_an_array_comes_back_in_its_own_dtype(served):
    reply = call(served, "Array").raw
    assert reply.getID() == "epics:nt/NTScalarArray:1.0"
    assert reply["value"].dtype == np.uint16
    assert list(reply["value"]) == [0, 1, 2]


@pytest.mark.parametrize(
    ("path", "arguments", "reason"),
    [
        ("Fail", {}, "the pump is off"),
        ("Exit", {}, "3"),
        ("Double", {}, "argument 'arg' is missing"),
        ("Double", {"factor": 2}, "unknown arguments.*'arg', 'value'. are allowed"),
        ("Double", {"arg": "many"}, "'arg' cannot be 'many': it is of type int"),
        ("Double", {"arg": 1.5}, "'arg' cannot be 1.5: it is of type int"),
        ("Int", {"arg": 1}, "is a variable"),
    ],
)
def test_a_failing_call_answers_with_the_reason(served, path, arguments, reason):
    with pytest.raises(RemoteError, match=reason):
        call(served, path, **arguments)


def test_no_call_runs_with_the_argument_of_an_earlier_one(served):
    assert call(served, "Double", arg=7) == 14
    with pytest.raises(RemoteError, match="missing"):
        call(served, "Double")


def test_a_put_of_anything_but_zero_runs_a_command_without_argument(served):
    served.calls.clear()
    served.put("Go", 0)
    assert served.calls == []
    served.put("Go", 1)
    assert served.calls == ["go"]
    assert served.get("Go")["value"] == 0


def test_a_put_is_the_argument_of_a_command_that_takes_one(served):
    served.put("Double", 9, wait=True)
    assert served.node("Double").value() == 9
    assert served.get("Double")["value"] == 9
    served.put("Double", 0, wait=True)
    assert served.get("Double")["value"] == 0


def test_a_failing_command_refuses_the_put_that_triggers_it(served):
    with pytest.raises(RemoteError, match="the pump is off"):
        served.put("Fail", 1, wait=True)
    assert served.get("Fail")["value"] == 0


def test_a_running_command_shows_one_and_other_commands_run_meanwhile(tree, running):
    import threading

    from p4p.client.thread import Context

    from roguebridge.backends.epics import EpicsPvServer

    started, released = threading.Event(), threading.Event()
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    root.add(pr.LocalCommand(name="Run", function=lambda: (started.set(), released.wait(LIMIT))[1]))
    root.add(pr.LocalCommand(name="Stop", function=lambda: released.set()))
    server = EpicsPvServer(base="Base", root=root, isolate=True)
    root.addProtocol(server)
    with running(root), Context("pva", conf=server.client_conf(), useenv=False) as client:
        import queue

        updates = queue.Queue()
        subscription = client.monitor("Base:Top:Run", lambda value: updates.put(int(value)))
        assert updates.get(timeout=LIMIT) == 0
        result = []
        request = NTURI([]).wrap("Base:Top:Run", kws={})
        caller = threading.Thread(
            target=lambda: result.append(client.rpc("Base:Top:Run", request, timeout=LIMIT))
        )
        caller.start()
        assert started.wait(LIMIT)
        assert updates.get(timeout=LIMIT) == 1
        client.put("Base:Top:Stop", 1, timeout=LIMIT)
        caller.join(LIMIT)
        assert [reply.raw["value"] for reply in result] == [True]
        assert updates.get(timeout=LIMIT) == 0
        subscription.close()
