"""The protocol of PVWS, as its clients speak it."""

import base64
import json
import threading

import numpy as np
import pytest
from support.clients.web_adapter import TOKEN
from support.each import each

from roguebridge.core.values.alarm import HIHI
from roguebridge.testing import DOUBLE, at


@pytest.fixture
def talk(served):
    """A site and a socket of a user."""
    site = served()
    return site, site.client().socket()


def first(socket, name):
    socket.send(type="subscribe", pvs=[name])
    return socket.until(lambda told: told.get("pv") == name)


def array(told, key, dtype):
    return np.frombuffer(base64.b64decode(told[key]), dtype).tolist()


FIRST = {
    "Float": {
        "vtype": "VDouble", "value": 1.5, "units": "V", "description": "a voltage", "precision": 3,
        "min": 0.0, "max": 10.0, "warn_low": 1.25, "warn_high": 8.0, "alarm_low": 1.0,
        "alarm_high": 9.0, "severity": "NONE", "readonly": False, "path": "Top.Float",
    },
    "Int": {"vtype": "VInt", "value": 7, "min": 0, "max": 100, "severity": "NONE"},
    "Big": {"vtype": "VLong", "value": 2**53 + 1, "text": str(2**53 + 1)},
    "Text": {"vtype": "VString", "text": "größer"},
    "Bool": {"vtype": "VEnum", "value": 1, "text": "True", "labels": ["False", "True"]},
    "Enum": {"vtype": "VEnum", "value": 1, "text": "On", "labels": ["Off", "On", "Auto"]},
    "Fixed": {"value": 3, "readonly": True},
    "Wave": {"vtype": "VDoubleArray"},
    "Image": {"vtype": "VUShortArray", "shape": [2, 3], "dtype": "uint16"},
    "Double": {"readonly": False},
}  # fmt: skip


def test_the_first_update_has_all_that_is_known_of_the_pv(talk):
    site, socket = talk
    wrong = {}
    for name, wanted in FIRST.items():
        told = first(socket, site.pv(name))
        found = {key: told.get(key) for key in wanted}
        if found != wanted or not told["seconds"] or "nanos" not in told:
            wrong[name] = told
    assert not wrong


def test_later_updates_have_only_what_has_changed(talk):
    site, socket = talk
    name = site.pv("Float")
    first(socket, name)
    site.node("Float").set(2.0)
    told = socket.next()
    assert sorted(told) == ["nanos", "pv", "seconds", "type", "value"]
    assert told["value"] == 2.0
    site.node("Float").set(9.5)
    told = socket.next()
    assert (told["value"], told["severity"], told["alarm"]) == (9.5, "MAJOR", "HIHI")
    site.node("Float").set(3.0)
    assert socket.next()["severity"] == "NONE"


ARRAYS = [
    ("Wave", "b64dbl", "<f8", [0.5, -1.0]),
    ("Shorts", "b64srt", "<i2", [1, -2, 3]),
    ("Words", "b64int", "<i4", [1, 65_535]),
    ("Image", "b64srt", "<u2", [0, 1, 2, 3, 4, 5]),
]


def test_arrays_are_base64_of_little_endian_numbers(talk):
    site, socket = talk
    wrong = {}
    for name, key, dtype, wanted in ARRAYS:
        told = first(socket, site.pv(name))
        if array(told, key, dtype)[: len(wanted)] != wanted:
            wrong[name] = told
    assert not wrong


@pytest.mark.parametrize(
    ("value", "told"),
    [(float("nan"), ("NaN", None)), (float("inf"), ("NaN", "Infinity")), (-1e300, (-1e300, None))],
    ids=str,
)
def test_what_json_has_no_number_for_is_text(bench, value, told):
    _, client = bench.open_pv(DOUBLE, at(value))
    socket = client._client.socket()
    found = first(socket, "pv")
    assert (found["value"], found.get("text")) == told


def test_names_may_have_a_scheme_and_come_back_as_they_were(talk):
    site, socket = talk
    for name in (f"pva://{site.pv('Int')}", f"ca://{site.pv('Int')}", site.pv("Int")):
        assert first(socket, name)["value"] == 7
    socket.send(type="list")
    names = socket.until(lambda told: told["type"] == "list")["pvs"]
    assert names == [f"pva://{site.pv('Int')}", f"ca://{site.pv('Int')}", site.pv("Int")]


