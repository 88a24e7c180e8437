"""What a tree must do at an update to be known."""

from types import SimpleNamespace

import pytest

from roguebridge.core.tree.patches.lazy_text import _told_by


class Value:
    def __init__(self, var):
        self.value = var.get(read=False, index=-1)
        self.valueDisp = var.genDisp(self.value)
        self.disp = var.disp
        self.enum = var.enum
        self.updated = False
        self.status, self.severity = var._alarmState(self.value)


def deliver(self, kind=Value):
    told = kind(self)
    for listener in self._BaseVariable__functions:
        listener(self.path, told)
    return told


def test_it_is_known_by_what_it_does():
    assert _told_by(deliver) is Value


def more_fields(self):
    told = deliver(self)
    told.time = 1
    return told


def another_order(self):
    told = deliver(self)
    told.value = vars(told).pop("value")
    return told


def asks_more(self):
    self.name  # noqa: B018
    return deliver(self)


def asks_more_of_what_it_has(self):
    self.path  # noqa: B018
    return deliver(self)


def tells_nobody(self):
    return Value(self)


def tells_another(self):
    deliver(self)
    return Value(self)


def tells_in_another_way(self):
    told = Value(self)
    for listener in self._BaseVariable__functions:
        listener(told, self.path)
    return told


def keeps_something(self):
    told = deliver(self)
    self.last = told
    return told


def reads(self):
    self.get(read=True, index=-1)
    return deliver(self)


def judges_something_else(self):
    self._alarmState(None)
    return deliver(self)


class Derived(Value):
    pass


class Slotted:
    __slots__ = ("value",)

    def __init__(self, var):
        self.value = var.get(read=False, index=-1)


class Reading(Value):
    def __init__(self, var):
        super().__init__(SimpleNamespace())


@pytest.mark.parametrize(
    "update",
    [
        more_fields, another_order, asks_more, asks_more_of_what_it_has, tells_nobody,
        tells_another, tells_in_another_way, keeps_something, reads, judges_something_else,
        lambda self: deliver(self, Derived),
        lambda self: deliver(self, Slotted),
        lambda self: deliver(self, Reading),
        lambda self: None,
        lambda: None,
    ],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_it_is_not_known_by_what_it_does_otherwise(update):
    assert _told_by(update) is None
