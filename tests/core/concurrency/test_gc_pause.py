import gc

import pytest

from roguebridge.core.concurrency.gc_pause import collecting_later


@pytest.fixture(autouse=True)
def as_before():
    was = gc.isenabled()
    yield
    (gc.enable if was else gc.disable)()


def test_the_collector_is_off_meanwhile_and_on_again():
    gc.enable()
    with collecting_later():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_on_again_after_an_error():
    gc.enable()
    with pytest.raises(ZeroDivisionError), collecting_later():
        1 / 0  # noqa: B018
    assert gc.isenabled()


def test_one_that_was_off_stays_off():
    gc.disable()
    with collecting_later():
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_it_comes_on_again_with_the_last_of_several_who_keep_it_off():
    gc.enable()
    first, second = collecting_later(), collecting_later()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()