def test_monitor_is_another_word_for_subscribe_and_clear_ends_it(talk):
    site, socket = talk
    name = site.pv("Int")
    socket.send(type="monitor", pvs=[name, name])
    assert socket.next()["value"] == 7
    socket.send(type="clear", pvs=[name, "unknown"])
    socket.send(type="list")
    assert socket.next() == {"type": "list", "pvs": []}
    site.node("Int").set(8)
    site.backend.flush()
    socket.send(type="echo", text="µ")
    assert socket.next() == {"type": "echo", "text": "µ"}


def test_an_unknown_pv_is_told_with_the_nearest_name(talk):
    site, socket = talk
    socket.send(type="subscribe", pvs=[site.pv("Int").upper(), "nobody:knows"])
    told = socket.next()
    assert told["pv"] == site.pv("Int").upper()
    assert told["message"].endswith(f"; there is {site.pv('Int')}")
    assert socket.next()["message"] == "there is no PV nobody:knows"


def test_the_clock_that_some_clients_subscribe_to_brings_no_error(talk):
    _, socket = talk
    socket.send(type="subscribe", pvs=["sim://flipflop(29.929)"])
    socket.send(type="echo")
    assert socket.next() == {"type": "echo"}


WRITES = [
    ("Float", 2.5, 2.5), ("Float", "2.5", 2.5), ("Int", 5.0, 5), ("Int", "6", 6),
    ("Int", "0x10", 16),    ("Text", "new", "new"), ("Text", 5, "5"), ("Bool", 0, False), ("Bool", "True", True),
    ("Bool", False, False), ("Enum", 2, 2), ("Enum", "Off", 0), ("Enum", "2", 2),
    ("Wave", [1.0, "NaN"], None), ("Shorts", [5, 6], None), ("Big", 2**60 + 1, 2**60 + 1),
]  # fmt: skip


def test_writes_arrive_as_clients_send_them(talk):
    site, socket = talk
    wrong = []
    for number, (name, value, wanted) in enumerate(WRITES):
        socket.send(type="write", pv=site.pv(name), value=value, id=number)
        told = socket.until(lambda told: "id" in told)
        found = site.node(name).value()
        if told != {"type": "written", "pv": site.pv(name), "id": number} or (
            wanted is not None and found != wanted
        ):
            wrong.append((name, value, told, found))
    assert not wrong
    assert site.node("Shorts").value().tolist() == [5, 6]
    assert np.isnan(site.node("Wave").value()[1])


REFUSED = [
    ("Float", 11, "is outside 0.0 .. 10.0"), ("Int", 5.5, "is not an integer"),
    ("Int", "five", "is not an integer"), ("Enum", "Of", "is none of the choices"),
    ("Enum", 3, "3"), ("Bool", 2, "outside 0 .. 1"), ("Fixed", 1, "Put not permitted"),
    ("Shorts", 5, "is not a list"), ("Shorts", [70_000], "is not an integer within"),
    ("Wave", [[1.0]], "rank 2"), ("Float", None, "None does not fit"),
    ("Float", {}, "does not fit"),
]  # fmt: skip


def test_a_refused_write_is_told_with_its_pv_and_reason(talk):
    site, socket = talk
    wrong = []
    for name, value, reason in REFUSED:
        socket.send(type="write", pv=site.pv(name), value=value)
        told = socket.next()
        if (told["type"], told["pv"]) != ("error", site.pv(name)) or reason not in told["message"]:
            wrong.append((name, value, told))
    assert not wrong


def test_of_a_burst_only_the_newest_is_sent(bench):
    owner, client = bench.open_pv(DOUBLE, at(0.0))
    socket = client._client.socket()
    first(socket, "pv")
    posted = threading.Event()
    held = threading.Thread(target=lambda: bench.backend.loop.call(posted.wait))
    held.start()
    for n in range(1, 1001):
        owner.post(at(float(n), n))
    posted.set()
    held.join()
    assert socket.next()["value"] == 1000.0
    owner.post(at(7.0, 1001, HIHI))
    assert socket.next()["value"] == 7.0


