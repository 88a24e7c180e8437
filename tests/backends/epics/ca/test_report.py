"""What clients of Channel Access do not get whole is reported, as long as it is so."""

import numpy as np
import pytest


def of(served, path):
    name = served.pv(path)
    return [text for text in served.server.report() if text.startswith(name)]


@pytest.mark.parametrize(
    ("start", "lossy", "words"),
    [
        ("short", "x" * 40, "a text of 40 characters is cut after 39 bytes"),
        ("short", "ü" * 20, "a text of 20 characters is cut after 39 bytes"),
        (1, 2**53 + 1, "9007199254740993 is shown as 9007199254740992: doubles are exact"),
        (1, -(2**53) - 1, "-9007199254740993 is shown as -9007199254740992"),
        (np.zeros(3, np.int64), np.array([1, 2, 2**53 + 1]), "9007199254740993 is shown as"),
        (np.zeros(3, np.uint64), np.array([1, 2, 2**64 - 1], np.uint64), "18446744073709551615"),
        (np.zeros((2, 2), np.int64), np.full((2, 2), -(2**60) - 1), "-1152921504606846977 is"),
    ],
    ids=["ascii", "utf-8", "int", "negative", "array", "unsigned", "image"],
)
def test_a_loss_is_reported_while_it_lasts(serve, start, lossy, words):
    def build(pr, root):
        root.add(pr.LocalVariable(name="V", value=start))

    served = serve(build)
    assert of(served, "V") == []
    updates = served.monitor("V")
    updates.next()
    served.node("V").set(lossy)
    updates.next()
    (text,) = of(served, "V")
    assert words in text
    served.node("V").set(start)
    updates.next()
    assert of(served, "V") == []


@pytest.mark.parametrize("value", [2**53, -(2**53), 2**60, 2**63 - 2**10])
def test_what_a_double_holds_is_no_loss(serve, value):
    def build(pr, root):
        root.add(pr.LocalVariable(name="V", value=value))

    served = serve(build)
    assert served.value("V") == value
    assert of(served, "V") == []


def test_the_largest_integers_can_be_put_as_they_are_shown(serve):
    def build(pr, root):
        root.add(pr.LocalVariable(name="I", value=2**63 - 1))
        root.add(pr.LocalVariable(name="U", value=0, minimum=0, maximum=2**64 - 1))

    served = serve(build)
    served.node("U").set(2**64 - 1)
    for path in ("I", "U"):
        before = served.node(path).value()
        served.put(path, served.value(path))
        assert served.node(path).value() == before


DEEP = "A_long_name_of_a_device_on_level_{}"


def deep(pr, root):
    one, two = pr.Device(name=DEEP.format(1)), pr.Device(name=DEEP.format(2))
    root.add(one)
    one.add(two)
    two.add(pr.LocalVariable(name="Var", value=7))


def test_a_long_name_is_served_whole_with_a_warning_and_has_a_short_alias_if_asked(serve, capsys):
    path = f"{DEEP.format(1)}.{DEEP.format(2)}.Var"
    served = serve(deep)
    name = served.pv(path)
    assert len(name) > 60
    assert served.value(path) == 7
    assert served.text(path, ".NAME$") == name
    (text,) = [t for t in served.server.report() if name in t]
    assert f"{len(name)} bytes" in text and "longest in names" in text
    served.server.stop()

    again = serve(deep, names={"longest": 60})
    assert again.value(path) == 7
    assert not [t for t in again.server.report() if name in t]
    again.server.dump()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.endswith(path)]
    long, short = (line.partition(" -> ")[0] for line in lines)
    assert long == name and len(short) <= 60
    assert again.client.read(short).result(30).value == 7
