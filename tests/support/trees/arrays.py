"""One variable for each kind of array or list, and what happens to it."""

import copy

import numpy as np

from roguebridge.core.tree.patches.lazy_text import LazyTexts
from support.trees import running
from support.trees.listeners import Recorder


def local(*values, **options):
    """A LocalVariable that is set to each of the values."""

    def make(tree, device):
        pr = tree.pr
        device.add(pr.LocalVariable(name="V", value=copy.deepcopy(values[0]), **options))

    return make, [lambda v, x=x: v.set(copy.deepcopy(x)) for x in values[1:]]


def register(model, bits, *values, **options):
    """A RemoteVariable of three elements that is set to each of the values."""

    def make(tree, device):
        device.add(
            tree.pr.RemoteVariable(
                name="V",
                offset=0x100,
                base=getattr(tree.pr, model),
                mode="RW",
                numValues=3,
                valueBits=bits,
                valueStride=max(bits, 8),
                **options,
            )
        )

    return make, [lambda v, x=x: v.set(x) for x in values]


def link(tree, device):
    """A link that computes an array."""
    pr = tree.pr
    device.add(pr.LocalVariable(name="X", value=1.0))
    device.add(
        pr.LinkVariable(
            name="V", dependencies=[device.X], linkedGet=lambda: np.arange(3) * device.X.value()
        )
    )


def mirror(tree, device):
    pr = tree.pr
    device.add(pr.LocalVariable(name="X", value=np.arange(3.0), units="V", disp="{:.1f}"))
    device.add(pr.LinkVariable(name="V", variable=device.X))


def late_link(tree, device):
    """A link that has no value at first."""
    pr = tree.pr
    device.add(pr.LocalVariable(name="X", value=0))
    got = {0: None, 1: np.arange(3), 2: [1, 2]}
    device.add(
        pr.LinkVariable(name="V", dependencies=[device.X], linkedGet=lambda: got[device.X.value()])
    )


def command(tree, device):
    device.add(tree.pr.LocalCommand(name="V", value=np.zeros(2), function=lambda arg: None))


def got(tree, device):
    """A variable whose getter changes an array of its own in place."""
    own = np.zeros(3)

    def advance():
        own[0] += 1
        return own

    device.add(tree.pr.LocalVariable(name="V", mode="RO", localGet=advance))


def poke(index, value):
    return lambda variable: variable.set(value, index=index)


def turn(variable):
    """Change the array in place, and have it told."""
    variable.value()[:] *= 2
    variable.set(variable.value())


RECORDS = np.array([(1, 2.5, b"ab"), (2, 0.5, b"c")], [("n", "i4"), ("x", "f8"), ("s", "S2")])
DOUBLES = np.array([1.5, -0.0, np.nan, np.inf])