def test_the_switch_that_makes_all_read_only_is_shown(served, monkeypatch):
    monkeypatch.setattr("roguebridge.core.backend.shared_rights._LOOK_EVERY", 0.01)
    site = served()
    socket = site.client().socket()
    name = site.pv("Int")
    assert first(socket, name)["readonly"] is False
    socket.send(type="write", pv="T:RB:ReadOnly", value=1)
    assert socket.next() == {"type": "update", "pv": name, "readonly": True}
    socket.send(type="write", pv="T:RB:ReadOnly", value=0)
    assert socket.next() == {"type": "update", "pv": name, "readonly": False}


def test_who_is_no_user_reads_and_may_not_write(served):
    site = served()
    socket = site.client(token="").socket()
    name = site.pv("Int")
    assert first(socket, name)["readonly"] is True
    socket.send(type="write", pv=name, value=1)
    told = socket.next()
    assert (told["type"], told["pv"]) == ("error", name)
    assert "only users may write, and no token was given" in told["message"]
    assert site.node("Int").value() == 7


def test_a_token_that_nobody_has_ends_the_connection(served):
    site = served()
    socket = site.client(token="").socket()
    socket.send(type="auth", token="x" * 32)
    assert socket.next() == {"type": "error", "message": "the token is not known"}
    assert socket.next() is None
    assert socket.code == 1008


NO_SENSE = [
    ("", "cannot be read"), ("[" * 100_000, "cannot be read"), ("5", "must be a JSON object"),
    ("[]", "must be a JSON object"), ("{}", "must be one of subscribe"),
    ('{"type":5}', "must be one"),    ('{"type":"subscribe"}', "needs a list of names"), ('{"type":"list"', "cannot be read"),
    ('{"type":"subscribe","pvs":"x"}', "needs a list"),
    ('{"type":"clear","pvs":[5]}', "needs a list"),    ('{"type":"write"}', "needs the name"), ('{"type":"write","pv":"x"}', "needs a value"),
    ('{"type":"write","pv":"x","value":1}', "there is no PV x"), ("9" * 5000, "cannot be read"),
    ('{"type":"write","pv":"x","value":1,"id":[]}', "the id of a write"),
    ('{"type":"write","pv":"x","value":1,"block":1}', "block is true or false"),
    ('{"type":"auth","token":"x"}', "auth must be the first message"),
    ('{"type":"subscribe","pvs":["\\ud800"]}', "there is no PV"),
]  # fmt: skip


@each("text, reason", NO_SENSE)
def test_a_message_that_makes_no_sense_is_answered_and_the_connection_lives(told, text, reason):
    told.send_text(text)
    answer = told.next()
    assert answer["type"] == "error"
    assert reason in answer["message"]


@pytest.fixture
def told(served):
    site = served()
    return site.client().socket()


def test_bytes_are_answered_with_an_error(told):
    told.send_bytes(b"\x00\xff")
    assert told.next() == {"type": "error", "message": "only text is understood"}
    told.send(type="echo")
    assert told.next() == {"type": "echo"}


def test_an_update_reaches_all_clients_whatever_they_call_the_pv(talk):
    site, socket = talk
    other = site.client(TOKEN).socket()
    names = [site.pv("Int"), f"pva://{site.pv('Int')}"]
    for one, name in zip((socket, other), names, strict=True):
        first(one, name)
    site.node("Int").set(42)
    assert [one.next()["value"] for one in (socket, other)] == [42, 42]


def test_the_pages_of_information_are_those_of_pvws(talk):
    site, socket = talk
    first(socket, site.pv("Int"))
    client = site.client()
    assert client.get("/pvws/info").json["start_time"]
    (one,) = client.get("/pvws/summary").json["sockets"]
    assert one["pvs"] == 1
    assert client.get("/pvws/pool").json == [{"refs": 1, "pv": site.pv("Int")}]
    assert json.loads(client.get("/server").body)["user"] == "ops"
