"""Everything that ends the only update worker of a tree, one function each."""

import threading

import numpy as np


class Switch:
    """Raises once switched on."""

    def __init__(self):
        self.on = False
        self.called = threading.Event()

    def __call__(self, *args, **kwargs):
        if self.on:
            self.called.set()
            raise OSError("switched on")
        return 0


def make_root(tree, switch, name="Top"):
    """Give a root with a variable for each killer."""
    pr = tree.pr
    root = pr.Root(name=name, pollEn=False)
    d = pr.Device(name="D", memBase=tree.memory())
    root.add(d)
    d.add(pr.LocalVariable(name="V", value=0))
    d.add(pr.LocalVariable(name="Other", value=0))
    d.add(pr.LinkVariable(name="Link", dependencies=[d.V], linkedGet=lambda: switch()))
    d.add(pr.LocalVariable(name="Got", value=0, localGet=lambda: switch()))
    d.add(pr.LocalVariable(name="Int", value=0, disp="{:d}", typeCheck=False))
    d.add(pr.LocalVariable(name="Alarm", value=0, highAlarm=5, typeCheck=False))
    d.add(pr.LocalVariable(name="Enum", value=0, enum={0: "zero"}, typeCheck=False))
    d.add(pr.RemoteVariable(name="S", offset=0, bitSize=32, base=pr.String, verify=False))
    return root


def die_of_listener(root, switch):
    def fail(path, value):
        raise OSError("switched on")

    root.D.V.addListener(fail)
    root.D.V.set(1)


def die_of_exit(root, switch):
    def leave(path, value):
        raise SystemExit

    root.D.V.addListener(leave)
    root.D.V.set(1)


def die_of_link(root, switch):
    switch.on = True
    root.D.V.set(1)


def die_of_getter(root, switch):
    switch.on = True
    root.D.Got.set(1)


def die_of_text(root, switch):
    root.D.Int.set(1.5)


def die_of_none(root, switch):
    root.D.Int.set(None)


def die_of_alarm_text(root, switch):
    root.D.Alarm.set("high")


def die_of_alarm_none(root, switch):
    root.D.Alarm.set(None)


def die_of_alarm_array(root, switch):
    root.D.Alarm.set(np.zeros(3))


def die_of_unhashable(root, switch):
    root.D.Enum.set([1])


def die_of_bad_string(root, switch):
    root.D.S.set("ab\N{LATIN SMALL LETTER U WITH DIAERESIS}")


KILLERS = [value for name, value in list(globals().items()) if name.startswith("die_of_")]