#: name -> what adds the variable V to a device, and the steps that have it told
KINDS = {
    "doubles": local(DOUBLES, DOUBLES[::-1], DOUBLES[:1], np.zeros(0), np.zeros((2, 2))),
    "poked": (local(np.arange(4.0))[0], [poke(1, 7.0), poke(2, 8.0), turn, poke(0, -1.0)]),
    "format": local(np.arange(3.0), np.ones(3), disp="{:.3f}"),
    "unformatted": local(np.arange(3.0), np.ones(3), disp=""),
    "ints": local(np.arange(3, dtype=np.int16), np.full(3, -7, np.int16)),
    "hexadecimal": local(np.arange(3, dtype=np.uint8), np.full(3, 200, np.uint8), disp="{:#x}"),
    "big_endian": local(np.arange(3, dtype=">u4"), np.full(3, 9, ">u4")),
    "complex": local(np.array([1 + 2j]), np.array([3j, 0])),
    "bools": local(np.array([True, False]), np.array([False, True])),
    "strings": local(np.array(["ab", "c"]), np.array(["d", "x y"])),
    "objects": (
        local(np.array([None, [1], {"a": 2}], object))[0],
        [poke(0, "x"), lambda v: (v.value()[1].append(5), v.set(v.value())), poke(2, 3)],
    ),
    "records": local(RECORDS, RECORDS[::-1]),
    "point": local(np.array(4.0), np.array(5.0)),
    "image": local(np.arange(6, dtype=np.uint16).reshape(2, 3), np.ones((4, 2), np.uint16)),
    "strided": local(np.arange(6.0)[::2], np.arange(12.0).reshape(3, 4).T),
    "masked": local(np.ma.array([1.0, 2.0]), np.ma.array([3.0, 4.0], mask=[True, False])),
    "one_with_limits": local(
        np.array([1.0]), np.array([9.0]), np.array([-9.0]), highAlarm=5, lowWarning=-5
    ),
    "list": (local([1, 2.5, "a"])[0], [poke(0, 9), poke(1, [1]), lambda v: v.set([1, [2]])]),
    "nested": (
        local([[1], [2]])[0],
        [lambda v: (v.value()[0].append(5), v.set(v.value())), poke(1, 3)],
    ),
    "limited_list": local([1, 2], [3], highAlarm=5),
    "any_type": local(
        0, np.arange(3), [1], None, "text", {"a": 1}, np.zeros(2), 7, typeCheck=False
    ),
    "any_enum": local(1, 0, 5, 1, enum={0: "No", 1: "Yes"}, typeCheck=False),
    "getter": (got, [lambda v: v.get(), lambda v: v.get(), lambda v: v.get()]),
    "uint8": register("UInt", 8, [1, 2, 255], np.arange(3, dtype=np.uint8)),
    "uint32": register("UInt", 32, [1, 2, 2**32 - 1], [7]),
    "int16": register("Int", 16, [-1, 2, 3]),
    "float": register("Float", 32, [0.5, -1.0, 2.0]),
    "double": register("Double", 64, [0.5, -1.0, 2.0]),
    "labels": register(
        "UInt", 32, [0, 1, 1], [1, 2, 0], enum={0: "Off", 1: "On"}
    ),  # '[enum, enum, enum]'
    "register_bools": register("Bool", 1, [True, False, True], [False]),
    "link": (link, [lambda v: v.parent.X.set(2.0), lambda v: v.parent.X.set(3.0)]),
    "mirror": (mirror, [lambda v: v.set(np.ones(2)), lambda v: v.parent.X.set(np.zeros(1))]),
    "late_link": (late_link, [lambda v, n=n: v.parent.X.set(n) for n in (1, 2, 0, 1)]),
    "command": (command, [lambda v: v(np.arange(3.0)), lambda v: v(np.ones(1))]),
}

#: a few of them, and others, for what does not depend on the kind
ARRAYS = {
    "doubles": local(np.arange(3.0), np.ones(3), np.zeros(2)),
    "image": KINDS["image"],
    "bools": KINDS["bools"],
    "uint8": register("UInt", 8, [1, 2, 3], [4, 5, 6]),
    "labels": KINDS["labels"],
    "link": KINDS["link"],
    "mirror": KINDS["mirror"],
    "list": local([1.0], [2.0], [3.0]),
}


class World:
    """A running root with such a variable, heard by a server (without one if ``texts`` is None)."""

    def __init__(self, root, texts):
        self.root = root
        self.device = root.D
        self.variable = root.D.node("V")
        self.texts = texts
        self.bridge = Recorder()  # a server's listener
        if texts is not None:
            texts.listen(self.variable, self.bridge)

    def stop_serving(self):
        self.texts.unlisten(self.variable, self.bridge)


def open_world(stack, tree, make, served):
    """Start a World; ended with the stack."""
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.Device(name="D", memBase=tree.memory()))
    make(tree, root.D)
    root.D.add(tree.pr.LocalVariable(name="Next", value=0))
    stack.enter_context(running(root))
    root.waitOnUpdate()
    return World(root, LazyTexts() if served else None)


def take(world, kind):
    """Have the variable told at each of the steps."""
    for step in kind[1]:
        step(world.variable)
        world.root.waitOnUpdate()


def replaced(root):
    """Name the variables whose updates are not made in the tree's own way."""
    return [v.path for v in root.variableList if "_doUpdate" in vars(v)]


def count_texts(variable):
    """Return a list that grows with each text made of the variable's values."""
    made = []
    original = variable.genDisp

    def genDisp(value, **options):
        made.append(value)
        return original(value, **options)

    variable.genDisp = genDisp
    return made


def as_seen(told):
    """All that can be seen of a value object, in terms that can be compared."""
    fields = {name: _seen(value) for name, value in vars(told).items()}
    return type(told), list(fields.items()), repr(told)


def _seen(value):
    if isinstance(value, np.ndarray):
        return type(value), value.dtype, value.shape, repr(value.tolist())
    return type(value), repr(value)
