"""Lists, values, puts and calls by HTTP."""

import io
import struct
import zlib

import jsonschema
import numpy as np
import pytest
from support.clients.web_adapter import TOKEN
from support.each import each

from roguebridge.backends.web.http.png import png
from roguebridge.core.values import MisfitError


@pytest.fixture
def site(served):
    return served()


@pytest.fixture
def client(site):
    return site.client()


def names(answer):
    return [pv["path"].removeprefix("Top.") for pv in answer.json["pvs"]]


def test_a_list_says_what_is_declared_and_reads_nothing(site, client):
    site.root.Float.value = None  # whoever reads fails
    answer = client.get("/pvs?filter=*:Float")
    assert answer.json == {
        "total": 1, "offset": 0,
        "pvs": [{
            "name": site.pv("Float"), "path": "Top.Float", "type": "float", "mode": "RW",
            "units": "V", "description": "a voltage", "groups": [],
        }],
    }  # fmt: skip
    del site.root.Float.value


SEARCHES = [
    ("?filter=T:Top:I*", ["Int", "Image"]),
    ("?filter=*:Dev:*", None),
    ("?search=deep", ["Dev.Inner"]),
    ("?search=DEEP+inner", ["Dev.Inner"]),
    ("?search=top.int", ["Int"]),
    ("?search=no+such", []),
    ("?search=wo&filter=*rd?", ["Words"]),
    ("?filter=[", []),
]


def test_a_search_finds_words_and_globs(client):
    wrong = []
    for query, wanted in SEARCHES:
        found = names(client.get(f"/pvs{query}"))
        if found != wanted and (wanted is not None or "Dev.Inner" not in found):
            wrong.append((query, found))
    assert not wrong


def test_a_long_list_comes_in_parts(client):
    whole = client.get("/pvs").json
    parts = []
    for offset in range(0, whole["total"], 5):
        parts += client.get(f"/pvs?limit=5&offset={offset}").json["pvs"]
    assert parts == whole["pvs"]


def test_the_tree_has_devices_and_pvs_in_its_order(site, client):
    assert client.get("/tree").json["devices"] == ["Top", "RB"]
    top = client.get("/tree?path=Top")
    assert top.json["devices"][-1] == "Top.Dev"
    assert names(top)[-3:] == ["Image", "Double", "Fail"]
    assert "Dev.Inner" in names(client.get("/tree?path=Top.Dev"))
    assert client.get("/tree?path=Nowhere").status == 404


VALUES = {
    "Float": (1.5, "float64"), "Int": (7, "int32"), "Big": (2**53 + 1, "int64"),
    "Text": ("größer", "str"), "Enum": (1, "NTEnum int32"),
    "Wave": ([0.5, -1.0, "NaN"], "NTScalarArray float64"),
    "Image": ([[0, 1, 2], [3, 4, 5]], "NTNDArray uint16"),
}  # fmt: skip


def test_a_get_has_value_alarm_time_and_metadata(site, client):
    wrong = {}
    for name, (value, kind) in VALUES.items():
        found = client.get(f"/pv/{site.pv(name)}").json
        if (found["value"], found["type"]) != (value, kind) or found["alarm"]["message"]:
            wrong[name] = found
    assert not wrong
    found = client.get(f"/pv/{site.pv('Float')}").json
    assert (found["units"], found["max"], found["alarm_high"]) == ("V", 10.0, 9.0)
    assert found["time"].endswith(f"{found['nanos']:09d}Z")
    assert client.get(f"/pv/{site.pv('Enum')}").json["text"] == "On"


def test_an_array_comes_as_a_file_of_numpy(site, client):
    for name in ("Wave", "Image", "Shorts"):
        body = client.get(f"/pv/{site.pv(name)}?format=npy").body
        found = np.load(io.BytesIO(body), allow_pickle=False)
        wanted = site.node(name).value()
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)


