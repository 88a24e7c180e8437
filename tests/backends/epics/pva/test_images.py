"""Arrays of higher rank as NTNDArray, by raw Values."""

import numpy as np
import pytest
from p4p import Value
from p4p.client.thread import RemoteError
from p4p.nt import NTNDArray
from support.clients.served import LIMIT, Updates, alone

PV = "Base:Top:I"
MEMBERS = {
    "bool": "booleanValue", "int8": "byteValue", "int16": "shortValue", "int32": "intValue",
    "int64": "longValue", "uint8": "ubyteValue", "uint16": "ushortValue", "uint32": "uintValue",
    "uint64": "ulongValue", "float32": "floatValue", "float64": "doubleValue",
}  # fmt: skip


@pytest.fixture
def serve_array(tree):
    """Give a function that serves an array and returns its node and a client of raw Values."""
    with alone(tree) as (root, device, serve):

        def start(array, **options):
            root.add(tree.pr.LocalVariable(name="I", value=array, **options))
            return root.I, serve(nt=False)

        yield start


@pytest.fixture
def free(serve_array):
    """A variable of any rank and type, as DataReceiver.Data."""
    return serve_array(np.zeros(1, np.uint8), typeCheck=False, disp="")


def pixels(raw):
    shape = [d["size"] for d in raw["dimension"]][::-1]
    return np.array(raw["value"]).reshape(shape)


def put(client, image):
    value = Value(client.get(PV, timeout=LIMIT).type())
    value["value"] = (MEMBERS[image.dtype.name], np.ascontiguousarray(image).reshape(-1))
    value["dimension"] = [{"size": size} for size in reversed(image.shape)]
    client.put(PV, value, timeout=LIMIT, get=False)


def test_the_members_are_in_the_order_of_the_specification(serve_array):
    node, client = serve_array(np.zeros((2, 3), "u2"), description="a picture", units="counts")
    raw = client.get(PV, timeout=LIMIT)
    assert [name for name, _ in raw.type().aspy()[2]] == [
        "value", "codec", "compressedSize", "uncompressedSize", "dimension", "uniqueId",
        "dataTimeStamp", "attribute", "descriptor", "alarm", "timeStamp", "display",
    ]  # fmt: skip
    assert raw["descriptor"] == raw["display.description"] == "a picture"
    assert raw["display.units"] == "counts"
    assert raw["dimension"][0].todict() == {
        "size": 3, "offset": 0, "fullSize": 3, "binning": 1, "reverse": False,
    }  # fmt: skip


