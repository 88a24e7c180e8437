"""What is delivered and not shown: PVs that are being opened, and updates that are held back."""

import pytest
from support.engine.fakes import FakeServed

from roguebridge.core.pv.publication import Publication, State
from roguebridge.core.values.alarm import NO_ALARM
from roguebridge.core.values.reading import Reading
from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType

SPEC = PvSpec(NtKind.SCALAR, ScalarType.Int64)
READING = Reading(1, NO_ALARM, 1)


class Holding:
    """Holds an update back."""

    def __init__(self, shown, raises=False):
        self.shown = shown
        self.raises = raises

    def show_held(self):
        if self.raises:
            raise OSError("no")
        self.shown.append(self)


@pytest.fixture
def site(answers):
    return answers()


@pytest.fixture
def outlet(site):
    """An outlet whose first value is being read."""
    outlet = Publication(FakeServed())
    outlet.state = State.READING
    site.unshown.begin_opening(outlet)
    return outlet


def test_held_updates_are_shown_before_the_answer(site, caplog):
    shown = site.given
    before, broken, after = Holding(shown), Holding(shown, raises=True), Holding(shown)
    site.unshown.held.update({before: 1.0, broken: 2.0, after: 2.0})
    site.end(1, since=2.0)
    site.end(2, since=1.0)
    site.root.deliver()
    assert site.settle() == [after, 1]
    assert "held back cannot be shown" in caplog.text
    site.root.deliver()
    assert site.settle() == [after, 1, before, after, 2]


def test_an_update_that_a_pv_shows_when_it_is_open_comes_before_the_answer(site, outlet):
    outlet.show(READING)
    site.end(1)
    site.root.deliver()
    assert site.settle() == []
    outlet.begin_opening()
    assert site.settle() == []
    outlet.opened(SPEC, READING)
    assert site.settle() == []
    site.unshown.end_opening(outlet)
    assert site.settle() == [1]
    site.unshown.end_opening(outlet)


def test_all_that_are_being_opened_are_waited_for(site, outlet):
    other = Publication(FakeServed())
    other.begin_opening()
    site.unshown.begin_opening(other)
    outlet.show(READING)
    site.end(1)
    site.root.deliver()
    site.settle()
    site.unshown.end_opening(outlet)
    assert site.settle() == []
    site.unshown.end_opening(other)
    assert site.settle() == [1]


def test_a_value_that_is_still_to_be_read_is_not_waited_for(site, outlet):
    site.end(1)
    site.root.deliver()
    assert site.settle() == [1]


def test_a_pv_that_does_not_open_holds_up_none_that_come_later(site, outlet):
    outlet.show(READING)
    site.end(1)
    site.root.deliver()
    site.end(2)
    assert site.settle() == []
    outlet.newest = None
    site.clock.advance(1.0)
    assert site.settle() == [1, 2]
    site.end(3)
    site.root.deliver()
    site.settle()
    assert site.settle()[:2] == [1, 2]
    site.unshown.end_opening(outlet)
    site.root.deliver()
    assert site.settle() == [1, 2, 3]