def test_a_large_array_is_whole_in_json(served):
    values = {
        "Flat": np.arange(25_000) / 3.0,
        "Deep": np.arange(60_000, dtype=np.uint16).reshape(3, 20_000),
        "Odd": np.where(np.arange(30_000) % 2, np.nan, 1.5),
    }

    def build(pr, root):
        for name, value in values.items():
            root.add(pr.LocalVariable(name=name, value=value))

    site = served(build)
    for name, value in values.items():
        answer = site.client().get(f"/pv/{site.pv(name)}")
        found = np.array(answer.json["value"], float)
        np.testing.assert_array_equal(found, value)
        assert answer.json["path"] == f"Top.{name}"
        again = site.client().get(
            f"/pv/{site.pv(name)}", headers={"If-None-Match": answer.headers["ETag"]}
        )
        assert again.status == 304


def pixels(content):
    """The pixels of a PNG without filters."""
    width, height, bits, kind = struct.unpack("!IIBB", content[16:26])
    size = int.from_bytes(content[33:37], "big")
    raw = np.frombuffer(zlib.decompress(content[41 : 41 + size]), np.uint8).reshape(height, -1)
    assert not raw[:, 0].any()
    found = np.ascontiguousarray(raw[:, 1:]).view(">u2" if bits == 16 else np.uint8)
    return found.reshape((height, width, 3) if kind == 2 else (height, width))


IMAGES = [
    (np.arange(6, dtype=np.uint16).reshape(2, 3) * 9999, None),
    (np.arange(6, dtype=np.uint8).reshape(3, 2), None),
    (np.arange(18, dtype=np.uint8).reshape(2, 3, 3), None),
    (np.array([[-1.0, 0.0], [np.nan, 1.0]]), [[0, 127], [0, 255]]),
    (np.zeros((2, 2)), [[0, 0], [0, 0]]),
    (np.array([[False, True]]), [[0, 255]]),
]


def test_an_image_comes_as_png(site, client):
    for image, wanted in IMAGES:
        np.testing.assert_array_equal(pixels(png(image)), image if wanted is None else wanted)
    answer = client.get(f"/pv/{site.pv('Image')}?format=png")
    assert answer.headers["Content-Type"] == "image/png"
    np.testing.assert_array_equal(pixels(answer.body), site.node("Image").value())


@each("array", [np.zeros(3), np.zeros((0, 3)), np.zeros((2, 2, 2)), np.zeros((2, 2, 4, 3))])
def test_what_is_no_image_is_no_png(array):
    with pytest.raises(MisfitError, match="is no image"):
        png(array)


def test_a_get_that_would_bring_nothing_new_is_304(site, client):
    path = f"/pv/{site.pv('Int')}"
    tag = client.get(path).headers["ETag"]
    for known in (tag, f'"x", W/{tag}', "*"):
        answer = client.get(path, headers={"If-None-Match": known})
        assert (answer.status, answer.body) == (304, b"")
    site.node("Int").set(8)
    fresh = client.get(path, headers={"If-None-Match": tag})
    assert (fresh.status, fresh.json["value"]) == (200, 8)
    assert client.get("/pvs", headers={"If-None-Match": "*"}).status == 304


def test_a_put_is_answered_when_the_tree_has_the_value(site, client):
    answer = client.put(site.pv("Float"), 2.5)
    assert (answer.status, answer.json) == (200, {"name": site.pv("Float"), "result": "done"})
    assert site.node("Float").value() == 2.5


def test_a_command_is_called_with_named_arguments(site, client):
    answer = client.call(site.pv("Double"), arg=21)
    assert answer.json == {"name": site.pv("Double"), "value": 42, "type": "int64"}
    failed = client.call(site.pv("Fail"))
    assert (failed.status, failed.error) == (422, "the pump is off")
    wrong = client.call(site.pv("Double"), speed=1)
    assert wrong.status == 422
    assert "speed" in wrong.error