FRAMES = {
    **{name: np.ones((2, 3), name) for name in MEMBERS},
    "big-endian": np.arange(6, dtype=">i4").reshape(2, 3),
    "Fortran order": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "strided": np.arange(48, dtype="u2").reshape(6, 8)[::3, ::4],
    "0-D": np.array(5, "i2"),
    "empty": np.zeros((0, 4), "u1"),
    "1-D": np.arange(3, dtype="i8"),
    "5-D": np.zeros((1, 2, 1, 2, 1), "f4"),
    "float16": np.ones((2, 2), "f2"),
    "longdouble": np.ones((2, 2), np.longdouble) / 3,
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_of_every_kind_are_shown(free, name):
    node, client = free
    frame = FRAMES[name]
    node.set(frame)
    node.root.waitOnUpdate()
    raw = client.get(PV, timeout=LIMIT)
    shown = pixels(raw)
    served_as = {"float16": "float32", "longdouble": "float64"}.get(name, frame.dtype.name)
    assert shown.dtype == np.dtype(served_as)
    assert np.array_equal(shown, np.atleast_1d(frame).astype(served_as))
    assert raw["uncompressedSize"] == raw["compressedSize"] == shown.nbytes
    assert raw["alarm.severity"] == 0


@pytest.mark.parametrize(
    "shape",
    [(3, 4, 5), (4, 3, 5), (4, 5, 3), (3, 3, 4), (4, 3, 3), (3, 3, 3), (4, 5, 6), (3, 4), (3,),
     (2, 3, 4, 5)],
)  # fmt: skip
def test_the_colour_mode_is_that_of_p4p(free, shape):
    node, client = free
    frame = np.zeros(shape, np.uint8)
    node.set(frame)
    node.root.waitOnUpdate()
    mode = {a["name"]: a["value"] for a in client.get(PV, timeout=LIMIT)["attribute"]}
    try:
        expected = {a["name"]: a["value"] for a in NTNDArray().wrap(frame)["attribute"]}
    except (ValueError, TypeError):  # 3-D without an axis of 3
        expected = {}
    assert mode == (expected or {"ColorMode": 0})


def test_later_frames_mark_what_has_changed(free):
    node, client = free
    always = {
        "value", "uniqueId", "timeStamp.secondsPastEpoch", "timeStamp.nanoseconds",
        "dataTimeStamp.secondsPastEpoch", "dataTimeStamp.nanoseconds",
    }  # fmt: skip
    sizes = {"compressedSize", "uncompressedSize"}
    node.set(np.zeros((2, 6), "u1"))
    updates = Updates(client, PV)
    first = updates.next()
    assert always | sizes | {"dimension", "attribute", "codec.name"} <= first.changedSet(
        expand=True
    )
    ids = [first["uniqueId"]]
    for frame, more in (
        (np.ones((2, 6), "u1"), set()),
        (np.ones((3, 4), "u1"), {"dimension"}),
        (np.ones((3, 4), "u2"), sizes),
        (np.ones((2, 2, 3), "u2"), {"dimension", "attribute"}),
        (np.ones((2, 2, 3), "u2"), set()),
        (np.ones((2, 2, 2), "u1"), {"dimension", "attribute"} | sizes),
    ):
        node.set(frame)
        update = updates.next()
        assert update.changedSet(expand=True) == always | more
        assert np.array_equal(pixels(update), frame)
        ids.append(update["uniqueId"])
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    updates.close()


@pytest.mark.parametrize("code", ["c16", "c8", ">c16"])
def test_complex_numbers_are_pairs_and_can_be_put_back(serve_array, code):
    start = (np.arange(6) + 1j).astype(code).reshape(2, 3)  # no colours, for all its axis of 3
    node, client = serve_array(start)
    raw = client.get(PV, timeout=LIMIT)
    part = "float32" if code == "c8" else "float64"
    shown = pixels(raw)
    assert (shown.shape, shown.dtype) == ((2, 3, 2), np.dtype(part))
    assert [(a["name"], a["value"]) for a in raw["attribute"]] == [("ColorMode", 0)]
    assert np.array_equal(shown[..., 0], start.real)
    assert np.array_equal(shown[..., 1], start.imag)
    put(client, (shown * 2)[:1])
    assert node.value().dtype == np.dtype(code).newbyteorder("=")
    assert np.array_equal(node.value(), start[:1] * 2)
    with pytest.raises(RemoteError, match=r"shape \(2, 3\) has no last axis of 2"):
        put(client, np.zeros((2, 3)))


@pytest.mark.parametrize("shape", [(2, 3), (1,), (0, 2), (2, 1, 2)])
def test_a_put_of_any_shape_arrives_as_it_is(serve_array, shape):
    node, client = serve_array(np.zeros((2, 2), "i4"))
    image = np.arange(np.prod(shape), dtype="i4").reshape(shape)
    if shape == (1,):
        node.set(np.zeros(5, "i4"))
        node.root.waitOnUpdate()
    put(client, image)
    assert node.value().shape == shape
    assert np.array_equal(node.value(), image)
    assert node.value().flags.c_contiguous and node.value().flags.owndata


def test_elements_that_would_change_are_refused(serve_array):
    node, client = serve_array(np.zeros((2, 2), "u1"))
    before = node.value()
    for image, reason in (
        (np.full((2, 2), -1, "i2"), r"^Top.I: -1 is not an integer within 0 .. 255$"),
        (np.full((2, 2), np.nan), r"^Top.I: nan is not an integer within 0 .. 255$"),
        (np.full((2, 2), 0.5), "0.5 is not an integer"),
    ):
        with pytest.raises(RemoteError, match=reason):
            put(client, image)
    assert node.value() is before


def test_data_of_any_type_is_put_as_it_is(free):
    node, client = free
    for image in (np.ones((2, 2), "f4"), np.arange(3, dtype="i8"), np.zeros((1, 2, 3), bool)):
        put(client, image)
        assert node.value().dtype == image.dtype
        assert np.array_equal(node.value(), image)


def test_an_alarm_is_no_new_frame(free):
    node, client = free
    node.set(np.arange(6, dtype="u1").reshape(2, 3))
    updates = Updates(client, PV)
    first = updates.next()
    node.set({"no": "array"})
    alarm = updates.next()
    assert alarm["alarm.severity"] == 3
    changed = alarm.changedSet(expand=True)
    assert "value" in changed
    assert not {"uniqueId", "dataTimeStamp.nanoseconds"} & changed
    latest = client.get(PV, timeout=LIMIT)
    assert latest["uniqueId"] == first["uniqueId"]
    assert np.array_equal(pixels(latest), np.arange(6).reshape(2, 3))
    node.set(np.zeros((2, 3), "u1"))
    assert updates.next()["uniqueId"] == first["uniqueId"] + 1
    updates.close()


def test_compressed_frames_are_refused(free):
    node, client = free
    value = Value(client.get(PV, timeout=LIMIT).type())
    value["value"] = ("ubyteValue", np.arange(5, dtype="u1"))
    value["codec.name"] = "jpeg"
    with pytest.raises(RemoteError, match="'jpeg' are not taken"):
        client.put(PV, value, timeout=LIMIT, get=False)
    assert node.value().tolist() == [0]