def test_each_error_has_its_status_and_its_reason(site, client):
    number, outside = site.pv("Int"), {"value": 101}
    cases = [
        ("PUT", f"/pv/{number}", {"json": outside}, 422, "Top.Int: 101 is outside 0 .. 100"),
        ("PUT", f"/pv/{site.pv('Fixed')}", {"json": {"value": 1}}, 403, "Put not permitted"),
        ("PUT", "/pv/T:Top:Nothing", {"json": {"value": 1}}, 404, "there is no PV T:Top:Nothing"),
        ("PUT", f"/pv/{number}", {"json": {}}, 400, 'the body must be {"value": ..}'),
        ("PUT", f"/pv/{number}", {"json": {"value": 1, "x": 2}}, 400, "the body must be"),
        ("PUT", f"/pv/{number}", {"json": {"value": 1, "block": 1}}, 400, "block must be"),
        ("PUT", f"/pv/{number}", {"json": [1]}, 400, "must be a JSON object"),
        ("PUT", f"/pv/{number}", {"data": b"{"}, 400, "no JSON"),
        ("PUT", f"/pv/{number}", {"data": b"\xff"}, 400, "no JSON"),
        ("PUT", f"/pv/{number}", {"data": b"[" * 100_000}, 400, "no JSON"),
        ("PUT", f"/pv/{number}", {"data": b'{"value":' + b"9" * 5000 + b"}"}, 400, "no JSON"),
        ("PUT", f"/pv/{number}", {"data": io.BytesIO(b" " * 8_000_001)}, 413, "too large"),
        ("GET", f"/pv/{number}?format=npy", {}, 406, "has no npy"),
        ("GET", f"/pv/{site.pv('Wave')}?format=png", {}, 406, "is no image"),
        ("GET", f"/pv/{number}?format=xml", {}, 400, "format must be one of"),
        ("GET", "/pvs?limit=-1", {}, 400, "limit must be"),
        ("GET", "/pvs?limit=99999999999999", {}, 400, "limit must be"),
        ("GET", "/pvs?offset=x", {}, 400, "offset must be"),
        ("DELETE", f"/pv/{number}", {}, 405, "does not take DELETE"),
        ("GET", "/nothing", {}, 404, "there is no /nothing"),
        ("GET", "/../../etc/passwd", {}, 404, "there is no"),
        ("GET", "/pvws/pv", {}, 426, "address of a WebSocket"),
    ]
    wrong = []
    for method, path, options, status, reason in cases:
        answer = client.ask(method, path, **options)
        if answer.status != status or reason not in answer.error:
            wrong.append((method, path, str(options)[:60], answer.status, answer.body[:200]))
    assert not wrong


def test_a_put_for_which_there_is_no_room_is_busy(served):
    site = served(max_queued_bytes=3000)
    answer = site.client().put(site.pv("Wave"), [0.5] * 500)
    assert answer.status == 409
    assert "busy" in answer.error


def test_a_body_without_a_length_is_refused(site, client):
    async def parts():
        yield b'{"value": 1}'

    answer = client.ask("PUT", f"/pv/{site.pv('Int')}", data=parts())
    assert (answer.status, site.node("Int").value()) == (411, 7)


def test_the_description_is_that_of_the_answers(site, client):
    about = client.get("/openapi.json").json
    assert about["openapi"].startswith("3.1")
    schemas = about["components"]["schemas"]

    def check(name, content):
        schema = {**schemas[name], "components": about["components"]}
        jsonschema.Draft202012Validator(schema).validate(content)
        assert set(content) <= {*schemas[name]["properties"], "vtype"}

    for pv in client.get("/pvs").json["pvs"]:
        check("Pv", pv)
        check("Reading", client.get(f"/pv/{pv['name']}").json)
    check("Error", client.get("/pv/x").json)
    assert set(about["paths"]) == {"/pvs", "/tree", "/pv/{name}"}


def test_who_is_no_user_may_not_put_or_call(served):
    site = served()
    anybody = site.client(token="")
    for answer in (anybody.put(site.pv("Int"), 1), anybody.call(site.pv("Double"), arg=1)):
        assert answer.status == 403
        assert "only users may write" in answer.error
    stranger = site.client(token="x" * 20)
    answer = stranger.put(site.pv("Int"), 1)
    assert (answer.status, answer.error) == (401, "the token is not known")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert site.node("Int").value() == 7
    assert TOKEN not in str(answer.headers)
